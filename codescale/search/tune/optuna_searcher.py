"""Ray's search by Optuna, asked for points of the space and told of runs by their records.

Ray's ``OptunaSearch`` tells Optuna COMPLETE, with the truncated loss, for a trial that a scheduler stopped. Here a
trial is told from its record, the same way live and in a replay: COMPLETE with its annealed objective and nothing else,
PRUNED with its evaluations as intermediate values, FAIL where it diverged.
"""

from __future__ import annotations

from typing import Any, cast

import optuna
from optuna.trial import TrialState
from ray.tune.search.optuna import OptunaSearch

from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.proposal import add_trial, enqueue, propose
from codescale.search.samplers import SeededByTrial
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.search.trials.outcome import TrialOutcome


class OptunaPointSearcher(OptunaSearch):
    """Asks ``sampler`` for points of ``space`` and tells it how they ended. Tune's names of trials are ``trial_id``."""

    def __init__(self, space: SearchSpace, sampler: SeededByTrial | LawSampler) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        super().__init__(space=distributions(space), metric="objective", mode="min", sampler=sampler)
        self.space, self.trial_sampler = space, sampler

    @property
    def study(self) -> optuna.Study:
        """Optuna's study, in memory."""
        study: Any = self._ot_study  # made by the base class, which has a space from the start
        return cast(optuna.Study, study)

    def parameters(self, point: SearchPoint) -> dict[str, Any]:
        """``point`` as Optuna's trials hold it. Raises ``ValueError`` where it lies outside the space."""
        return typed(self.space.parameters(point))

    def enqueue(self, point: SearchPoint) -> None:
        """``point`` is what is asked for next."""
        enqueue(self.study, self.space, point)

    def ask_point(self, trial_id: str, number: int, wanted: SearchPoint | None) -> SearchPoint:
        """The point of trial ``number``: what was enqueued, or what the sampler suggests, or else what is ``wanted``.

        A wanted point is first asked for like any other, so that a sampler with a memory (CMA-ES) sees in a replay
        what it saw live. Trials that ran at once were asked in an order that no record tells: then the suggestion
        differs and is withdrawn, and the wanted point is put in its place.
        """
        self._ot_trials[trial_id], point = propose(self.study, self.trial_sampler, self.space, number)
        if wanted is None or point.same(wanted):
            return point
        self.withdraw(trial_id)
        self.enqueue(wanted)
        self._ot_trials[trial_id], _ = propose(self.study, self.trial_sampler, self.space, number)
        return wanted

    def withdraw(self, trial_id: str) -> None:
        """The trial is told FAIL, of which no sampler learns."""
        self.study.tell(self._ot_trials.pop(trial_id), state=TrialState.FAIL)

    def tell_outcome(self, trial_id: str, outcome: TrialOutcome, attributes: dict[str, Any]) -> None:
        """The trial that was asked for has ended; ``attributes``: what samplers read of it beside its value."""
        trial = self._ot_trials[trial_id]
        for tokens, value in outcome.curve.points:
            trial.report(value, tokens)
        for name, told in attributes.items():
            trial.set_user_attr(name, told)
        self.study.tell(trial, outcome.value, state=TrialState[outcome.status])
        self._completed_trials.add(trial_id)

    def add_outcome(self, parameters: dict[str, Any], outcome: TrialOutcome, attributes: dict[str, Any]) -> None:
        """A trial at ``parameters`` that was never asked for, with its ``attributes``."""
        add_trial(
            self.study,
            self.space,
            parameters,
            TrialState[outcome.status],
            outcome.value,
            attributes,
            dict(outcome.curve.points),
        )
