"""The runs table's columns of every row of a source, read and filled along each run."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.columns import Columns, matching
from codescale.importing.contract.measurements import Measurements, read_measurements
from codescale.importing.contract.run_names import filled, filled_text, run_names
from codescale.importing.contract.run_status import run_status
from codescale.importing.contract.shares import shares_of
from codescale.importing.contract.targets import Targets, target_columns
from codescale.importing.contract.training_tokens import Scale, model_sizes, training_tokens
from codescale.importing.joined_rows import JoinedRows, missing
from codescale.importing.readers.source_table import SourceTable, listed
from codescale.organisation import ORGANISATIONS
from codescale.runs.records import HYPER, PROPORTION, UNIQUE

_RECIPE = frozenset(
    (
        *("lr", "learning_rate", "max_lr", "peak_lr", "min_lr", "weight_decay", "warmup", "warmup_steps", "optimizer"),
        *(
            "batch_size",
            "global_batch_size",
            "lr_scheduler",
            "scheduler",
            "schedule",
            "beta1",
            "beta2",
            "dropout",
            "seed",
        ),
        *("sequence_length", "seq_len", "context_length", "tokenizer", "dataset", "corpus", "corpus_id"),
    )
)
"""How columns end that hold what a fit must not mix."""
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class ContractRows:
    """Columns with one entry a row; ``shares`` is (rows, domains), NaN where a run has none.

    ``status`` is empty and ``annealed`` None where nothing says them. ``texts`` and ``numbers`` hold the optional
    columns by the names that they have in the runs table.
    """

    run_ids: NDArray[np.object_]
    n_params: Array
    n_tokens: Array
    seed: Array
    shares: Array
    status: NDArray[np.object_]
    annealed: NDArray[np.object_]
    measurements: Measurements
    texts: dict[str, NDArray[np.object_]]
    numbers: dict[str, Array]

    def __len__(self) -> int:
        return len(self.run_ids)

    def take(self, keep: NDArray[np.intp]) -> ContractRows:
        """The rows ``keep``."""
        arrays: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, Measurements):
                arrays[one.name] = value.take(keep)
            elif isinstance(value, dict):
                arrays[one.name] = {name: column[keep] for name, column in value.items()}
            else:
                arrays[one.name] = value[keep]
        return replace(self, **arrays)


def read_rows(
    rows: JoinedRows, columns: Columns, scale: Scale, results: SourceTable | None
) -> tuple[ContractRows, tuple[str, ...], Targets, list[str]]:
    """The columns of ``rows``, the domains, the targets, and what to say of how they were found.

    Raises :class:`UserError` that names what is missing or wrong.
    """
    run_ids, notes = run_names(rows, columns)
    targets = target_columns(rows, columns, results)
    shares, domains, of_shares = _shares(rows, columns, results)
    tokens, of_tokens = training_tokens(rows, columns, scale)
    losses, metrics = list(targets.losses.values()), list(targets.metrics.values())
    measurements, of_losses = read_measurements(rows, run_ids, losses, metrics, tokens)
    status, of_status = run_status(rows, columns)
    found = ContractRows(
        run_ids=run_ids,
        n_params=filled(run_ids, model_sizes(rows, columns, scale)),
        n_tokens=tokens,
        seed=filled(run_ids, _seeds(rows, columns)),
        shares=filled(run_ids, shares),
        status=filled_text(run_ids, status),
        annealed=_annealed(rows, columns),
        measurements=measurements,
        texts={name: filled_text(run_ids, words) for name, words in _texts(rows, columns).items()},
        numbers=_numbers(rows, columns, run_ids),
    )
    notes += targets.notes + of_shares + of_tokens + of_losses + of_status + _unread(rows, columns, run_ids)
    return found, tuple(domains), targets, notes


def _shares(rows: JoinedRows, columns: Columns, results: SourceTable | None) -> tuple[Array, list[str], list[str]]:
    """(rows, domains): shares of the source, else of the table of the runs; the domains, and what to say.

    Of a pair the mixtures alone have shares: its results may call their losses by the same names.
    """
    places = ((rows.source, np.arange(len(rows))), (rows.runs, rows.run_row))
    for table, at in places if results is None else places[1:]:
        if table is None or at is None:
            continue
        named = matching(columns.proportions, table.names)
        if table is rows.runs and not named:
            named = matching(PROPORTION + "*", table.names)
        elif named and isinstance(columns.proportions, dict) and len(named) < len(columns.proportions):
            absent = next(column for column in columns.proportions.values() if column not in table.cells)
            raise missing(table, "proportions", absent)
        if named:
            shares, notes = shares_of(table, named, columns.weights_are_scaled)
            return shares[at], list(named), notes
    if rows.runs is None and rows.source.steps_are_tokens:
        hint = "event files hold no shares: give a table of run_id, n_params, proportion.*"
        raise UserError("--runs", "is missing", hint)
    error = missing(rows.runs or rows.source, "proportions", str(columns.proportions))
    hint = f"{error.hint}, or give --runs TABLE with run_id, n_params, proportion.*"
    raise UserError(error.where, error.problem, hint)


def _seeds(rows: JoinedRows, columns: Columns) -> Array:
    if isinstance(columns.seed, str):
        return rows.numbers(rows.needed(columns.seed, "seed"))
    if columns.seed is not None:
        return np.full(len(rows), float(columns.seed))
    return rows.numbers("seed") if "seed" in rows.names else np.full(len(rows), np.nan)


def _texts(rows: JoinedRows, columns: Columns) -> dict[str, NDArray[np.object_]]:
    """The columns of text that there are: of the contract's name, or as named."""
    found: dict[str, NDArray[np.object_]] = {}
    for field in ("parent_run_id", "organisation", "corpus_id"):
        wanted = getattr(columns, field)
        if field == "organisation" and wanted in ORGANISATIONS and wanted not in rows.names:
            found[field] = np.full(len(rows), wanted, dtype=object)
        elif wanted is not None:
            found[field] = rows.text(rows.needed(wanted, field))
        elif field in (rows.source.names if field == "parent_run_id" else rows.names):
            found[field] = rows.text(field)
    for row, word in enumerate(found.get("organisation", ())):
        if word and word not in ORGANISATIONS:
            where = rows.where(row, columns.organisation or "organisation")
            raise UserError(where, f"{word!r} is not one", f"write {' or '.join(ORGANISATIONS)}")
    return found


