"""What about a runs table is unlikely to be meant: losses in another unit than it says, tokens or parameters counted in
something else.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.runs.records import LOSS, PHASE
from codescale.runs.table import LOSS_UNIT, RunsTable
from codescale.runs.units import LossUnit, converted, unit_in_name

_FEWEST_TOKENS = 0.1
"""D over N of a table's longest run: published isoFLOP curves have runs of 0.04, but none as their longest."""
_MOST_TOKENS = 1e6
"""The smallest proxies that laws are fitted to see some thousand tokens for each parameter."""
_LOW_LOSS, _AT_PARAMS, _FALL, _FEWEST_PARAMS = 0.75, 59e6, 0.15, 1e6
"""Below LOW (AT / N)^FALL nats per token a model of N parameters has hardly been: the losses of code in published
tables lie at 1.3 times that or more, nats per byte at 0.95 (a model of 59 M parameters on StarCoder and web text).
"""
_SHOWN = 3
_FEW_MIXTURES = 3
"""Two may have the same rounded losses by chance."""


def doubts(table: RunsTable) -> list[str]:
    """A line for each thing that does not look as it should: names that say another unit, losses worse than guessing or
    too low to be per token, D far from N, mixtures that changed on the way, and mixtures that change nothing. What may
    well be right is no reason to refuse a table.
    """
    checks = (_named_units, _high_losses, _low_losses, _odd_counts, _changing_mixtures, _deaf_runs)
    found = [check(table) for check in checks] if len(table) else []
    return [f"{table.path}: {line}" for line in found if line]


def _named_units(table: RunsTable) -> str:
    said = {name: unit_in_name(name) for name in table.targets}
    others = [name for name, unit in said.items() if unit not in (None, table.loss_unit)]
    if not others:
        return ""
    unit = said[others[0]]
    return f"{LOSS}{others[0]} is called {unit} and read as {table.loss_unit}: a column {LOSS_UNIT} can say which it is"


def _high_losses(table: RunsTable) -> str:
    limit, unit = table.loss_unit.guessing, table.loss_unit
    high = table.losses > limit
    if not high.any():
        return ""
    row, k = (int(place[0]) for place in np.nonzero(high))
    having = np.asarray(high.any(axis=0)).tolist()
    names = [name for name, some in zip(table.targets, having, strict=True) if some]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    line = (
        f"{high.sum():,} losses (of {shown}) are above {limit:.3g} {unit}, worse than guessing (row {row + 1}: "
        f"{table.losses[row, k]:.4g})"
    )
    likely = LossUnit.BYTE_PERPLEXITY if unit.is_per_byte else LossUnit.PERPLEXITY
    return line if unit.is_exponential else f"{line}: {_mend('they are a perplexity', likely)}"


def _low_losses(table: RunsTable) -> str:
    if table.loss_unit not in (LossUnit.NATS_PER_TOKEN, LossUnit.BITS_PER_TOKEN) or not table.has_losses:
        return ""
    measured = np.isfinite(table.losses).any(axis=1)
    losses, n_params = np.nanmedian(table.losses[measured], axis=1), table.n_params[measured]
    nats = converted(losses, table.loss_unit, LossUnit.NATS_PER_TOKEN)
    if np.median(nats / _lowest(n_params)) >= 1:
        return ""
    return (
        f"half of the losses are below {np.median(losses):.3g} {table.loss_unit}, which is low at N = "
        f"{np.median(n_params):.3g}: {_mend('they are per byte', LossUnit.BITS_PER_BYTE)}"
    )


def _mend(condition: str, likely: LossUnit) -> str:
    option = likely.value.replace(" ", "-")
    return f"if {condition}, write {likely} into a column {LOSS_UNIT}, or import them with --loss-unit {option}"


def _lowest(n_params: Array) -> Array:
    """(rows,): nats per token that a model of so many parameters hardly gets below."""
    return np.asarray(_LOW_LOSS * (_AT_PARAMS / np.maximum(n_params, _FEWEST_PARAMS)) ** _FALL)


def _odd_counts(table: RunsTable) -> str:
    ratio = table.n_tokens / table.n_params
    most, least = int(np.argmax(ratio)), int(np.argmin(ratio))
    if ratio[most] < _FEWEST_TOKENS:
        return (
            f"no run has more than {ratio[most]:.2g} tokens a parameter (row {most + 1}: D = "
            f"{table.n_tokens[most]:.4g}, N = {table.n_params[most]:.4g}): if n_tokens counts steps, or millions of "
            "tokens, multiply it"
        )
    if ratio[least] > _MOST_TOKENS:
        return (
            f"every run has {ratio[least]:.2g} tokens a parameter or more (row {least + 1}: D = "
            f"{table.n_tokens[least]:.4g}, N = {table.n_params[least]:.4g}): if n_params counts thousands or millions, "
            "multiply it"
        )
    return ""


def _changing_mixtures(table: RunsTable) -> str:
    """Laws take a run's mean shares: where phases differ, when a language was seen is left out of account."""
    column = f"{PHASE}2.until"
    if column not in table.table.column_names:
        return ""
    count = len(table) - table.table[column].null_count
    return f"the mixtures of {count:,} rows change by phases, and only their means count here" if count else ""


def _deaf_runs(table: RunsTable) -> str:
    """Different mixtures with one seed, N and D whose losses are the same to the last digit were not trained on."""
    groups: dict[tuple[float, float, float, bool], list[int]] = {}
    for row in np.flatnonzero(np.isfinite(table.losses).any(axis=1)).tolist():
        key = (table.n_params[row], table.n_tokens[row], table.seed[row], bool(table.annealed[row]))
        groups.setdefault(key, []).append(row)
    for rows in groups.values():
        mixtures = {tuple(shares) for shares in np.round(table.proportions[rows], 6).tolist()}
        losses = {tuple(found) for found in np.nan_to_num(table.losses[rows], nan=-1.0).tolist()}
        if len(mixtures) >= _FEW_MIXTURES and len(losses) == 1:
            first, second = rows[:2]
            return (
                f"{len(mixtures)} mixtures with one seed have the same losses to the last digit (rows {first + 1}, "
                f"{second + 1}, …): does what trains them read its mixture?"
            )
    return ""
