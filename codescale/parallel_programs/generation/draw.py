"""Random choices that depend on a seed alone, the same with every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draw:
    """Choices one after another. Only ``random.random`` is promised to give the same numbers for ever, so all of them
    are made of it.
    """

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def below(self, stop: int) -> int:
        """A number from 0 to before ``stop``."""
        return int(self._random.random() * stop)

    def between(self, first: int, last: int) -> int:
        """A number from ``first`` to ``last``, both possible."""
        return first + self.below(last - first + 1)

    def chance(self, share: float) -> bool:
        """True in this ``share`` of all draws."""
        return self._random.random() < share

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of ``items``."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All ``items`` in another order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """``count`` different ones of ``items``."""
        return self.shuffled(items)[:count]
