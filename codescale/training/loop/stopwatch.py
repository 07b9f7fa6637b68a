"""Seconds of work, counted across pauses and kills."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Counts the seconds spent within :meth:`running`; ``seconds`` may be read, for a checkpoint, while it runs."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self._before + (0.0 if self._since is None else time.monotonic() - self._since)

    def begin_at(self, seconds: float) -> None:
        """Goes on from what an earlier attempt had counted."""
        self._before = seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts what happens within."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._before, self._since = self.seconds, None