def _numbers(rows: JoinedRows, columns: Columns, run_ids: NDArray[np.object_]) -> dict[str, Array]:
    """Hyperparameters, unique tokens and FLOPs, by the names that they have in the runs table."""
    hyper, unique = rows.matching(columns, "hyper"), rows.matching(columns, "unique_tokens")
    found = {HYPER + name: filled(run_ids, rows.numbers(column)) for name, column in hyper.items()}
    found |= {UNIQUE + name: rows.numbers(column) for name, column in unique.items()}
    flops = columns.flops or ("flops" if "flops" in rows.source.cells else None)
    if flops is not None:
        found["flops"] = rows.numbers(rows.needed(flops, "flops"))
    return found


def _unread(rows: JoinedRows, columns: Columns, run_ids: NDArray[np.object_]) -> list[str]:
    """A line on columns that tell recipes apart, differ between runs, and are named nowhere: no guard sees them."""
    named = set(rows.matching(columns, "hyper").values())
    for value in columns.model_dump().values():
        named |= set(value.values()) if isinstance(value, dict) else {value} if isinstance(value, str) else set()
    found = []
    for name in rows.names:
        if name in named or name == "seed" or re.split(r"[/.]", name)[-1].lower() not in _RECIPE:
            continue
        pairs = {(run, word) for run, word in zip(run_ids, rows.text(name), strict=True) if word}
        if len({run for run, _ in pairs}) == len(pairs) and len({word for _, word in pairs}) > 1:
            found.append(name)
    if not found:
        return []
    mend = "name them in columns.yaml (hyper, seed, corpus_id), else fits mix their values without a word"
    return [f"{rows.path}: differ between runs and are not read: {listed(found)}; {mend}"]


def _annealed(rows: JoinedRows, columns: Columns) -> NDArray[np.object_]:
    """(rows,): True or False where the source or columns.yaml says it, else None."""
    if isinstance(columns.annealed, bool):
        return np.full(len(rows), columns.annealed, dtype=object)
    own = "annealed" if "annealed" in rows.source.cells else None
    column = own if columns.annealed is None else rows.needed(columns.annealed, "annealed")
    if column is None:
        return np.full(len(rows), None, dtype=object)
    words = rows.text(column)
    for row, word in enumerate(words):
        if word and word.lower() not in _TRUTH:
            raise UserError(rows.where(row, column), f"{word!r} is not true or false", "write one")
    return np.array([*(_TRUTH.get(word.lower()) for word in words), None], dtype=object)[:-1]
