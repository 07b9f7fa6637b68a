"""The unit of imported losses: what a person says, else what the columns' names say; what is in another is a metric."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from codescale.errors import UserError
from codescale.laws.warning import warn
from codescale.runs.table import RunsTable, with_unit
from codescale.runs.units import LossUnit, unit_in_name

_PREFERRED = (
    LossUnit.NATS_PER_TOKEN,
    LossUnit.PERPLEXITY,
    LossUnit.BITS_PER_TOKEN,
    LossUnit.BITS_PER_BYTE,
    LossUnit.NATS_PER_BYTE,
    LossUnit.BYTE_PERPLEXITY,
)
"""Where a source has losses in several units and nobody says which to take."""
_SHOWN = 4


@dataclass(frozen=True)
class LossColumns:
    """``losses``: name to column of those in the one ``unit``; ``others``: those in another, which become metrics."""

    losses: dict[str, str]
    others: dict[str, str]
    unit: LossUnit
    notes: list[str] = field(default_factory=list)


def told(table: pa.Table, unit: LossUnit) -> pa.Table:
    """``table`` with the unit of its losses in its column, where that is not the usual one."""
    return table if unit is LossUnit.NATS_PER_TOKEN else with_unit(table, unit)


def choose(where: str, columns: Mapping[str, str], given: LossUnit | None = None) -> LossColumns:
    """Which of ``columns`` (name to column) are the losses of a table, and their unit; notes tell what is left out.

    A name without a unit is in ``given``, or in nats per token. Where all names say another unit than ``given``, the
    person who gave it is believed, with a note. A perplexity per word is a metric: it is of no token and no byte.
    """
    if not columns:
        return LossColumns({}, {}, given or LossUnit.NATS_PER_TOKEN)
    said = {name: unit_in_name(column) for name, column in columns.items()}
    words = {name for name, column in columns.items() if _per_word(column)}
    units = {name: unit or given or LossUnit.NATS_PER_TOKEN for name, unit in said.items() if name not in words}
    found, notes = set(units.values()), []
    if given is not None and found and given not in found:
        notes.append(f"{where}: columns say {', '.join(sorted(found))} and are read as {given}, as loss_unit says")
        units, found = dict.fromkeys(units, given), {given}
    unit = given or next((one for one in _PREFERRED if one in found), LossUnit.NATS_PER_TOKEN)
    losses = {name: column for name, column in columns.items() if units.get(name) is unit}
    others = {name: column for name, column in columns.items() if name not in losses}
    if others:
        shown = ", ".join(list(others.values())[:_SHOWN]) + (" and more" if len(others) > _SHOWN else "")
        notes.append(f"{where}: {len(others)} columns are not in {unit} and become metric.* ({shown})")
    return LossColumns(losses, others, unit, notes)


def _per_word(column: str) -> bool:
    return "word perplexity" in " ".join(re.findall("[a-z]+", column.lower()))


def in_known_unit(table: RunsTable, bytes_per_token: float | Mapping[str, float] | None) -> RunsTable:
    """``table`` with perplexities as their logarithms, and in nats per token where the bytes per token are named; lines
    say so.

    Raises :class:`UserError` for bytes per token that are of no use, or not of every target.
    """
    unit, where = table.loss_unit, "columns.yaml, bytes_per_token"
    if bytes_per_token is None:
        result = table.in_unit(unit.additive)
    elif not unit.is_per_byte:
        raise UserError(where, f"is given, and the losses are {unit}", "leave it out, or say loss_unit: bits per byte")
    else:
        sizes = _by_target(table, bytes_per_token, where)
        result = table.in_unit(LossUnit.NATS_PER_TOKEN, sizes)
    if result.loss_unit is not unit:
        how = "by the bytes per token" if bytes_per_token is not None else "their natural logarithms"
        warn(f"{table.path}: losses were {unit} and are {result.loss_unit} now, {how}")
    return result


def _by_target(table: RunsTable, given: float | Mapping[str, float], where: str) -> dict[str, float]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(table.targets, given)
    missing = [name for name in table.targets if name not in given]
    strange = [name for name in given if name not in table.targets]
    if missing or strange:
        problem = f"lacks {missing[0]}" if missing else f"{strange[0]} is no target"
        raise UserError(
            where, problem, f"give the bytes per token of {', '.join(table.targets)}, or one number for all"
        )
    return {name: float(given[name]) for name in table.targets}
