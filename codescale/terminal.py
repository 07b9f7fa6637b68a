"""Progress in a terminal: a bar a stage with the time left, and lines of results above it (Rich).

Where the output is not a terminal, bars are left out and lines are printed as they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as TimeLeft

from codescale.progress import Advance


class TerminalProgress:
    """Shows a stage's progress on ``console``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeLeft(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._open = 0

    @contextmanager
    def bar(self, description: str, total: float | None) -> Iterator[Advance]:
        """A bar of ``total`` units; bars may be nested, the outer ones stay above."""
        if self._open == 0:
            self._bars.start()
        self._open += 1
        task = self._bars.add_task(escape(description), total=total)
        try:
            yield lambda amount: self._bars.advance(task, amount)
        finally:
            self._bars.remove_task(task)
            self._open -= 1
            if self._open == 0:
                self._bars.stop()

    def say(self, message: str) -> None:
        """Prints one line above the bars."""
        self._console.print(escape(message), highlight=False, soft_wrap=True)
