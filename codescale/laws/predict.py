"""A runs table with a law's predictions beside what was measured."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.laws.observations import distinct_tokens
from codescale.laws.warning import warn
from codescale.runs.table import LOSS_UNIT, RunsTable, with_unit
from codescale.runs.units import LossUnit


def law_shares(law: Law, table: RunsTable) -> Array:
    """(rows, law domains): the table's shares in the law's order.

    Raises :class:`UserError` where the table lacks a domain of the law or trains on one that the law does not know.
    """
    law.check_domains(table.domains, table.path)
    for k, name in enumerate(table.domains):
        used = np.flatnonzero(table.proportions[:, k] > 0)
        if name not in law.domains and len(used):
            raise UserError(
                f"{table.path}, row {used[0] + 1}, proportion.{name}",
                "the law does not know this domain",
                f"fit a law on runs with it; this one knows {', '.join(law.domains)}",
            )
    return table.proportions[:, [table.domains.index(name) for name in law.domains]]


def in_unit_of(law: Law, table: RunsTable) -> RunsTable:
    """``table`` for what is held beside ``law``: losses in the law's unit, with a line where they were in another one.

    Raises :class:`UserError` where that takes the bytes per token. A table without losses is as it was.
    """
    unit = table.loss_unit
    if not table.has_losses or unit is law.loss_unit:
        return table
    if unit.is_per_byte != law.loss_unit.is_per_byte:
        raise UserError(
            f"{table.path}, {LOSS_UNIT}",
            f"its losses are {unit}, the law's are {law.loss_unit}",
            "give runs in the law's unit (codescale import converts where it is told bytes_per_token), or fit a law to "
            "these",
        )
    warn(f"{table.path}: losses are {unit} and are converted to {law.loss_unit}, the law's unit")
    return table.in_unit(law.loss_unit)


def predict_table(law: Law, table: RunsTable, strict: bool = False) -> pa.Table:
    """A runs table with a law's predictions beside its own columns. Warns where rows lie outside the fitted range.

    Parameters
    ----------
    law
        The law.
    table
        The runs, n of them, planned or done.
    strict
        Whether a row outside the fitted range is an error.

    Returns
    -------
    pyarrow.Table
        The n rows with ``predicted.<target>``, ``predicted.<target>.low`` and ``.high`` (in the law's unit, the middle
        90 %; empty where the law cannot tell, see :class:`~codescale.laws.law.Prediction`) and ``extrapolated``;
        ``loss_unit`` too where the law's unit is another than nats per token.

    Raises
    ------
    UserError
        Where the table lacks a domain of the law or trains on one that it does not know, has losses in another unit
        than the law, and with ``strict`` for the first row outside the fitted range.
    """
    table = in_unit_of(law, table)
    shares = law_shares(law, table)
    prediction = law.predict(table.n_params, table.n_tokens, shares, distinct_tokens(table, law.domains))
    outside = np.flatnonzero(prediction.extrapolated)
    if len(outside):
        row = int(outside[0])
        reason = _reason(law, table, shares, row)
        if strict:
            raise UserError(
                f"{table.path}, row {row + 1}",
                f"lies outside what the law was fitted on ({reason})",
                "leave out --strict to predict it all the same, or fit on runs that reach there",
            )
        share = f"{len(outside):,} of {len(table):,} rows"
        warn(f"{table.path}: {share} lie outside what the law was fitted on (row {row + 1}: {reason})")
    columns: dict[str, pa.Array] = {}
    for k, target in enumerate(law.targets):
        columns[f"predicted.{target}"] = pa.array(prediction.losses[:, k])
        for bound, values in (("low", prediction.low), ("high", prediction.high)):
            columns[f"predicted.{target}.{bound}"] = pa.array(values[:, k], from_pandas=True)
    columns["extrapolated"] = pa.array(prediction.extrapolated)
    result = table.table.drop_columns([name for name in columns if name in table.table.column_names])
    for name, column in columns.items():
        result = result.append_column(name, column)
    told = LOSS_UNIT in result.column_names or law.loss_unit is not LossUnit.NATS_PER_TOKEN
    return with_unit(result, law.loss_unit) if told else result


def _reason(law: Law, table: RunsTable, shares: Array, row: int) -> str:
    """Why a row counts as extrapolated: the first of N, D and the shares that is outside."""
    for word, value, (low, high) in (
        ("N", table.n_params[row], law.fitted_range.n_params),
        ("D", table.n_tokens[row], law.fitted_range.n_tokens),
    ):
        if not low * 0.99 <= value <= high * 1.01:
            return f"{word} = {value:.4g}, fitted {low:.4g} to {high:.4g}"
    for name, share in zip(law.domains, shares[row], strict=True):
        low, high = law.fitted_range.proportions[name]
        if not low - 1e-6 <= share <= high + 1e-6:
            return f"{name} = {share:.4g}, fitted {low:.4g} to {high:.4g}"
    return "its mixture"
