"""What every source yields, however it got it: one file of one repository, and where a source came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from codescale.corpus.left_out import LeftOut
from codescale.corpus.manifest import CorpusSource
from codescale.progress import Progress
from codescale.study.languages import Registry

UNSTATED = "not stated"
"""The licence of what comes without one."""


@dataclass(frozen=True)
class Record:
    """One source file: ``path`` is relative to its repository, with forward slashes; ``content`` is undecoded;
    ``program`` is what its translations share. A row of a table whose path nobody knows has a ``path`` that only tells
    it from others: ``is_real_path`` is false, and no rule looks at it.
    """

    language: str
    repository: str
    path: str
    content: bytes
    licence: str = UNSTATED
    program: str | None = None
    is_real_path: bool = True


@dataclass(frozen=True)
class Reading:
    """What a source needs to know of the study: the file endings to take, and its folders."""

    endings: Mapping[str, str]
    """Language by file ending, with the dot, lower case."""
    registry: Registry
    base: Path
    """Relative paths in the study's file start here: the study folder."""
    downloads: Path

    def language(self, path: str) -> str | None:
        """The language that the ending of ``path`` belongs to, None where the study has none for it."""
        return self.endings.get(PurePosixPath(path).suffix.lower())


class SourceReader(Protocol):
    """Anything that yields records, and counts in ``left_out`` what it does not yield."""

    left_out: LeftOut

    def origins(self) -> list[CorpusSource]:
        """What the manifest says about this source; asked after ``records`` is exhausted."""
        ...

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every file of the study's languages. Raises :class:`UserError` where the source cannot be read."""
        ...


def endings(registry: Registry, languages: tuple[str, ...]) -> dict[str, str]:
    """Language by file ending, for ``languages`` alone; where two share an ending the first named takes it."""
    return {ending: language for language in reversed(languages) for ending in registry[language].endings}
