"""A progress that keeps the lines that are said."""

from __future__ import annotations

from codescale.progress import Silent


class Lines(Silent):
    """``said``: the lines so far."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        """Keeps it."""
        self.said.append(message)
