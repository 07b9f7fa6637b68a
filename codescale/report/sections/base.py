"""What a section of the page is made of: cells, tables, pictures, or the command that would make what it lacks.

Each of the other files turns a :class:`Subject` into sections; the template only sets them. Texts stay plain here and
are escaped there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codescale.report.artifacts import Artifacts
from codescale.report.figures.base import Picture
from codescale.report.figures.law import HeldOutError, Pairing
from codescale.report.figures.palette import LanguageStyle
from codescale.study.config import StudyConfig


@dataclass(frozen=True)
class Cell:
    """A table's cell: its text, a second line in small print, the colour of its language and how it is set off.

    ``tone`` is one of the page's classes: ``seen``, ``not-seen``, ``untold``, ``quiet`` or empty.
    """

    text: str
    small: str = ""
    colour: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: its caption, the titles of its columns (those in ``numeric`` are aligned to the right) and its rows.

    ``folded`` tables are closed until a reader opens them.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True)
class PageSection:
    """A section of the page.

    ``missing`` is the command that makes what it lacks, empty where nothing is lacking; ``formula`` is set as code.
    """

    name: str
    title: str
    lead: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    formula: str = ""


@dataclass(frozen=True)
class Subject:
    """What every section is made from."""

    config: StudyConfig
    artifacts: Artifacts
    labels: Mapping[str, str]
    styles: Mapping[str, LanguageStyle]
    languages: Sequence[str]
    pairings: Sequence[Pairing] | None
    errors: Sequence[HeldOutError]

    def language(self, name: str) -> Cell:
        """The cell that names a language, with its colour."""
        return Cell(self.labels.get(name, name), colour=self.styles[name].colour if name in self.styles else "")
