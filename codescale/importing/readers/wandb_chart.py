"""A chart exported from W&B: a column for each run and metric, with the least and largest of each point beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from codescale.errors import UserError
from codescale.importing.readers.source_table import SourceTable

_ENDS = ("__MIN", "__MAX")
_BETWEEN = " - "


def without_extremes(table: SourceTable) -> tuple[SourceTable, list[str]]:
    """``table`` without the columns ``X__MIN`` and ``X__MAX`` that stand beside an ``X``, and what to say of it.

    Where they differ from X, W&B drew the mean of several values, which is said.
    """
    beside = {base + end: base for base in table.names for end in _ENDS if base + end in table.cells}
    if not beside:
        return table, []
    means = np.zeros(len(table), dtype=bool)
    for name, base in beside.items():
        extremes, values = table.numbers(name), table.numbers(base)
        means |= np.isfinite(extremes) & np.isfinite(values) & (extremes != values)
    notes = []
    if means.any():
        notes.append(
            f"{table.path}: in {int(means.sum()):,} rows W&B drew means of several values (__MIN and __MAX differ); "
            "export the history, not a chart, for the values themselves"
        )
    cells = {name: cells for name, cells in table.cells.items() if name not in beside}
    return replace(table, cells=cells), notes


def is_chart(table: SourceTable) -> bool:
    """Whether every column but the first, the axis, is ``<run> - <metric>``."""
    return len(table.names) > 1 and all(_BETWEEN in name for name in table.names[1:]) and _BETWEEN not in table.names[0]


def chart_rows(table: SourceTable) -> SourceTable:
    """The chart as one row for each run and point of its axis; the run's name stands in ``Name``.

    ``table`` has passed :func:`without_extremes`. Points where a run has no value are no rows of it. Raises
    :class:`UserError` where the axis is empty in a row.
    """
    axis = table.names[0]
    places = table.values(axis)
    runs: dict[str, dict[str, str]] = {}
    for name in table.names[1:]:
        run, _, metric = name.rpartition(_BETWEEN)
        runs.setdefault(run, {})[metric] = name
    metrics = list(dict.fromkeys(metric for names in runs.values() for metric in names))
    cells: dict[str, list[Any]] = {name: [] for name in ("Name", axis, *metrics)}
    origin: list[int] = []
    for run, names in runs.items():
        values = {metric: table.values(name) for metric, name in names.items()}
        for row, place in enumerate(places):
            if all(column[row] is None for column in values.values()):
                continue
            if place is None:
                raise UserError(table.where(row, axis), "is empty", "give every point its place on the axis")
            origin.append(row)
            cells["Name"].append(run)
            cells[axis].append(place)
            for metric in metrics:
                cells[metric].append(values[metric][row] if metric in values else None)
    shown = [table.row_name(row) + f" ({run})" for row, run in zip(origin, cells["Name"], strict=True)]
    return replace(table, cells=cells, rows=len(origin), row_name=shown.__getitem__)
