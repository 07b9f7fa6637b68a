"""Which columns of a source are losses and which are metrics: the one place where that is decided."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from codescale.errors import UserError
from codescale.importing.columns import Columns, matching, short_names
from codescale.importing.joined_rows import JoinedRows, missing
from codescale.importing.loss_units import choose
from codescale.importing.readers.source_table import SourceTable, listed
from codescale.runs.table import LOSS_UNIT
from codescale.runs.units import LossUnit, parse_unit, unit_in_name

USUAL_LOSSES = (
    *("loss.*", "eval/*_loss", "eval_*_loss", "eval/lm/*/CE loss", "eval/loss/*", "val/loss/*", "val_loss/*"),
    *("val/*_loss", "val_*_loss", "val_loss_*"),
)
"""Patterns of losses where nothing says which columns they are: ours, transformers' Trainer's, OLMo-core's, other
people's.
"""
_FOREIGN = frozenset(
    (
        *("index", "id", "run", "run_id", "run_name", "name", "user", "tags", "notes", "created", "sweep", "group"),
        *("step", "steps", "global_step", "epoch", "epochs", "timestamp", "time", "runtime", "state", "status"),
        *("seed", "lr", "learning_rate", "grad_norm", "batch_size", "n_params", "num_params", "params"),
        *("n_tokens", "num_tokens", "tokens", "flops", "total_flos", "throughput", "mfu"),
        *("samples_per_second", "steps_per_second", "tokens_per_second"),
    )
)
"""What trainers and trackers write beside losses; a leading underscore aside."""
_CONTRACT = ("proportion.", "metric.", "hyper.", "unique_tokens.")
_LOSS = re.compile(r"loss|nll|cross.?entropy|xent", re.IGNORECASE)
_HELD_OUT = re.compile(r"(?<![a-z])(val|valid|validation|eval|test)(?![a-z])", re.IGNORECASE)
_TRAINING = re.compile(r"(?<![a-z])train(ing)?(?![a-z])", re.IGNORECASE)
_OF_NO_DOMAIN = frozenset(
    (
        *("eval", "val", "valid", "validation", "test", "loss", "losses", "nll", "bpb", "metric"),
        *("mean", "avg", "average", "total", "overall", "all"),
    )
)
"""Words of a loss that is an average, and no domain's."""


@dataclass(frozen=True)
class Targets:
    """Target to column and their unit, metric to column, and what to say of the choice."""

    losses: dict[str, str]
    metrics: dict[str, str]
    unit: LossUnit = LossUnit.NATS_PER_TOKEN
    notes: list[str] = field(default_factory=list)


def target_columns(rows: JoinedRows, columns: Columns, results: SourceTable | None = None) -> Targets:
    """The losses and metrics of ``rows``, by ``columns``, else by the usual names.

    ``results`` is given where every column of it may be a loss: the second file of a pair. Losses in another unit than
    the chosen one become metrics (:func:`~codescale.importing.loss_units.choose`). Raises :class:`UserError` that
    lists the columns where nothing is a loss or a metric, and where two units are said.
    """
    metrics = matching(columns.metrics, rows.source.names)
    notes: list[str] = []
    shortened = False
    if columns.given("metrics"):
        asked = columns.metrics.values() if isinstance(columns.metrics, dict) else [columns.metrics]
        absent = [one for one in asked if not matching(one, rows.source.names)]
        if absent:
            notes.append(f"{rows.path}: no column is {listed(absent)}, which columns.yaml names for metrics")
    if columns.given("losses"):
        losses = rows.matching(columns, "losses")
    else:
        usual = next((one for one in USUAL_LOSSES if matching(one, rows.source.names)), None)
        losses = matching(usual, rows.source.names) if usual else {}
        in_units = [] if results is not None else _in_units(rows.source, columns, losses, set(metrics.values()))
        if in_units:
            losses, shortened = {name: name for name in in_units}, True
            notes.append(f"{rows.path}: losses are the columns whose names tell a unit: {listed(in_units)}")
        elif usual not in (None, USUAL_LOSSES[0]):
            notes.append(f"{rows.path}: losses are the columns {usual}: {listed(losses)}")
        if results is not None and not losses:
            losses = {name: name for name in _of_results(results, columns, set(metrics.values()), notes)}
            shortened = True
    columns = columns.model_copy(update={"loss_unit": _unit(rows, columns)})
    chosen = choose(str((results or rows.source).path), losses, columns.loss_unit)
    losses, others = chosen.losses, chosen.others
    if shortened:
        losses, others = (
            {short: name for name, short in short_names(one.values()).items()} for one in (losses, others)
        )
    metrics = others | metrics
    notes += chosen.notes
    if not columns.given("metrics"):
        taken = set(losses.values()) | set(metrics.values())
        metrics = metrics | {name: name for name in rows.source.figures if name not in taken}
    if columns.loss_unit is not None and metrics and not losses:
        hint = "leave it out, or name the columns of losses in columns.yaml"
        raise UserError("loss_unit", f"is {columns.loss_unit}, and {rows.path} has no losses, only metrics", hint)
    if not losses and not metrics:
        raise missing(results or rows.source, "losses", str(columns.losses))
    return Targets(losses, metrics, chosen.unit, notes)


