"""How work on many batches is spread over processes or machines: its results come in the order of the batches.

Small corpora need no more than the process that is there; where there is more to do, the rest is spread. What comes
out is the same, since each result depends on its batch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_HERE = 12_000_000
"""Bytes of text that are done in this process before others are started for the rest."""


class Spread(Protocol):
    """Does ``work`` with every item, somewhere, and yields the results in the order of the items.

    It takes items as it has room for them, so that memory is bounded. ``work`` keeps between items what it likes.
    """

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """The results."""
        ...


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], size: Callable[[Item], int], spread: Spread
) -> Iterator[Result]:
    """What ``work`` makes of each item, in their order: the first ones are done here, all others by ``spread``.

    ``size`` tells the bytes of text in an item.
    """
    remaining = iter(items)
    left = _HERE
    for item in remaining:
        if left <= 0:
            yield from spread(work, _with_first(item, remaining))
            return
        left -= size(item)
        yield work(item)


def _with_first(item: Item, others: Iterator[Item]) -> Iterator[Item]:
    yield item
    yield from others
