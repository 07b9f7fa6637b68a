"""The columns that a table has, held against those that the study's file names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from codescale.errors import UserError

Cells = Mapping[str, Any]
"""A row: what is in the columns that are wanted, None where nothing is."""

Rows = Iterator[tuple[int, Cells]]
"""The rows of a file with their numbers, from 1 on; of JSON Lines the numbers of the lines."""

LIMIT = 64_000_000
"""Bytes of a row, or of a cell: what is longer is no source code, and is not loaded only to be dropped."""

Seen = Callable[[Iterable[str]], None]
"""Is told of the columns that a file has, all of them, once they are known to hold those that are wanted."""

_LOOKED_AT = 100
"""Rows of a file without a header in which every column has to occur once: JSON may leave out what is null."""

_MOST_NAMED = 20
"""Columns that an error lists."""

_MOST_SHOWN = 60
"""Characters of each: a file may be no table at all."""


class MissingColumn(UserError):
    """A table has no column of a name that is wanted; ``column`` is that name."""

    def __init__(self, where: str | Path, present: Sequence[str], column: str) -> None:
        named = ", ".join(name[:_MOST_SHOWN] for name in present[:_MOST_NAMED])
        named += ", …" if len(present) > _MOST_NAMED else ""
        mend = f"name one of its columns ({named}) in corpus.sources" if present else "correct corpus.sources"
        super().__init__(where, f"has no column {column!r}", mend)
        self.column = column


def check_columns(where: str | Path, present: Sequence[str], wanted: Iterable[str], seen: Seen) -> None:
    """Tells ``seen`` of a header. Raises :class:`UserError` where it lacks a column that is wanted, or has it twice."""
    for column in wanted:
        if column not in present:
            raise MissingColumn(where, present, column)
        if present.count(column) > 1:
            raise UserError(where, f"has {present.count(column)} columns called {column!r}", "rename all but one")
    seen(present)


def without_header(path: Path, rows: Iterator[tuple[int, dict[str, Any]]], wanted: Sequence[str], seen: Seen) -> Rows:
    """``rows`` of which each names its own columns, cut down to those that are ``wanted``.

    Raises :class:`MissingColumn` for a column that none of the first rows has, before any of them is handed on.
    """
    unseen, first, present = dict.fromkeys(wanted), [], dict[str, None]()
    for number, row in rows:
        present |= dict.fromkeys(row)
        first.append((number, row))
        unseen = {column: None for column in unseen if column not in row}
        if not unseen or len(first) == _LOOKED_AT:
            break
    if first and unseen:
        raise MissingColumn(path, list(present), next(iter(unseen)))
    seen(present)
    for number, row in chain(first, rows):
        yield number, {column: row.get(column) for column in wanted}
