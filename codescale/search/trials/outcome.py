"""How a trial ended: the one reading of its record that Optuna, the history and the mirror are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from codescale.runs.records import RunRecord
from codescale.search.bayesopt.trial_reader import DIVERGED, INTERMEDIATE_LOSSES, LOSSES
from codescale.search.objective.objective import Objective
from codescale.search.pruning.curve import LearningCurve
from codescale.search.result import TrialStatus


@dataclass(frozen=True)
class TrialOutcome:
    """The run of ``record`` as a trial of a search.

    Parameters
    ----------
    record
        What was trained, and what that cost.
    curve
        Its learning curve towards the objective (nats per token), derived once.
    status
        COMPLETE only with an annealed end; PRUNED where it was stopped; FAIL where it diverged or ended otherwise.
    losses
        The losses (nats per token) at the annealed end of the languages that weigh or that a rule of no harm protects;
        None where there is no such end, or the objective is more than a mean of losses.
    trunk_losses
        The same on the trunk, by training tokens.
    """

    record: RunRecord
    curve: LearningCurve
    status: TrialStatus
    losses: dict[str, float] | None
    trunk_losses: dict[str, dict[str, float]]

    @classmethod
    def of(cls, record: RunRecord, objective: Objective) -> TrialOutcome:
        """How the run of ``record`` ended as a trial of a search for ``objective``."""
        curve = objective.curve(record)
        final, trunk = objective.final_losses(record, curve), objective.trunk_losses(record)
        return cls(record, curve, _status(record, curve), final, trunk)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.record.spec.run_id

    @property
    def value(self) -> float | None:
        """The objective at the annealed end (nats per token); None unless COMPLETE."""
        return self.curve.final if self.status == "COMPLETE" else None

    @property
    def attributes(self) -> dict[str, Any]:
        """What a sampler reads beside the value: Optuna's user attributes of the trial."""
        diverged = {DIVERGED: True} if self.status == "FAIL" else {}
        return {LOSSES: self.losses, INTERMEDIATE_LOSSES: self.trunk_losses, **diverged}


def _status(record: RunRecord, curve: LearningCurve) -> TrialStatus:
    if record.status == "ok" and curve.final is not None:
        return "COMPLETE"
    return "PRUNED" if record.status == "pruned" else "FAIL"
