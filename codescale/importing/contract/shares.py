"""Shares of the training tokens: published ones, rounded to few digits, sum to 1 as far as rounding goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.readers.source_table import SourceTable
from codescale.mixtures.mixture import SUM_TOLERANCE

_MOST_DIGITS = 12
"""Decimals beyond which a share is not called rounded."""
_EXACT = 1e-6
"""How far off 1 a sum may be that nobody is told of."""


def shares_of(table: SourceTable, named: dict[str, str], scaled: bool) -> tuple[Array, list[str]]:
    """(rows, domains): the columns ``named`` (domain to column) with rows that sum to 1, and what to say of them.

    An empty cell is 0; a row without any is NaN. Rows that do not sum to 1 are scaled where rounding explains it:
    where the sum is off by half a unit of the last digit for each domain, at most. ``scaled``: they are weights, and
    all are scaled. Raises :class:`UserError` for any other row.
    """
    given = np.column_stack([table.numbers(column) for column in named.values()])
    empty = np.isnan(given).all(axis=1)
    shares = np.where(np.isnan(given), 0.0, given)
    wrong = ~(np.isfinite(shares) & (shares >= 0))
    if wrong.any():
        row, k = (int(place) for place in np.argwhere(wrong)[0])
        where = table.where(row, list(named.values())[k])
        raise UserError(where, f"{shares[row, k]:g} is not a share", "write 0 where a run has none of a domain")
    totals = shares.sum(axis=1)
    off = ~empty & (np.abs(totals - 1) > _EXACT)
    notes = []
    if not scaled and off.any():
        digits = _digits(table, named)
        rounded = _explained_by_rounding(shares, digits)
        _refuse(table, totals, off & ~rounded & (np.abs(totals - 1) > SUM_TOLERANCE))
        if (off & rounded).any():
            notes.append(
                f"{table.path}: shares of {int((off & rounded).sum()):,} rows were scaled to sum 1: they are rounded to"
                f" {digits} digits and off by up to {np.abs(totals - 1)[off & rounded].max():.2g}"
            )
    elif off.any():
        _refuse(table, totals, off & (totals <= 0))
    shares[off] /= totals[off, None]
    shares[empty] = np.nan
    return shares, notes


def _digits(table: SourceTable, named: dict[str, str]) -> int:
    """The decimals of the share that is written with most of them."""
    most = 0
    for column in named.values():
        cells = table.cells[column]
        values: Sequence[Any] = table.values(column)
        if isinstance(cells, pa.ChunkedArray) and pa.types.is_float32(cells.type):
            values = cells.to_numpy()  # 0.333 and not 0.3330000042915344
        for value in values:
            number = isinstance(value, float | np.floating)
            written = np.format_float_positional(value, trim="-") if number else str(value or "")
            written = written.strip().replace(",", ".").lower()
            mantissa, _, exponent = written.partition("e")
            decimals = len(mantissa.partition(".")[2].rstrip("0"))
            most = max(most, decimals - (int(exponent) if exponent.lstrip("+-").isdecimal() else 0))
    return most


def _explained_by_rounding(shares: Array, digits: int) -> NDArray[np.bool_]:
    """(rows,): whether numbers that sum to 1 can have been rounded to these.

    A sum that is off by exactly half a unit for each domain needs halves, which are rounded up, or to even digits.
    """
    if not 1 <= digits <= _MOST_DIGITS:
        return np.zeros(len(shares), dtype=bool)
    units = np.rint(shares * 10.0**digits).astype(np.int64)
    off = 2 * (units.sum(axis=1) - 10**digits)
    halves = (off > 0) | (units % 2 == 0).all(axis=1)
    return (np.abs(off) < shares.shape[1]) | ((np.abs(off) == shares.shape[1]) & halves)


def _refuse(table: SourceTable, totals: Array, wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        more = f" (and those of {int(wrong.sum()) - 1:,} more rows are off)" if wrong.sum() > 1 else ""
        problem = f"the shares sum to {totals[row]:.6g}, not 1{more}"
        hint = "correct them, or write weights_are_scaled: true in columns.yaml where they are weights"
        raise UserError(table.where(row), problem, hint)
