"""What the stored law says of the finished runs: the bridge from the law to the figures that judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.laws.fitting.calibration import share_interval
from codescale.laws.forms.registry import BASELINES
from codescale.laws.law import Law
from codescale.laws.observations import distinct_tokens
from codescale.report.figures.law import HeldOutError, Pairing
from codescale.runs.table import RunsTable

_STAGES = ("mixture", "trial")


@dataclass(frozen=True)
class Claim:
    """What the law in use foretold of one kind of hold-out, beside how it was: the mean relative ``error``, the one
    ``foretold``, and the share of losses ``inside`` its 90 % intervals, ``low`` to ``high`` by that many ``trunks``.
    """

    kind: str
    error: float
    foretold: float
    inside: float
    low: float
    high: float
    trunks: int


def _finished(runs: RunsTable) -> tuple[RunsTable, NDArray[np.object_]]:
    """The finished mixture runs and trials, and the stage of each; none in a table that names no stages.

    Second tries at a lower learning rate are not what the law foretells.
    """
    if runs.table is None or "stage" not in runs.table.column_names:
        return runs.select(np.zeros(len(runs), dtype=bool)), np.array([], dtype=object)
    stages = np.array([str(stage) for stage in runs.table["stage"].to_pylist()], dtype=object)
    keep = np.isin(stages, _STAGES) & (runs.status == "ok") & runs.annealed & ~runs.retried
    return runs.select(keep), stages[keep]


def _used(runs: RunsTable) -> set[str]:
    """The domains that any of the runs was trained on."""
    totals = runs.proportions.sum(axis=0)
    return {name for name, total in zip(runs.domains, totals, strict=True) if total > 0}


def pairings(law: Law, runs: RunsTable, weights: Mapping[str, float]) -> list[Pairing] | None:
    """Measured and predicted objective of every finished mixture run and trial; None where the law cannot say.

    The objective is the weighted mean of the losses (in the law's unit, validation). Runs that lack a weighted loss are
    left out. The law cannot say where a weighted language is no target of it, or a trained one no domain, nor of losses
    in another unit.
    """
    finished, stages = _finished(runs)
    if len(finished) == 0:
        return []
    counted = [name for name, weight in weights.items() if weight > 0]
    if (
        not counted
        or runs.loss_unit is not law.loss_unit
        or not set(counted) <= set(law.targets) & set(runs.targets)
        or not _used(finished) <= set(law.domains)
    ):
        return None
    weight = np.array([weights[name] for name in counted])
    weight /= weight.sum()
    measured = finished.losses[:, [finished.targets.index(name) for name in counted]] @ weight
    shares = np.array([mixture.array(law.domains) for mixture in finished.mixtures])
    unique = distinct_tokens(finished, law.domains)
    predicted = law.predict(finished.n_params, finished.n_tokens, shares, unique).losses
    objective = predicted[:, [law.targets.index(name) for name in counted]] @ weight
    return [
        Pairing(str(stage), float(m), float(p))
        for stage, m, p in zip(stages, measured, objective, strict=True)
        if np.isfinite(m) and np.isfinite(p)
    ]


def held_out_errors(law: Law) -> list[HeldOutError]:
    """The mean relative error on held-out runs of every law that was tried and of the baselines, best first."""
    errors = [
        HeldOutError(name, score.error, score.splits, name in BASELINES, name == law.name)
        for name, score in law.held_out.items()
    ]
    return sorted(errors, key=lambda candidate: candidate.error)


def claims_on_hold_outs(law: Law) -> list[Claim]:
    """By kind of hold-out; none in law files of before, and where nothing was held out."""
    own = law.held_out.get(law.name)
    if own is None:
        return []
    return [
        Claim(
            kind,
            own.splits[kind],
            own.foretold[kind],
            share,
            *share_interval(share, own.trunks[kind]),
            own.trunks[kind],
        )
        for kind, share in own.inside.items()
        if kind in own.splits and kind in own.foretold and own.trunks.get(kind, 0) > 0
    ]
