"""Parquet or JSON Lines files with a text column, such as the tables that public code corpora come in."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.errors import UserError
from codescale.progress import Progress
from codescale.study.corpus import TableSource

_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def _program(value: Any, where: str) -> str | None:
    """The program that ``value`` names: 3 and 3.0 are the same one, since a column of whole numbers of which some are
    missing is one of floats; what is empty names none.

    Raises :class:`UserError`, with ``where``, for what is no name.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="surrogateescape")
    empty = not value.strip() if isinstance(value, str) else isinstance(value, float | Decimal) and math.isnan(value)
    if value is None or empty:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        problem = f"is no program's name or number but {type(value).__name__}"
        raise UserError(where, problem, "name another program_column in corpus.sources")
    if isinstance(value, float | Decimal) and value == value // 1:
        value = int(value)
    return _readable(str(value), where)


def _readable(name: str, where: str) -> str:
    """``name``. Raises :class:`UserError` where it holds half a character, as JSON may, which no file could."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(where, f"is no UTF-8 text: {name[:40]!r}", "rename what is called so") from None
    return name


class TableReader:
    """One file, or a folder of such files, read in batches."""

    def __init__(self, section: TableSource, reading: Reading) -> None:
        self._section = section
        self._reading = reading
        self._path = reading.base / Path(section.path).expanduser()
        names = {name.casefold(): name for name in reading.registry}
        self._names = {entry.label.casefold(): name for name, entry in reading.registry.items()} | names
        if not self._path.exists():
            raise UserError(self._path, "no such file", "correct corpus.sources; paths start at the study folder")
        if section.language is not None and section.language not in reading.registry:
            known = ", ".join(reading.registry)
            raise UserError(f"{self._path}, language", f"{section.language!r} is not in the registry", f"use {known}")

    def origins(self) -> list[CorpusSource]:
        """The file or folder."""
        return [CorpusSource(name=str(self._path), version=None, sha256=None, licence=None)]

    @property
    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        found = sorted(path for path in self._path.rglob("*") if path.name.endswith(_PARQUET + _LINES))
        if not found:
            hint = f"name a file, or a folder with files that end in {' '.join(_PARQUET + _LINES)}"
            raise UserError(self._path, "holds no table", hint)
        return found

    @property
    def _columns(self) -> list[str]:
        section = self._section
        chosen = (section.text_column, section.language_column, section.repository_column, section.program_column)
        return [column for column in chosen if column is not None]

    def _missing(self, where: str | Path, present: list[str], column: str) -> UserError:
        hint = f"name one of its columns ({', '.join(present)}) in corpus.sources"
        return UserError(where, f"has no column {column!r}", hint)

    def _parquet_rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with pq.ParquetFile(path) as file:
                for column in self._columns:
                    if column not in file.schema_arrow.names:
                        raise self._missing(path, file.schema_arrow.names, column)
                number = 0
                for batch in file.iter_batches(batch_size=1_000, columns=self._columns):
                    for row in batch.to_pylist():
                        number += 1
                        yield number, row
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(path, f"is not a readable Parquet file ({error})", "make the file again") from None

    def _json_rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        opening = gzip.open if path.name.endswith(".gz") else open
        try:
            with cast(IO[bytes], opening(path, "rb")) as file:
                for number, line in enumerate(file, start=1):
                    if not line.strip():
                        continue
                    try:
                        row = json.loads(line)
                    except ValueError as error:
                        raise UserError(f"{path}, line {number}", f"is not JSON ({error})", "repair it") from None
                    if not isinstance(row, dict):
                        raise UserError(f"{path}, line {number}", "is not a JSON object", "give one object a line")
                    for column in self._columns:
                        if column not in row:
                            raise self._missing(f"{path}, line {number}", list(row), column)
                    yield number, row
        except (OSError, EOFError) as error:
            raise UserError(path, f"cannot be read ({error})", "make the file again") from None

    def _rows(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        if path.name.endswith(_PARQUET):
            return self._parquet_rows(path)
        if path.name.endswith(_LINES):
            return self._json_rows(path)
        hint = f"give it one of the endings {' '.join(_PARQUET + _LINES)}"
        raise UserError(path, "is neither Parquet nor JSON Lines by its ending", hint)

    def _record(self, path: Path, number: int, row: dict[str, Any]) -> Record | None:
        section = self._section
        language = section.language
        if section.language_column is not None:
            language = self._names.get(str(row[section.language_column]).casefold())
        text = row[section.text_column]
        if language is None or language not in self._reading.endings.values() or text is None:
            return None
        if not isinstance(text, str | bytes):
            where = f"{path}, row {number}, {section.text_column}"
            raise UserError(where, f"is not text but {type(text).__name__}", "name a text column in corpus.sources")
        content = text if isinstance(text, bytes) else text.encode("utf-8", errors="surrogatepass")
        repository = path.stem
        if section.repository_column is not None and row[section.repository_column]:
            repository = _readable(
                str(row[section.repository_column]), f"{path}, row {number}, {section.repository_column}"
            )
        program = None
        if section.program_column is not None:
            program = _program(row[section.program_column], f"{path}, row {number}, {section.program_column}")
        return Record(language, repository, f"{path.stem}/{number:09d}", content, program=program)

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every row in a language of the study. Raises :class:`UserError`, naming the file and the row or column."""
        with progress.bar(f"Reading {self._path}", None) as advance:
            for path in self._files:
                for number, row in self._rows(path):
                    record = self._record(path, number, row)
                    if record is not None:
                        yield record
                    advance(1)
