"""Stopping as a Tune scheduler: by the rule of early curves, or by successive halving (ASHA)."""

from __future__ import annotations

from typing import Any

from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, TrialScheduler

from codescale.runs.records import RunRecord
from codescale.search.pruning.rule import PruningRule
from codescale.search.trials.history import TrialHistory

REDUCTION = 2
"""Of the trials at a rung of ASHA, one in so many goes on."""


class EarlyCurveScheduler(FIFOScheduler):
    """Stops a trial at an evaluation on its trunk where ``rule`` says so, given the finished curves of ``history``."""

    def __init__(self, rule: PruningRule, history: TrialHistory) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rule, self.history = rule, history

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """STOP or CONTINUE. The report's record holds the whole curve, whatever happened to the worker before."""
        if result["outcome"] != "running" or result["annealed"]:
            return TrialScheduler.CONTINUE
        curve = self.history.objective.curve(RunRecord.model_validate_json(result["record"]))
        return TrialScheduler.STOP if self.history.should_prune(self.rule, curve) else TrialScheduler.CONTINUE

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its settings for Tuner.restore, which is not used


def successive_halving(n_tokens: int, evaluations: int) -> TrialScheduler:
    """Tune's ASHA (Li et al. 2020, "A system for massively parallel hyperparameter tuning", MLSys) over tokens.

    Rungs begin at the first of ``evaluations`` on the trunk. Losses at one rung are of equal schedule; that some
    learning rates gain more by their cooldown than others is what it does not know.
    """
    first = max(1, n_tokens // (evaluations + 2))
    return ASHAScheduler(
        time_attr="n_tokens",
        metric="objective",
        mode="min",
        max_t=2
        * n_tokens,  # what ends a trial is its schedule; ASHA must not, for its last evaluation is the annealed one
        grace_period=first,
        reduction_factor=REDUCTION,
    )
