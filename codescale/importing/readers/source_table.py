"""A table as somebody gave it: cells by column, and a name for every row that a message can point to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError

EMPTY = frozenset({"", "null", "NULL", "None", "none", "N/A", "n/a", "NA", "<NA>"})
"""What stands for nothing. NaN does not: it may be what a run that diverged has measured."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")
_SHOWN = 20
"""Columns that a message lists."""

Cells: TypeAlias = "Sequence[Any] | pa.ChunkedArray"


@dataclass(frozen=True)
class SourceTable:
    """Cells by column, as the file has them.

    ``path`` is what messages name; ``row_name`` says which row of it, or which file in it, a row is.
    ``decimal_comma``: whether ``3,14`` is a number. ``thousands``: the mark that other numbers of the table do not have
    before decimals, so that ``500.000`` may be half a million: such a number is refused. ``steps_are_tokens``: whether
    ``step`` counts tokens where nothing says otherwise, as in TensorBoard's event files. ``figures``: columns that are
    metrics where nothing says otherwise.
    """

    path: Path
    cells: Mapping[str, Cells]
    rows: int
    row_name: Callable[[int], str] = lambda row: f"row {row + 1}"
    decimal_comma: bool = False
    steps_are_tokens: bool = False
    figures: tuple[str, ...] = ()
    thousands: str = ""

    def __len__(self) -> int:
        return self.rows

    @property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.cells)

    def where(self, row: int, column: str | None = None) -> str:
        """``row`` (from 0), and ``column`` in it, as a message names them."""
        return f"{self.path}, {self.row_name(row)}" + (f", {column}" if column else "")

    def take(self, rows: Sequence[int]) -> SourceTable:
        """The ``rows``, in that order, under the names that they have."""
        names = [self.row_name(row) for row in rows]
        cells: dict[str, Cells] = {}
        for column, given in self.cells.items():
            if isinstance(given, pa.ChunkedArray):
                cells[column] = given.take(pa.array(rows, pa.int64()))
            else:
                cells[column] = [given[row] for row in rows]
        return replace(self, cells=cells, rows=len(names), row_name=names.__getitem__)

    def values(self, column: str) -> Sequence[Any]:
        """The cells of ``column`` as Python values; None where nothing stands."""
        cells = self.cells[column]
        values = cells.to_pylist() if isinstance(cells, pa.ChunkedArray) else cells
        return [None if isinstance(value, str) and value.strip() in EMPTY else value for value in values]

    def text(self, column: str) -> list[str]:
        """The cells of ``column`` as text, empty where nothing stands; whole numbers without a point.

        A run may be called ``none`` or ``NA``: words that stand for no number are text like any other.
        """
        cells = self.cells[column]
        return [_as_text(value) for value in (cells.to_pylist() if isinstance(cells, pa.ChunkedArray) else cells)]

    def empty(self, column: str) -> NDArray[np.bool_]:
        """(rows,): where ``column`` holds nothing; a NaN is something."""
        return np.array([value is None for value in self.values(column)], dtype=bool)

    def numbers(self, column: str) -> Array:
        """(rows,): ``column`` as numbers, NaN where empty. Raises :class:`UserError` that names the row."""
        cells = self.cells[column]
        if isinstance(cells, pa.ChunkedArray) and not self.decimal_comma:
            try:
                return _cast(cells)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                pass  # the slow way finds the row, and takes blanks around a number
        return np.array(
            [self._number(row, column, value) for row, value in enumerate(self.values(column))], dtype=float
        )

    def holds_numbers(self, column: str) -> bool:
        """Whether some cell of ``column`` is a number: a column of text alone is not mistyped numbers."""
        for row, value in enumerate(self.values(column)):
            try:
                if not np.isnan(self._number(row, column, value)):
                    return True
            except UserError:
                continue
        return False

    def _number(self, row: int, column: str, value: Any) -> float:
        if value is None:
            return np.nan
        written = str(value).strip()
        if self.thousands and self.thousands in written and _GROUPED.fullmatch(written):
            problem = f"{written[:40]!r} may have decimals or thousands: other numbers have another decimal mark"
            raise UserError(self.where(row, column), problem, "write it without a mark between thousands")
        if self.decimal_comma and _DECIMAL_COMMA.fullmatch(written):
            written = written.replace(",", ".")
        try:
            if isinstance(value, bool) or "_" in written:
                raise ValueError
            return float(written)
        except ValueError:
            hint = "correct or empty it"
            if _DECIMAL_COMMA.fullmatch(written):
                hint = "write decimal points, or separate the columns by semicolons"
            raise UserError(self.where(row, column), f"{str(value)[:40]!r} is not a number", hint) from None


def listed(names: Iterable[str]) -> str:
    """The first of ``names``, as a message lists them."""
    names = list(names)
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "") if names else "nothing"


def _cast(cells: pa.ChunkedArray) -> Array:
    if pa.types.is_boolean(cells.type):
        raise pa.ArrowInvalid("truth values are no numbers")
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        cells = pc.if_else(pc.is_in(cells, pa.array(sorted(EMPTY), cells.type)), pa.scalar(None, cells.type), cells)
    numbers = pc.fill_null(pc.cast(cells, pa.float64(), safe=False), np.nan)
    return numbers.to_numpy().astype(np.float64)


def _as_text(value: Any) -> str:
    if value is None or value != value:  # noqa: PLR0124  (NaN, of whatever type)
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip()
