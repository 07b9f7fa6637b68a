"""How a run ended as a trial, in Optuna's words: the one reading of a record that sampler and dashboard are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optuna.trial import TrialState

from codescale.runs import RunRecord
from codescale.search.ledger import state_of
from codescale.search.objective import Objective
from codescale.search.told import DIVERGED, LOOKS, LOSSES


@dataclass(frozen=True)
class TrialEnd:
    """How a trial ended: its ``state``, the ``looks`` on its trunk by tokens, which are Optuna's intermediate values,
    its ``value`` (None unless COMPLETE), and the user attributes that a sampler reads.
    """

    state: TrialState
    looks: tuple[tuple[int, float], ...]
    value: float | None
    attributes: dict[str, Any]


def end_of(record: RunRecord, objective: Objective) -> TrialEnd:
    """How the run of ``record`` ended as a trial of a search for ``objective``."""
    curve = objective.curve(record)
    state = TrialState[state_of(record, curve)]
    attributes: dict[str, Any] = {LOSSES: objective.losses(record), LOOKS: objective.looks(record)}
    if state == TrialState.FAIL:
        attributes[DIVERGED] = True
    return TrialEnd(state, curve.points, curve.final if state == TrialState.COMPLETE else None, attributes)