def _unit(rows: JoinedRows, columns: Columns) -> LossUnit | None:
    """The losses' unit, as a person or the column of the runs table says it. Raises :class:`UserError` where two units
    are said.
    """
    said = columns.loss_unit
    words = rows.text(LOSS_UNIT).tolist() if LOSS_UNIT in rows.names else []
    if not any(words):
        return said
    for row, word in enumerate(words):
        where = rows.where(row, LOSS_UNIT)
        unit = parse_unit(word, where) if word else LossUnit.NATS_PER_TOKEN
        if said not in (None, unit):
            hint = "give all in one unit, and leave out a loss_unit that says another"
            raise UserError(where, f"is {unit}, beside {said}", hint)
        said = unit
    return said


def _in_units(table: SourceTable, columns: Columns, usual: Mapping[str, str], taken: set[str]) -> list[str]:
    """The columns of held-out text whose names tell a unit (``eval/python_bpb``), where they are the losses: where
    no name says loss, or where they are in the unit that a person asks for and nothing else is.
    """
    held_out = [
        name
        for name in data_columns(table, columns)
        if name not in taken and (_HELD_OUT.search(name) or name in table.figures) and not _TRAINING.search(name)
    ]
    units = {name: unit for name in held_out if (unit := unit_in_name(name)) is not None}
    if columns.loss_unit is None:
        others = usual or table.figures or any(_LOSS.search(name) for name in held_out if name not in units)
        return [] if others else list(units)
    found = [name for name, unit in units.items() if unit is columns.loss_unit]
    return [] if any(name in usual.values() for name in found) else found


def _of_results(results: SourceTable, columns: Columns, taken: set[str], notes: list[str]) -> list[str]:
    """The columns of a file of results that look like losses on held-out text, and a word on what does not."""
    candidates = [name for name in data_columns(results, columns) if name not in taken]
    found = [name for name in candidates if not _TRAINING.search(name)]
    in_units = {name for name in found if unit_in_name(name) is not None}
    for word in (_LOSS, _HELD_OUT):
        if any(word.search(name) for name in found):
            found = [name for name in found if word.search(name) or name in in_units]
            break
    else:
        found = [name for name in found if name in in_units] or found
    of_domains = [name for name in found if set(re.split(r"[^a-z0-9]+", name.lower())) - _OF_NO_DOMAIN - {""}]
    found = of_domains or found
    left = [name for name in results.names if name in set(candidates) - set(found)]
    if left:
        notes.append(
            f"{results.path}: left, since they look like no loss on held-out text: {listed(left)}; losses in "
            "columns.yaml names others"
        )
    return found


def data_columns(table: SourceTable, columns: Columns) -> list[str]:
    """The columns of ``table`` that hold numbers, without what ``columns`` names and what trainers write beside."""
    named = {value for value in columns.model_dump().values() if isinstance(value, str)}
    return [name for name in _not_foreign(table.names) if name not in named and table.holds_numbers(name)]


def _not_foreign(names: Iterable[str]) -> Sequence[str]:
    def foreign(name: str) -> bool:
        last = re.split(r"[/.]", name)[-1].strip().lower().lstrip("_")
        return name.startswith(_CONTRACT) or name.lower().lstrip("_") in _FOREIGN or (last in _FOREIGN and "/" in name)

    return [name for name in names if not foreign(name)]
