"""A folder of the user's own repositories: each direct sub-folder is one repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
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
        self._translated = section.translations is not None
        if not self._folder.is_dir():
            problem = "is not a folder" if self._folder.exists() else "no such folder"
            raise UserError(self._folder, problem, "correct corpus.sources; paths start at the study folder")

    def origins(self) -> list[CorpusSource]:
        """The folder."""
        return [CorpusSource(name=str(self._folder), version=None, sha256=None, licence=None)]

    def _paths(self) -> Iterator[Path]:
        def refuse(error: OSError) -> None:
            raise UserError(error.filename, f"cannot be read ({error.strerror})", "check its permissions")

        for folder, inner, names in os.walk(self._folder, onerror=refuse):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if self._reading.language(name) and path.is_file() and not path.is_symlink():
                    yield path

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every file of the study's languages. Raises :class:`UserError` for a folder that has none."""
        count = 0
        with progress.bar(f"Reading {self._folder}", None) as advance:
            for path in self._paths():
                if path.stat().st_size > _LIMIT:
                    continue
                relative = path.relative_to(self._folder)
                repository = relative.parts[0] if len(relative.parts) > 1 else self._folder.name
                inner = "/".join(relative.parts[1:]) if len(relative.parts) > 1 else relative.name
                language = self._reading.language(path.name)
                assert language is not None
                try:
                    content = path.read_bytes()
                except OSError as error:
                    problem = f"cannot be read ({error.strerror})"
                    raise UserError(path, problem, "check its permissions, or move it out of the folder") from None
                program = f"{repository}/{inner.removesuffix(path.suffix)}" if self._translated else None
                yield Record(language, repository, inner, content, program=program)
                count += 1
                advance(1)
        if not count:
            endings = " ".join(sorted(self._reading.endings))
            hint = "put repositories into it, or correct corpus.sources"
            raise UserError(self._folder, f"holds no file of the study's languages ({endings})", hint)
