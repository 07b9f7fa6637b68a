"""The pruner of an Optuna study decides as the rule does."""

from __future__ import annotations

import math

import optuna
import pytest

from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.optuna_pruner import CurvePruner
from codescale.search.pruning.rule import PruningRule
from tests.search.pruning.planted_curves import rate_curve


def test_the_optuna_pruner_is_the_same_rule() -> None:
    """A study that maximises minus the loss: every decision is the rule's, and the best trial is never pruned."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", pruner=CurvePruner(), sampler=optuna.samplers.RandomSampler(1))
    finished: list[LearningCurve] = []

    def objective(trial: optuna.Trial) -> float:
        rate = math.log(trial.suggest_float("rate", math.exp(-1), math.exp(1), log=True))
        level = trial.suggest_float("level", 2.0, 2.2)
        whole = rate_curve(level, rate)
        for k, (n, value) in enumerate(whole.points):
            trial.report(-value, n)
            ours = LearningCurve(whole.points[: k + 1], None, (level, rate))
            stops = PruningRule().should_prune(ours, finished)
            assert trial.should_prune() == stops
            if stops:
                raise optuna.TrialPruned
        assert whole.final is not None
        finished.append(LearningCurve(whole.points, whole.final, (level, rate)))
        return -whole.final

    study.optimize(objective, n_trials=30)
    states = [trial.state.name for trial in study.trials]
    assert states.count("PRUNED") > 8
    ends = [rate_curve(trial.params["level"], math.log(trial.params["rate"])).final or 0.0 for trial in study.trials]
    assert -study.best_value == pytest.approx(min(ends))


def test_a_study_of_several_objectives_has_no_best_to_prune_by() -> None:
    study = optuna.create_study(directions=["minimize", "minimize"])
    with pytest.raises(ValueError, match="one objective"):
        CurvePruner().prune(study, study.ask())  # type: ignore[arg-type]
