"""TensorBoard event files: one folder a run, losses as scalars, N and shares from a table of the runs.

Read by TensorBoard's own reader, which holds every scalar of a run in memory. Our own curves come back as they were:
tags `loss.<language>/annealed` and `loss.<language>/trunk`, steps that are tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from codescale.errors import UserError
from codescale.importing.columns import Columns, matching
from codescale.importing.loss_units import choose
from codescale.runs.records import LOSS, PROPORTION
from codescale.runs.table import LOSS_UNIT, RunsTable
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit

_EVENTS = "*tfevents*"
_KINDS = {"annealed": True, "trunk": False}


def has_events(folder: Path) -> bool:
    """Whether ``folder`` holds an event file, however deep."""
    return next(folder.rglob(_EVENTS), None) is not None


def read_event_files(folder: Path, columns: Columns, n_params: float | None, runs: str | Path | None) -> pa.Table:
    """The evaluations of every run below ``folder``.

    A run is called as its folder; ``runs`` is a runs table, with or without losses, that has a row for it. Steps are
    tokens, unless ``columns.tokens_per_step`` says how many a step has. Raises :class:`UserError` for a run that the
    table lacks, and where no tag is a loss.
    """
    if runs is None:
        raise UserError(
            "--runs", "is missing", "event files hold no shares: give a table of run_id, n_params, proportion.*"
        )
    known = read_runs(runs)
    place = {str(name): row for row, name in reversed(list(enumerate(known.run_id)))}
    place = {str(name): row for row, name in reversed(list(enumerate(known.trunk)))} | place
    rows = []
    for run in sorted({path.parent for path in folder.rglob(_EVENTS)}):
        name = run.relative_to(folder).as_posix() if run != folder else folder.name
        row = place.get(name, place.get(run.name))
        if row is None:
            raise UserError(f"{runs}, run_id", f"has no row for {name}", "add its n_params and proportions")
        rows += list(_run_rows(run, name if name in place else run.name, known, row, columns, n_params))
    if not rows:
        raise UserError(folder, f"no tag is a loss: none looks like {columns.losses}", "say what does in columns.yaml")
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def _run_rows(
    run: Path, name: str, known: RunsTable, row: int, columns: Columns, n_params: float | None
) -> Iterator[dict[str, Any]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(run), size_guidance={"scalars": 0})
    reader.Reload()
    by_step: dict[tuple[int, bool], dict[str, float]] = {}
    chosen = choose(str(run), matching(columns.losses, reader.Tags()["scalars"]), columns.loss_unit)
    for language, tag in chosen.losses.items():
        target, _, kind = language.rpartition("/")
        annealed = _KINDS.get(kind, True)
        for event in reader.Scalars(tag):
            losses = by_step.setdefault((event.step, annealed), {})
            losses[target if kind in _KINDS else language] = float(event.value)
    for (step, annealed), losses in sorted(by_step.items()):
        finite = all(np.isfinite(value) for value in losses.values())
        yield {
            "run_id": f"{name}@{step}" if annealed else name,
            "parent_run_id": name if annealed else None,
            "n_params": float(n_params or known.n_params[row]),
            "n_tokens": step * (columns.tokens_per_step or 1.0),
            "annealed": annealed,
            "status": "ok" if finite else "diverged",
            **({} if chosen.unit is LossUnit.NATS_PER_TOKEN else {LOSS_UNIT: chosen.unit.value}),
            **{PROPORTION + domain: float(known.proportions[row, k]) for k, domain in enumerate(known.domains)},
            **{LOSS + target: value for target, value in losses.items() if np.isfinite(value)},
        }
