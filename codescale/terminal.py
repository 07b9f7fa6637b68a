"""What a person sees in a terminal (Rich): text as it is, a bar a stage with the time left, and results above it.

Where the output is not a terminal, bars are left out and lines are printed as they come.

Text of files in tables: as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import (
    TimeRemainingColumn as TimeLeft,
)
from rich.segment import Segment
from rich.text import Text

from codescale.errors import visible
from codescale.progress import Advance


class PlainConsole(Console):
    """A terminal in which nothing that comes from a file acts: names in brackets are no markup, and escape sequences
    are written out, whoever forgot to.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render_str(self, text: str, **settings: Any) -> Text:
        """``text`` as it is."""
        return super().render_str(_visible_lines(text), **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of ``renderable``, of which only Rich's own colours act."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(_visible_lines(piece.text), piece.style)


def _visible_lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


class TerminalProgress:
    """Shows a stage's progress on ``console``."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
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
        task = self._bars.add_task(description, total=total)
        try:
            yield lambda amount: self._bars.advance(task, amount)
        finally:
            self._bars.remove_task(task)
            self._open -= 1
            if self._open == 0:
                self._bars.stop()

    def say(self, message: str) -> None:
        """Prints one line above the bars."""
        self._console.print(message, highlight=False, soft_wrap=True)


def plain(text: str) -> Text:
    """``text`` without markup, and with escape sequences written out, so that a column is as wide as what is seen."""
    return Text(visible(text))
