"""The document in a row of a table, or the reason why there is none for the study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from codescale.corpus.left_out import LeftOut
from codescale.corpus.record import UNSTATED, Reading, Record
from codescale.corpus.sources.compression import ending
from codescale.corpus.sources.tables.cells import content_of, licence_of, mark_of, name_of, path_of, program_of
from codescale.corpus.sources.tables.columns import Cells
from codescale.errors import UserError
from codescale.study.corpus import TableSource
from codescale.study.languages import LanguageNames

_NO_LABEL = "(no label)"

Value = TypeVar("Value")


@dataclass(frozen=True)
class _Row:
    """A row of a file, whose cells are read with words of where they stand."""

    path: Path
    number: int
    cells: Cells

    def read(self, cell: Callable[[Any, str], Value | None], column: str | None) -> Value | None:
        """What the function ``cell`` makes of a cell; None where there is no such column."""
        if column is None:
            return None
        return cell(self.cells[column], f"{self.path}, row {self.number}, {column}")


class RowDocuments:
    """Takes documents out of rows as the study's file says, and counts in ``left_out`` what it does not take."""

    def __init__(self, section: TableSource, reading: Reading, where: str, left_out: LeftOut) -> None:
        self._section, self._reading, self._left_out = section, reading, left_out
        self._wanted = frozenset(reading.endings.values())
        known = LanguageNames(reading.registry)

        def language(key: str, name: str) -> str:
            found = known.find(name)
            if found is None:
                hint = f"use one of {', '.join(reading.registry)}"
                raise UserError(f"{where}, {key}", f"{name!r} is not in the registry", hint)
            return found

        self._language = None if section.language is None else language("language", section.language)
        labels = section.language_labels or {}
        self._names = LanguageNames(
            reading.registry, {label: language(f"language_labels.{label}", name) for label, name in labels.items()}
        )

    @property
    def columns(self) -> list[str]:
        """The columns that are wanted, the text first."""
        section = self._section
        chosen = (
            section.text_column,
            section.language_column,
            section.repository_column,
            section.path_column,
            section.license_column,
            section.generated_column,
            section.vendored_column,
            section.program_column,
            section.encoding_column,
        )
        return list(dict.fromkeys(column for column in chosen if column is not None))

    def document(self, path: Path, number: int, cells: Cells) -> Record | None:
        """The document in row ``number`` of the file ``path``. Raises :class:`UserError`, with the cell, for what a
        column should not hold.
        """
        row = _Row(path, number, cells)
        section = self._section
        real_path = row.read(path_of, section.path_column)
        language = self._language_of(row, real_path)
        if language is None:
            return None
        content = row.read(content_of, section.text_column)
        reason = "null_text" if content is None else self._mark(row)
        if content is None or reason is not None:
            self._left_out.drop(language, str(reason))
            return None
        return Record(
            language,
            row.read(name_of, section.repository_column) or path.stem,
            real_path or f"{path.stem}/{number:09d}",
            content,
            row.read(licence_of, section.license_column) or UNSTATED,
            program=row.read(program_of, section.program_column),
            is_real_path=real_path is not None,
        )

    def encoding(self, path: Path, number: int, cells: Cells) -> str | None:
        """The encoding of the text that a row names."""
        return _Row(path, number, cells).read(name_of, self._section.encoding_column)

    def _language_of(self, row: _Row, real_path: str | None) -> str | None:
        """The language of a row; None, and counted, where the study has none for it."""
        column = self._section.language_column
        if self._language is not None:
            found: str | None = self._language
        elif column is not None:
            label = row.read(name_of, column)
            found = None if label is None else self._names.find(label)
            if found is None:
                self._left_out.add("unknown_label", label or _NO_LABEL)
        else:
            found = self._reading.language(real_path or "")
            if found is None:
                self._left_out.add("other_ending", ending(real_path) if real_path else "(no path)")
        if found is not None and found not in self._wanted:
            self._left_out.add("other_language", found)
            return None
        return found

    def _mark(self, row: _Row) -> str | None:
        """Which column says that a row's text is not what somebody wrote for this repository."""
        if row.read(mark_of, self._section.vendored_column):
            return "vendored"
        return "generated" if row.read(mark_of, self._section.generated_column) else None
