"""The pruning rule as an Optuna pruner, for any Optuna study.

    study = optuna.create_study(pruner=CurvePruner())
    def objective(trial):
        rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
        for tokens, loss in trunk(rate):
            trial.report(loss, tokens)
            if trial.should_prune():
                raise optuna.TrialPruned
        return annealed_loss(rate)

What a trial reports is its trunk, before any cooldown; what it returns is its final loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from optuna.distributions import CategoricalDistribution
from optuna.pruners import BasePruner
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.rule import PruningRule


class CurvePruner(BasePruner):
    """Prunes a trial whose chance of beating the best is too small (docs/pruning.md).

    Parameters
    ----------
    rule
        By default :class:`~codescale.search.pruning.rule.PruningRule` as it is.
    settings
        The parameters that how deep the loss falls in the end may depend on, such as the learning rate; by default all
        numbers.

    Raises
    ------
    ValueError
        When pruning, in a study of several objectives, of which none is the best.
    """

    def __init__(self, rule: PruningRule | None = None, settings: Sequence[str] | None = None) -> None:
        self._rule = rule or PruningRule()
        self._settings = None if settings is None else tuple(settings)

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether ``trial`` is to be stopped after its latest report."""
        if len(study.directions) > 1:
            raise ValueError("CurvePruner needs a study of one objective")
        sign = -1.0 if study.direction == StudyDirection.MAXIMIZE else 1.0
        finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        curves = [self._curve(other, sign) for other in finished]
        return self._rule.should_prune(self._curve(trial, sign), curves)

    def _curve(self, trial: FrozenTrial, sign: float) -> LearningCurve:
        reports = sorted(trial.intermediate_values.items())
        points = tuple((step, sign * value) for step, value in reports if step > 0 and math.isfinite(value))
        final = sign * trial.value if trial.state == TrialState.COMPLETE and trial.value is not None else None
        return LearningCurve(points, final, self._settings_of(trial))

    def _settings_of(self, trial: FrozenTrial) -> tuple[float, ...]:
        """Numbers, logarithms of those that are searched on a logarithmic scale; choices by name have no order."""
        names = sorted(trial.params) if self._settings is None else self._settings
        found = []
        for name in names:
            if name not in trial.params or isinstance(trial.distributions[name], CategoricalDistribution):
                continue
            value = float(trial.params[name])
            found.append(math.log(value) if getattr(trial.distributions[name], "log", False) else value)
        return tuple(found)
