"""How a stage tells a person how far it is, without knowing whether that is a terminal, a notebook or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[float], None]


class Progress(Protocol):
    """What a stage needs of whoever watches it."""

    def bar(self, description: str, total: float | None) -> AbstractContextManager[Advance]:
        """A context manager that shows a bar of ``total`` units (None: unknown) and yields a function to advance it."""
        ...

    def say(self, message: str) -> None:
        """Shows one line, such as a result that has just come."""
        ...


class Silent:
    """Nobody watches."""

    @contextmanager
    def bar(self, description: str, total: float | None) -> Iterator[Advance]:
        """Yields a function that does nothing."""
        yield lambda amount: None

    def say(self, message: str) -> None:
        """Says nothing."""
