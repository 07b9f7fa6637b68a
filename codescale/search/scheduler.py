"""The stopping rule as a Tune scheduler: first come, first served, and what cannot win is stopped."""

from __future__ import annotations

from typing import Any

from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from codescale.search.ledger import Ledger
from codescale.search.stopping import Curve, StoppingRule


class EarlyCurveScheduler(FIFOScheduler):
    """Stops a trial at a look on its trunk where ``rule`` says so, given the finished curves of ``ledger``."""

    def __init__(self, rule: StoppingRule, ledger: Ledger) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rule, self.ledger = rule, ledger
        self._looks: dict[str, dict[int, float]] = {}

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """STOP or CONTINUE; a trial that was restarted repeats its looks, which counts once."""
        if result["outcome"] != "running" or result["annealed"]:
            return TrialScheduler.CONTINUE
        looks = self._looks.setdefault(trial.trial_id, {})
        looks[int(result["n_tokens"])] = float(result["objective"])
        curve = Curve(tuple(sorted(looks.items())))
        return TrialScheduler.STOP if self.rule.stops(curve, self.ledger.curves) else TrialScheduler.CONTINUE

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its settings for Tuner.restore, which is not used
