"""Which rows are of one run: names made unique, and one N, one seed and one mixture for each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.joined_rows import JoinedRows, missing, run_column

_IDS = ("ID", "id", "run_id", "run.id", "Id", "Run ID")
"""Where a table keeps what tells runs of one name apart."""
_SAME_SHARE = 1e-6
_FITS = 2e-3
"""Of D: how far tokens of a domain may seem to shrink along a run, by rounding, where shares are cumulative."""
_HINT = "give runs names of their own, or name the column that tells them apart (id: ...) in columns.yaml"


def run_names(rows: JoinedRows, columns: Columns) -> tuple[NDArray[np.object_], list[str]]:
    """(rows,): the runs' names, told apart by their ids where one name has several; and what to say of it.

    Raises :class:`UserError` for a row without a name.
    """
    source = rows.source
    column = run_column(source, columns)
    names = np.array([*source.text(column), ""], dtype=object)[:-1]
    if (names == "").any():
        row = int(np.flatnonzero(names == "")[0])
        raise UserError(source.where(row, column), "is empty", "give every row the name of its run")
    ids = _ids(rows, columns, column)
    if ids is None:
        return names, []
    pairs = {(name, one) for name, one in zip(names, ids, strict=True) if one}
    count: dict[str, int] = {}
    for name, _ in pairs:
        count[name] = count.get(name, 0) + 1
    shared = {name for name, several in count.items() if several > 1}
    if not shared:
        return names, []
    told = [f"{name}-{one}" if name in shared and one else name for name, one in zip(names, ids, strict=True)]
    runs = sum(count[name] for name in shared)
    note = f"{rows.path}: {len(shared):,} names stand for {runs:,} runs, which were told apart by their ids"
    return np.array([*told, ""], dtype=object)[:-1], [note]


def _ids(rows: JoinedRows, columns: Columns, run_id: str) -> list[str] | None:
    if columns.id is not None:
        if columns.id not in rows.source.cells:
            raise missing(rows.source, "id", columns.id)
        return rows.source.text(columns.id)
    found = next((name for name in _IDS if name in rows.source.cells and name != run_id), None)
    if found is None:
        return None
    ids = rows.source.text(found)
    counts_rows = len(set(ids)) == len(ids) and all(one.isdecimal() for one in ids)
    return None if counts_rows else ids


def filled(run_ids: NDArray[np.object_], values: Array) -> Array:
    """``values`` (rows, or rows and more), where a row has none that of the first row of its run that has one."""
    result = values.copy()
    first: dict[str, int] = {}
    empty = np.isnan(values) if values.ndim == 1 else np.isnan(values).all(axis=1)
    for row in np.flatnonzero(~empty):
        first.setdefault(run_ids[row], int(row))
    for row in np.flatnonzero(empty):
        if run_ids[row] in first:
            result[row] = values[first[run_ids[row]]]
    return result


def filled_text(run_ids: NDArray[np.object_], words: NDArray[np.object_]) -> NDArray[np.object_]:
    """As :func:`filled`, of text."""
    first: dict[str, str] = {}
    for name, word in zip(run_ids, words, strict=True):
        if word:
            first.setdefault(name, word)
    filled_in = [word or first.get(name, "") for name, word in zip(run_ids, words, strict=True)]
    return np.array([*filled_in, ""], dtype=object)[:-1]


def check_constant(rows: JoinedRows, run_ids: NDArray[np.object_], values: Array, column: str) -> None:
    """Raises :class:`UserError` where rows of one run have two values of ``column`` (N, the seed)."""
    first: dict[str, int] = {}
    for row, name in enumerate(run_ids):
        before = first.setdefault(name, row)
        if values[row] != values[before] and not (np.isnan(values[row]) and np.isnan(values[before])):
            other = f"{rows.source.row_name(before)} of the same run {name} has {values[before]:g}"
            raise UserError(rows.source.where(row, column), f"is {values[row]:g}, where {other}", _HINT)


def check_mixtures(
    rows: JoinedRows, run_ids: NDArray[np.object_], shares: Array, tokens: Array, status: NDArray[np.object_]
) -> list[str]:
    """That rows of one run have one mixture, or shares of all tokens so far, which never take tokens back; and what to
    say of those. Raises :class:`UserError` for a row that fits neither: two mixtures that ended differently are those
    of two runs.
    """
    by_run: dict[str, list[int]] = {}
    for row, name in enumerate(run_ids):
        by_run.setdefault(name, []).append(row)
    cumulative = 0
    for name, of_run in by_run.items():
        if np.abs(shares[of_run] - shares[of_run[0]]).max() <= _SAME_SHARE:
            continue
        cumulative += 1
        ordered = sorted(of_run, key=lambda row: tokens[row])
        for before, row in pairwise(ordered):
            same = np.abs(shares[row] - shares[before]).max() <= _SAME_SHARE
            taken = shares[row] * tokens[row] - shares[before] * tokens[before]
            two_runs = tokens[row] == tokens[before] or status[row] != status[before]
            if not same and (two_runs or taken.min() < -_FITS * tokens[row]):
                other = rows.source.row_name(before)
                problem = f"has another mixture than {other} of the same run {name}"
                raise UserError(rows.source.where(row), problem, _HINT)
    if not cumulative:
        return []
    return [
        f"{rows.path}: shares of {cumulative:,} runs change along the run: they are taken for those of all tokens "
        "so far"
    ]
