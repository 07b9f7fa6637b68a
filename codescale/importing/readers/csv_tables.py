"""CSV files, whatever separates their columns and however long their rows are, with what is wrong in them named."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from codescale.errors import UserError
from codescale.importing.readers.source_table import SourceTable

_SEPARATORS = ";\t,"
_EXCEL = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*sep=([;\t,])[\r\n]+", re.IGNORECASE)
"""The line in which a file tells Excel what separates its columns."""
_DECIMALS = {mark: rf"^\s*[+-]?(\d*\{mark}(\d{{1,2}}|\d{{4,}})([eE][+-]?\d+)?|0\{mark}\d+)\s*$" for mark in (",", ".")}
"""By decimal mark: a number that has it, and in which it cannot stand between thousands."""
PACKINGS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
"""By ending: how a file is compressed."""
_LARGEST = (1 << 31) - 1
"""Bytes that Arrow reads at once."""


def read_csv(path: Path) -> SourceTable:
    """The CSV file ``path``, separated by commas, semicolons or tabs, as its header says.

    All cells stay text, so that a run called 007 keeps its name. Where semicolons or tabs separate, a comma in a
    number is a decimal comma. A first line such as ``sep=;``, as Excel reads it, is passed over. Raises
    :class:`UserError` where it is no such file; a row with too few or too many cells is named.
    """
    content = read_bytes(path)
    if told := _EXCEL.match(content):
        content = content[told.end() :]
    separator, names = _header(path, content)
    table = _read(path, content, separator, names)
    cells = {name: table.column(k) for k, name in enumerate(names)}
    decimal_comma = separator != ","
    thousands = _thousands(table) if decimal_comma else ""
    return SourceTable(path, cells, table.num_rows, decimal_comma=decimal_comma, thousands=thousands)


def _thousands(table: pa.Table) -> str:
    """The mark that is not the table's decimal mark, as far as its numbers tell which one that is."""
    decimal = next(
        (
            mark
            for mark, number in _DECIMALS.items()
            if any(pc.any(pc.match_substring_regex(column, number)).as_py() for column in table.columns)
        ),
        "",
    )
    return {",": ".", ".": ","}.get(decimal, "")


def read_bytes(path: Path) -> bytes:
    """What ``path`` holds, decompressed where its ending says so (.gz, .bz2, .zst). Raises :class:`UserError`."""
    try:
        content = path.read_bytes()
        packing = PACKINGS.get(path.suffix.lower())
        if packing:
            with pa.input_stream(pa.BufferReader(content), compression=packing) as stream:
                content = stream.read()
    except (OSError, pa.ArrowException) as error:
        detail = " ".join(str(error).split())[:160]
        raise UserError(path, f"cannot be read ({detail})", "check the file and its permissions") from None
    if not content.strip():
        raise UserError(path, "is empty", "give a file with a header and a row for each evaluation")
    return content


def _header(path: Path, content: bytes) -> tuple[str, list[str]]:
    """What separates the columns, and their names."""
    try:
        text = content.lstrip(b"\r\n").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"cannot be read as CSV (byte {error.start} is not UTF-8)"
        raise UserError(path, problem, "save it as UTF-8") from None
    if "\0" in text:
        raise UserError(path, "cannot be read as CSV (it holds zero bytes)", "give a CSV file with a header")
    first = _first_record(text)
    separator = _separator(first, _first_record(text[len(first) :].lstrip("\r\n")))
    names = [name.strip() for name in _split(first, separator)]
    for k, name in enumerate(names):
        if name and name in names[:k]:
            raise UserError(path, f"column {name} occurs twice", "rename or remove one of them")
    return separator, [name or f"(column {k + 1})" for k, name in enumerate(names)]


def _separator(header: str, row: str) -> str:
    """What separates the most cells of the header, and as many of the first row if anything does.

    Of two that do it is the one that leaves no name empty, else not the comma, which also stands in numbers.
    """

    def rank(mark: str) -> tuple[bool, bool, int, int]:
        names = _split(header, mark)
        agrees = 1 < len(names) == len(_split(row, mark))
        return agrees, agrees and all(name.strip() for name in names), len(names), -_SEPARATORS.index(mark)

    return max(_SEPARATORS, key=rank)


def _first_record(text: str) -> str:
    """Up to the first new line outside quotes."""
    end = -1
    while True:
        found = [place for mark in "\r\n" if (place := text.find(mark, end + 1)) >= 0]
        if not found:
            return text
        end = min(found)
        if text.count('"', 0, end) % 2 == 0:
            return text[:end]


def _split(record: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([record.replace("\r", " ").replace("\n", " ")], delimiter=separator), [])
    except csv.Error:  # a name of more than 128 KiB
        return record.split(separator)


def _read(path: Path, content: bytes, separator: str, names: list[str]) -> pa.Table:
    wrong: list[tuple[int, int]] = []

    def of_another_length(row: Any) -> str:
        wrong.append((row.number, row.actual_columns))
        return "error"

    try:
        table = pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(
                use_threads=False, block_size=min(len(content) + 1, _LARGEST), column_names=names, skip_rows=0
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=of_another_length
            ),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        if wrong:
            number, cells = wrong[0]
            problem = f"has {cells} cells, where the header has {len(names)}"
            hint = "give every row a cell for each column; beside decimal commas, separate columns by semicolons"
            raise UserError(f"{path}, row {number - 1}", problem, hint) from None
        detail = " ".join(str(error).split())[:160]
        raise UserError(path, f"cannot be read as CSV ({detail})", "give a CSV file with a header") from None
    return table.slice(1)
