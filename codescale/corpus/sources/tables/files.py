"""Which files are tables, by their endings, and their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codescale.corpus.left_out import LeftOut, listed
from codescale.corpus.sources.compression import BROKEN, COMPRESSIONS, ending
from codescale.corpus.sources.tables.columns import Rows, Seen
from codescale.corpus.sources.tables.csv_rows import csv_rows
from codescale.corpus.sources.tables.json_rows import json_line_rows, json_rows
from codescale.corpus.sources.tables.parquet_rows import parquet_rows
from codescale.corpus.sources.walk import files_below
from codescale.errors import UserError

_PARQUET = (".parquet", ".pq")
_LINES = (".jsonl", ".ndjson")
_BESIDE = (".json", ".csv", ".tsv")
"""Endings of tables, and of much that lies beside tables: dataset_info.json, a list of labels."""

_TABLES = _PARQUET + _LINES + _BESIDE
_ENDINGS = f"{' '.join(_TABLES)}, or of these but Parquet with {' '.join(COMPRESSIONS)} behind"


@dataclass(frozen=True)
class TableFile:
    """A table: its file here, what it is called in counts, in messages, and whether the source names it ``alone``."""

    path: Path
    name: str
    shown: str
    alone: bool


def _kind(path: Path) -> str:
    """The ending of a table without that of its compression. Parquet is packed inside."""
    whole, last = ending(path.name), path.suffix.lower()
    unpacked = whole.removesuffix(last) if last in COMPRESSIONS else whole
    return whole if unpacked in _PARQUET else unpacked


def is_table(name: str) -> bool:
    """Whether a file is a table by the ending of its name."""
    return _kind(Path(name)) in _TABLES


def may_lie_beside(path: Path) -> bool:
    """Whether a file with this ending is often no table of code, where it lies in a folder with such tables."""
    return _kind(path) in _BESIDE


def table_files(path: Path, left_out: LeftOut) -> list[Path]:
    """The tables of a source: one file, or all in a folder, sorted; other files are counted.

    Raises :class:`UserError` where there are none.
    """
    if not path.is_dir():
        if _kind(path) not in _TABLES:
            hint = f"give it one of the endings {_ENDINGS}"
            raise UserError(path, "is neither Parquet nor JSON Lines nor CSV by its ending", hint)
        return [path]
    found = []
    for file in files_below(path, left_out):
        if file.name.startswith("."):
            left_out.add("hidden", file.name)
        elif _kind(file) in _TABLES:
            found.append(file)
        else:
            left_out.add("other_ending", ending(file.name))
    if not found:
        seen = left_out.names("other_ending") | left_out.names("unreadable")
        problem = f"holds no table, but {listed(seen)}" if seen else "holds no table"
        hint = f"name a file, or a folder with files that end in {_ENDINGS}; a folder of code is of kind: folder"
        raise UserError(path, problem, hint)
    return sorted(found)


def table_rows(path: Path, columns: Sequence[str], seen: Seen, too_large: Callable[[], None]) -> Rows:
    """The rows of one file. ``seen`` is told of all its columns, ``too_large`` of each row that is not read for its
    length.

    Raises :class:`UserError`, with file and row or column, for one that is broken or lacks a column.
    """
    kind = _kind(path)
    try:
        if kind in _PARQUET:
            yield from parquet_rows(path, columns, seen)
        elif kind in _LINES:
            yield from json_line_rows(path, columns, seen, too_large)
        elif kind == ".json":
            yield from json_rows(path, columns, seen)
        else:
            yield from csv_rows(path, columns, seen)
    except (*BROKEN, UnicodeDecodeError) as error:
        problem = "is not a readable Parquet file" if kind in _PARQUET else "cannot be read"
        said = getattr(error, "strerror", None) or error
        hint = "check its permissions" if isinstance(error, PermissionError) else "make the file again"
        raise UserError(path, f"{problem} ({said})", hint) from None
