"""A W&B export (a runs table or a history, as CSV or JSON Lines): one row an evaluation, columns named in
columns.yaml.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.importing.columns import Columns, matching
from codescale.importing.csv_tables import numbers, read_text_table
from codescale.importing.loss_units import choose
from codescale.laws.warning import warn
from codescale.runs.records import LOSS, METRIC, PROPORTION


def read_export(path: Path, columns: Columns, n_params: float | None, n_tokens: float | None) -> pa.Table:
    """The rows of ``path`` that have a loss or a metric; rows without one (steps between evaluations) are left out.

    A row whose loss is NaN or infinite while others of its kind are numbers is a run that diverged, and says so in its
    status. Raises :class:`UserError` that lists the columns where one that is needed is missing.
    """
    table = read_text_table(path)
    if columns.run_id not in table.column_names:
        raise _missing(path, table, "run_id", columns.run_id)
    shares = matching(columns.proportions, table.column_names)
    chosen = choose(str(path), matching(columns.losses, table.column_names), columns.loss_unit)
    losses = chosen.losses
    metrics = chosen.others | matching(columns.metrics, table.column_names)
    if not shares:
        raise _missing(path, table, "proportions", str(columns.proportions))
    if not losses and not metrics:
        raise _missing(path, table, "losses", str(columns.losses))
    found: dict[str, pa.Array] = {"run_id": pa.array([str(value) for value in table[columns.run_id].to_pylist()])}
    found["n_params"] = pa.array(_count(path, table, columns.n_params, n_params, "n_params", "--params"))
    found["n_tokens"] = pa.array(_tokens(path, table, columns, n_tokens))
    share_values = np.nan_to_num(np.column_stack([numbers(path, table, column) for column in shares.values()]))
    if columns.weights_are_scaled:
        share_values = share_values / np.maximum(share_values.sum(axis=1, keepdims=True), 1e-300)
    for k, name in enumerate(shares):
        found[PROPORTION + name] = pa.array(share_values[:, k])
    measured = np.zeros(table.num_rows, dtype=bool)
    diverged = np.zeros(table.num_rows, dtype=bool)
    for prefix, group in ((LOSS, losses), (METRIC, metrics)):
        for name, column in group.items():
            present = ~np.asarray(table[column].is_null())
            values = numbers(path, table, column)
            measured |= present
            diverged |= present & ~np.isfinite(values)
            found[prefix + name] = pa.array(np.where(np.isfinite(values), values, np.nan), from_pandas=True)
    found["status"] = pa.array(np.where(diverged, "diverged", "ok").tolist())
    if not measured.any():
        raise UserError(path, "no row has a loss", "name the columns of losses in columns.yaml")
    if diverged.any():
        warn(f"{path}: {int(diverged.sum())} rows have a loss that is no number: their status is diverged")
    return chosen.told(pa.table(found).filter(pa.array(measured)))


def _tokens(path: Path, table: pa.Table, columns: Columns, n_tokens: float | None) -> NDArray[np.float64]:
    if columns.n_tokens is None and columns.tokens_per_step is not None:
        if columns.step not in table.column_names:
            raise _missing(path, table, "step", columns.step)
        return numbers(path, table, columns.step) * columns.tokens_per_step
    return _count(path, table, columns.n_tokens, n_tokens, "n_tokens", "--tokens")


def _count(
    path: Path, table: pa.Table, column: str | float | None, given: float | None, field: str, option: str
) -> NDArray[np.float64]:
    if isinstance(column, str):
        if column not in table.column_names:
            raise _missing(path, table, field, column)
        return numbers(path, table, column)
    value = given if column is None else column
    if value is None and field in table.column_names:
        return numbers(path, table, field)
    if value is None:
        raise UserError(path, f"nothing says {field}", f"name its column in columns.yaml, or give {option}")
    return np.full(table.num_rows, value)


def _missing(path: Path, table: pa.Table, field: str, wanted: str) -> UserError:
    shown = ", ".join(table.column_names[:20]) + (", …" if table.num_columns > 20 else "")
    return UserError(path, f"has no column {wanted} for {field}; it has {shown}", "name the right one in columns.yaml")
