"""The runs table of a source's rows: rows that measure nothing left out and counted, those of one step joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.contract.measurements import diverged_runs, ends_of_runs, joined_by_step
from codescale.importing.contract.rows import ContractRows, read_rows
from codescale.importing.contract.run_names import check_constant, check_mixtures
from codescale.importing.contract.run_status import status_note
from codescale.importing.contract.targets import Targets
from codescale.importing.contract.training_tokens import Scale
from codescale.importing.joined_rows import JoinedRows
from codescale.importing.loss_units import told
from codescale.importing.readers.source_table import SourceTable, listed
from codescale.runs.records import LOSS, METRIC, PROPORTION


def evaluations(
    rows: JoinedRows, columns: Columns, scale: Scale, results: SourceTable | None = None
) -> tuple[pa.Table, list[str]]:
    """The runs table of ``rows``, and a line for everything that was decided or left out on the way.

    ``results`` is given where any column of it may be a loss (:func:`target_columns`). Raises :class:`UserError` that
    names the file, the row and the column of what is missing or wrong.
    """
    found, domains, targets, notes = read_rows(rows, columns, scale, results)
    kept, left_out = _kept(rows, found)
    source, found = rows.take(kept), found.take(kept)
    _check_complete(source, found)
    check_constant(source, found.run_ids, found.n_params, "n_params")
    check_constant(source, found.run_ids, found.seed, "seed")
    changing = check_mixtures(source, found.run_ids, found.shares, found.n_tokens, found.status)
    first, measurements = joined_by_step(
        source, found.run_ids, found.n_tokens, found.measurements, [*targets.losses, *targets.metrics]
    )
    found = replace(found.take(first), measurements=measurements)
    status = _status(found)
    annealed, curves = _annealed(rows, found)
    table = _table(found, domains, targets) | {"status": status.tolist(), "annealed": annealed.tolist()}
    notes += left_out + changing + status_note(rows, found.run_ids, status) + curves
    runs = pa.table({name: pa.array(values, from_pandas=True) for name, values in table.items()})
    return told(runs, targets.unit), notes


def _table(found: ContractRows, domains: Sequence[str], targets: Targets) -> dict[str, Any]:
    """The columns of the runs table, in its order; status and annealed are still to be said."""
    table: dict[str, Any] = {"run_id": found.run_ids.tolist()}
    table |= {name: [word or None for word in words] for name, words in found.texts.items()}
    table |= {"status": None, "annealed": None, "n_params": found.n_params, "n_tokens": found.n_tokens}
    if np.isfinite(found.seed).any():
        table["seed"] = found.seed
    table |= {PROPORTION + name: found.shares[:, k] for k, name in enumerate(domains)}
    table |= {LOSS + name: found.measurements.losses[:, k] for k, name in enumerate(targets.losses)}
    table |= {METRIC + name: found.measurements.metrics[:, k] for k, name in enumerate(targets.metrics)}
    return table | found.numbers


def _kept(rows: JoinedRows, found: ContractRows) -> tuple[NDArray[np.intp], list[str]]:
    """The rows to keep, and the others counted by reason. Raises :class:`UserError` where none is left."""
    measured, tokens = found.measurements.measured, found.n_tokens
    reasons = {
        "without a loss, between evaluations": ~measured,
        "with a loss, and without a step or tokens": measured & np.isnan(tokens),
        "evaluated before the first step": measured & (tokens <= 0),
    }
    notes = [f"{rows.path}: left out {int(out.sum()):,} rows {why}" for why, out in reasons.items() if out.any()]
    keep = np.flatnonzero(measured & (tokens > 0))
    infinite = keep[np.isinf(tokens[keep])]
    if len(infinite):
        raise UserError(rows.source.where(int(infinite[0])), "has infinitely many tokens", "give a count")
    present = set(found.run_ids[keep])
    gone = dict.fromkeys(name for name in found.run_ids if name not in present)
    if gone and len(keep):
        notes.append(f"{rows.path}: {len(gone):,} runs have no loss at all, and are left out: {listed(gone)}")
    if not len(keep):
        what = "; ".join(note.partition(": ")[2] for note in notes) or "it has no rows"
        raise UserError(rows.path, f"no row has a loss ({what})", "name the columns of losses in columns.yaml")
    return keep, notes


def _check_complete(rows: JoinedRows, found: ContractRows) -> None:
    sizes = found.n_params
    for name, wrong in (("n_params", ~(np.isfinite(sizes) & (sizes > 0))), ("shares", np.isnan(found.shares[:, 0]))):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            absent = name == "shares" or np.isnan(sizes[row])
            problem = "has none" if absent else f"{sizes[row]:g} is not a positive number"
            raise UserError(rows.source.where(row, name), problem, "give every run its N and its shares")


def _status(found: ContractRows) -> NDArray[np.object_]:
    """(rows,): how each row's run ended: as the source says, else by its last losses."""
    diverged = diverged_runs(found.run_ids, found.n_tokens, found.measurements)
    status = np.where(found.status == "", "ok", found.status)
    last = np.isin(found.run_ids, sorted(diverged))
    return np.where((status == "ok") & last, "diverged", status).astype(object)


def _annealed(rows: JoinedRows, found: ContractRows) -> tuple[NDArray[np.bool_], list[str]]:
    """(rows,): which rows are final losses, by what the source says, else a run's last; and how many are curves.

    A run that others name as their parent is a trunk: its learning rate was not lowered where they branched from it.
    """
    trunks = set(found.texts.get("parent_run_id", ())) - {""}
    of_trunk = np.isin(found.run_ids, sorted(trunks))
    ends = ends_of_runs(found.run_ids, found.n_tokens, found.measurements) & ~of_trunk
    unsaid = np.array([said is None for said in found.annealed], dtype=bool)
    annealed = np.where(unsaid, ends, found.annealed == np.True_).astype(bool)
    curves = int((unsaid & ~ends).sum())
    if not curves:
        return annealed, []
    known = set(found.run_ids[unsaid & of_trunk])
    branched = f", or along the {len(known):,} runs that others branch from (parent_run_id)" if known else ""
    return annealed, [
        f"{rows.path}: {curves:,} of {len(found):,} rows are curves, measured before their run's end{branched}: fits "
        "take the last evaluation of each run; annealed in columns.yaml says otherwise"
    ]
