"""A folder of the user's own code: one repository, or one in each direct sub-folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from codescale.corpus.cleaning import unwanted_path
from codescale.corpus.left_out import LeftOut, left_out_phrases
from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.corpus.sources.compression import ending
from codescale.corpus.sources.repository_layout import is_checkout, sign_of_one_repository
from codescale.corpus.sources.walk import files_below, relative
from codescale.errors import UserError
from codescale.progress import Progress
from codescale.study.corpus import FolderSource

_LIMIT = 64_000_000
"""Bytes; a larger file is no source code, and is not loaded only to be dropped."""


class FolderReader:
    """Walks the folder without following links and without hidden folders such as .git."""

    def __init__(self, section: FolderSource, reading: Reading) -> None:
        self._folder = reading.base / Path(section.path).expanduser()
        self._reading = reading
        self._section = section
        self.left_out = LeftOut()
        if not self._folder.is_dir():
            problem = "is not a folder" if self._folder.exists() else "no such folder"
            raise UserError(self._folder, problem, "correct corpus.sources; paths start at the study folder")

    def origins(self) -> list[CorpusSource]:
        """The folder."""
        return [CorpusSource(name=str(self._folder), version=None, sha256=None, licence=None)]

    @cached_property
    def _sign(self) -> str | None:
        """What says that the folder is one repository."""
        if self._section.layout is not None:
            return self._section.layout if self._section.layout == "repository" else None
        try:
            return sign_of_one_repository(self._folder)
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
            raise UserError(self._folder, problem, "check its permissions, or correct corpus.sources") from None

    def _say_layout(self, progress: Progress) -> None:
        if self._sign is not None and self._section.layout is None:
            progress.say(
                f"{self._folder} is read as one repository, since it holds {self._sign}. Where each of its sub-folders "
                "is one of its own, say layout: repositories in corpus.sources."
            )

    def _paths(self) -> Iterator[Path]:
        """Every file that has a language of the study, and is no link; the others are counted."""
        for path in files_below(self._folder, self.left_out):
            if path.is_symlink():
                self.left_out.add("link", relative(path, self._folder))
            elif self._reading.language(path.name) is None:
                self.left_out.add("other_ending", ending(path.name))
            else:
                yield path

    def _is_repository(self, name: str) -> bool:
        """Whether the direct sub-folder ``name`` is a repository, and not a folder of one."""
        if self._sign is not None:
            return False
        chosen = self._section.layout is not None
        return chosen or unwanted_path(f"{name}/") is None or is_checkout(self._folder / name)

    def _place(self, path: Path) -> tuple[str, str]:
        """The repository of ``path``, and its path in there."""
        inner = relative(path, self._folder)
        first, _, rest = inner.partition("/")
        if rest and self._is_repository(first):
            return first, rest
        return self._folder.name if self._folder.name not in ("", "..") else self._folder.resolve().name, inner

    def _content(self, path: Path, language: str) -> bytes | None:
        """What is in ``path``; None where it is counted as left out."""
        try:
            if path.stat().st_size > _LIMIT:
                self.left_out.drop(language, "too_large")
                return None
            return path.read_bytes()
        except OSError:
            self.left_out.add("unreadable", relative(path, self._folder))
            return None

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every file of the study's languages; the others are counted. Raises :class:`UserError` for a folder that has
        none.
        """
        self._say_layout(progress)
        count = 0
        with progress.bar(f"Reading {self._folder}", None) as advance:
            for path in self._paths():
                count += 1
                advance(1)
                language = self._reading.language(path.name)
                assert language is not None
                content = self._content(path, language)
                if content is None:
                    continue
                repository, inner = self._place(path)
                translated = self._section.translations is not None
                program = f"{repository}/{inner.removesuffix(path.suffix)}" if translated else None
                yield Record(language, repository, inner, content, program=program)
        if not count:
            raise self._refusal()

    def _refusal(self) -> UserError:
        """Of a folder without a file of the study's languages: what it has instead."""
        known = " ".join(sorted(self._reading.endings))
        phrases = left_out_phrases(self.left_out.others())
        seen = f"; it holds {'; '.join(phrases)}" if phrases else ""
        return UserError(
            self._folder,
            f"holds no file of the study's languages ({known}){seen}",
            "put repositories into it, add their language to languages (with a languages_file where it is new), name "
            "tables as kind: table, or correct corpus.sources",
        )
