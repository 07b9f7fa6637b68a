"""A source's rows, each with the row of its run in a table of the runs: what the one lacks stands in the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.columns import Columns, matching
from codescale.importing.readers.source_table import SourceTable, listed
from codescale.importing.readers.tables import read_table
from codescale.runs.records import PROPORTION

RUN_COLUMNS = ("Name", "run_id", "run", "run_name", "name")
"""Where a table keeps the names of its runs, where nothing says so."""


@dataclass(frozen=True)
class JoinedRows:
    """``source``'s rows; ``run_row`` says which row of ``runs`` is of the same run."""

    source: SourceTable
    runs: SourceTable | None = None
    run_row: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.source)

    @property
    def path(self) -> Path:
        """The source."""
        return self.source.path

    @property
    def names(self) -> list[str]:
        """The columns of both."""
        return list(dict.fromkeys(self.source.names + (self.runs.names if self.runs else [])))

    def numbers(self, column: str) -> Array:
        """(rows,): ``column`` of whichever has it, NaN where empty. Raises :class:`UserError` that names the row."""
        table, rows = self._holder(column)
        return table.numbers(column)[rows]

    def text(self, column: str) -> NDArray[np.object_]:
        """(rows,): ``column`` of whichever has it, as text."""
        table, rows = self._holder(column)
        return np.array([*table.text(column), ""], dtype=object)[:-1][rows]

    def where(self, row: int, column: str) -> str:
        """``column`` of ``row``, in the file that holds it."""
        table, rows = self._holder(column)
        return table.where(int(rows[row]), column)

    def needed(self, column: str, field: str) -> str:
        """``column``. Raises :class:`UserError` that lists what there is where nothing is called so."""
        if column not in self.names:
            raise missing(self.source, field, column)
        return column

    def matching(self, columns: Columns, field: str) -> dict[str, str]:
        """Name to column for a pattern or a mapping of ``columns``; what an evaluation measured stands in the source.

        Raises :class:`UserError` where one that the file itself names is not there.
        """
        wanted: str | dict[str, str] = getattr(columns, field)
        names = self.names if field == "hyper" else self.source.names
        found = matching(wanted, names)
        absent = [column for column in wanted.values() if column not in names] if isinstance(wanted, dict) else []
        if absent or (not found and columns.given(field)):
            raise missing(self.source, field, absent[0] if absent else str(wanted))
        return found

    def take(self, keep: NDArray[np.intp]) -> JoinedRows:
        """The rows ``keep``."""
        run_row = self.run_row[keep] if self.run_row is not None else None
        return JoinedRows(self.source.take(keep.tolist()), self.runs, run_row)

    def _holder(self, column: str) -> tuple[SourceTable, NDArray[np.intp]]:
        if column in self.source.cells or self.runs is None or self.run_row is None:
            return self.source, np.arange(len(self.source))
        return self.runs, self.run_row


def missing(table: SourceTable, field: str, wanted: str) -> UserError:
    """That ``table`` has nothing called ``wanted`` for ``field``, and what it has."""
    problem = f"has no column {wanted} for {field}; it has {listed(table.names)}"
    objects = [name for name in table.names if any(cell.startswith("{") for cell in table.text(name)[:1])]
    hint = "name the right one in columns.yaml"
    if objects:
        hint += f"; {listed(objects)} holds objects as text: write JSON Lines, whose objects become columns with dots"
    return UserError(table.path, problem, hint)


def run_column(table: SourceTable, columns: Columns) -> str:
    """The column that holds the names of the runs. Raises :class:`UserError` that lists what there is."""
    if columns.run_id is not None and columns.run_id in table.cells:
        return columns.run_id
    found = next((name for name in RUN_COLUMNS if name in table.cells), None)
    if found is None or columns.run_id is not None:
        raise missing(table, "run_id", columns.run_id or RUN_COLUMNS[0])
    return found


class RunsFile:
    """``--runs``: what a source does not say of its runs, a row for each (or several, as in a runs table).

    Losses and the like in it are not read. Raises :class:`UserError` as :func:`read_table`, and where rows of one run
    say different things.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self.table, self.notes = read_table(path)
        key = "run_id" if "run_id" in self.table.cells else run_column(self.table, columns)
        names = self.table.text(key)
        self._place: dict[str, int] = {}
        if "parent_run_id" in self.table.cells:
            for row, name in enumerate(self.table.text("parent_run_id")):
                self._place.setdefault(name, row)
        own: dict[str, int] = {}
        for row, name in enumerate(names):
            if not name:
                raise UserError(self.table.where(row, key), "is empty", "give every row the id of its run")
            own.setdefault(name, row)
        self._place |= own
        self._check(names)

    @property
    def known(self) -> frozenset[str]:
        """The names of the runs."""
        return frozenset(self._place)

    def rows_of(self, names: Sequence[str]) -> NDArray[np.intp]:
        """(names,): the row of each run, by its name or the last part of a path. Raises :class:`UserError` for one that
        has none.
        """
        places = [self._place.get(name, self._place.get(name.rsplit("/", 1)[-1])) for name in names]
        for name, place in zip(names, places, strict=True):
            if place is None:
                problem = f"has no row for {name}; it has {listed(self._place)}"
                raise UserError(f"{self.table.path}, run_id", problem, "add its n_params and proportions")
        return np.array(places, dtype=np.intp)

    def _check(self, names: Sequence[str]) -> None:
        for column in self.table.names:
            if column in ("n_params", "seed") or column.startswith(PROPORTION):
                values = self.table.text(column)
                for row, name in enumerate(names):
                    first = self._place[name]
                    if values[row] and values[first] and values[row] != values[first]:
                        problem = (
                            f"is {values[row]}, where {self.table.row_name(first)} of run {name} has {values[first]}"
                        )
                        raise UserError(self.table.where(row, column), problem, "give runs names of their own")
