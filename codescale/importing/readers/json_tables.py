"""JSON Lines, or one JSON list of objects; nested objects become columns with dots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.importing.readers.csv_tables import read_bytes
from codescale.importing.readers.source_table import SourceTable


def read_json_rows(path: Path, content: Any) -> SourceTable:
    """The rows of :func:`parse_json`'s ``content``, which pandas may have written by column. Raises :class:`UserError`
    for one that is no object.
    """
    rows = content if isinstance(content, list) else _of_columns(content) or [content]
    flat = []
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise UserError(f"{path}, row {number + 1}", "is no object", "give one object a line, such as {...}")
        flat.append(flattened(row, f"{path}, row {number + 1}"))
    return table_of(path, flat)


def _of_columns(content: Any) -> list[dict[str, Any]]:
    """The rows of ``{column: {"0": …, "1": …}}``, as pandas' ``to_json`` writes them; none where it is not that."""
    columns = list(content.values()) if isinstance(content, dict) else []
    if not columns or not all(isinstance(cells, dict) for cells in columns):
        return []
    index = list(columns[0])
    if not all(one.isdecimal() for one in index) or any(list(cells) != index for cells in columns):
        return []
    return [{name: cells[one] for name, cells in content.items()} for one in index]


def table_of(path: Path, rows: list[dict[str, Any]], **options: Any) -> SourceTable:
    """``rows`` as a table: None where a row lacks a column."""
    names = dict.fromkeys(name for row in rows for name in row)
    return SourceTable(path, {name: [row.get(name) for row in rows] for name in names}, len(rows), **options)


def parse_json(path: Path) -> Any:
    """What ``path`` holds: a list of JSON Lines' values, or the one value that the whole file is.

    NaN and Infinity are read as Python's and W&B's writers write them. Raises :class:`UserError` that names the line.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(path, f"is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    try:
        return _loads(text, str(path))
    except json.JSONDecodeError as whole:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if text.lstrip().startswith("[") or not _is_json(lines[0][1]):
            raise _not_json(path, whole.lineno, whole.msg) from None
    values = []
    for number, line in lines:
        try:
            values.append(_loads(line, f"{path}, line {number}"))
        except json.JSONDecodeError as error:
            raise _not_json(path, number, error.msg) from None
    return values


def flattened(row: Mapping[str, Any], where: str, before: str = "") -> dict[str, Any]:
    """``row`` with nested objects as columns with dots. Raises :class:`UserError` where two become one."""
    found: dict[str, Any] = {}
    for name, value in _leaves(row, before, where):
        if name in found:
            raise UserError(where, f"column {name} occurs twice", "rename or remove one of them")
        found[name] = value
    return found


def _leaves(row: Mapping[str, Any], before: str, where: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > 50:
        raise UserError(where, "is nested too deeply", "give plain objects")
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name}.", where, depth + 1)
        else:
            yield before + name, value


def _loads(text: str, where: str) -> Any:
    def whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(where, f"{twice} occurs twice in one object", "rename or remove one of them")
        return found

    try:
        return json.loads(text, object_pairs_hook=whole)
    except RecursionError:
        raise UserError(where, "is nested too deeply", "repair it or make the file again") from None
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise UserError(where, f"is not JSON ({error})", "repair it or make the file again") from None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _not_json(path: Path, line: int, problem: str) -> UserError:
    return UserError(f"{path}, line {line}", f"is not JSON ({problem})", "give one object a line, or one list of them")
