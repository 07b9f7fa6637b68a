"""Rows of CSV as RFC 4180 has it: quoted cells hold line ends, commas and, doubled, quotation marks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO

from codescale.corpus.sources.compression import opened
from codescale.corpus.sources.tables.columns import LIMIT, Rows, Seen, check_columns
from codescale.corpus.sources.tables.encoding import decoded, without_mark
from codescale.errors import UserError

_SEPARATORS = ",;\t|"
_FOR_EXCEL = re.compile(r"sep=[,;\t|]\s*", re.IGNORECASE)
"""The line before the header in which a file tells Excel what separates its columns."""
_RETURN = "\ud800"
"""Stands for a carriage return within a cell, which the csv module refuses without quotes, as Python 3.11 writes it.
It is half a character, and cannot come from a file."""

_HINT = "quote cells that hold separators, line ends or quotation marks, and double these, or write Parquet"


def csv_rows(path: Path, columns: Sequence[str], seen: Seen) -> Rows:
    """The rows of a file with a header, separated by whichever of ``, ; tab |`` finds the ``columns`` in it.

    Raises :class:`UserError` for a column that is missing or there twice, a row with more or fewer cells than the
    header, and quotation marks that do not match.
    """
    with opened(path) as file:
        lines = _Lines(path, file)
        first = next((line for line in lines if line.strip("\r\n") and not _FOR_EXCEL.fullmatch(line)), None)
        if first is None:
            return
        reader = csv.reader(chain([first], lines), delimiter=_separator(first, columns), strict=True)
        header = [cell.replace(_RETURN, "\r") for cell in _next(reader, lines) or []]
        check_columns(path, header, columns, seen)
        places = {column: header.index(column) for column in columns}
        number = 0
        while (row := _next(reader, lines)) is not None:
            if not row:
                continue
            number += 1
            if len(row) != len(header):
                problem = f"has {len(row)} cells where the header has {len(header)}"
                raise UserError(f"{path}, line {lines.number}", problem, _HINT)
            yield number, {column: row[place].replace(_RETURN, "\r") for column, place in places.items()}


def _separator(header: str, columns: Sequence[str]) -> str:
    """The one that finds most of the columns in ``header``, a comma before others."""

    def count(separator: str) -> int:
        cells = next(csv.reader([header], delimiter=separator), [])
        return sum(column in cells for column in columns)

    return max(_SEPARATORS, key=count)


class _Lines:
    """The lines of a file as text, which all end as the first one does; of one row no more than :data:`LIMIT` bytes."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self._row = 0
        self._end = "\n"
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LIMIT)
        if not line:
            raise StopIteration
        self.number += 1
        self._row += len(line)
        if self._row >= LIMIT:
            problem = f"belongs to a row of more than {LIMIT:,} bytes: a quotation mark before it may be left open"
            raise UserError(f"{self._path}, line {self.number}", problem, _HINT)
        text = decoded(without_mark(self._path, line) if self.number == 1 else line)
        if self.number == 1 and text.endswith("\r\n"):
            self._end = "\r\n"
        inner = text.removesuffix(self._end)
        return inner.replace("\r", _RETURN) + text[len(inner) :]

    def next_row(self) -> None:
        """What comes now belongs to another row."""
        self._row = 0

    def refusal(self, error: csv.Error) -> UserError:
        """Of what the csv module refuses."""
        return UserError(f"{self._path}, line {self.number}", f"is not CSV ({error})", _HINT)


def _next(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    """The next row, None at the end."""
    lines.next_row()
    # The module's limit is 131,072 characters a cell, fewer than a source file has, and can be raised for all only.
    before = csv.field_size_limit(LIMIT)
    try:
        return next(reader, None)
    except csv.Error as error:
        raise lines.refusal(error) from None
    finally:
        csv.field_size_limit(before)
