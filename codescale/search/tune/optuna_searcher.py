"""Ray's search by Optuna, asked for points of the space and told of runs by their records.

Ray's ``OptunaSearch`` tells Optuna COMPLETE, with the truncated loss, for a trial that a scheduler stopped. Here a
trial is told from its record, the same way live and in a replay: COMPLETE with its annealed objective and nothing else,
PRUNED with its looks as intermediate values, FAIL where it diverged.

How a run ended as a trial, in Optuna's words: the one reading of a record that sampler and dashboard are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import optuna
from optuna.trial import TrialState, create_trial
from ray.tune.search.optuna import OptunaSearch

from codescale.runs.records import RunRecord
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.trial_reader import DIVERGED, INTERMEDIATE_LOSSES, LOSSES
from codescale.search.objective.objective import Objective
from codescale.search.samplers import SeededByTrial
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.search.trials.history import state_of


class PointSearch(OptunaSearch):
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
        self.study.enqueue_trial(self.parameters(point))

    def ask_point(self, trial_id: str, number: int, wanted: SearchPoint | None) -> SearchPoint:
        """The point of trial ``number``: what was enqueued, or what the sampler suggests, or else what is ``wanted``.

        A wanted point is first asked for like any other, so that a sampler with a memory (CMA-ES) sees in a replay
        what it saw live. Trials that ran at once were asked in an order that no record tells: then the suggestion
        differs and is withdrawn, and the wanted point is put in its place.
        """
        self.trial_sampler.begin(number)
        point = self.space.point(super().suggest(trial_id) or {})
        if wanted is None or point.same(wanted):
            return point
        self.withdraw(trial_id)
        self.enqueue(wanted)
        super().suggest(trial_id)
        return wanted

    def withdraw(self, trial_id: str) -> None:
        """The trial is told FAIL, of which no sampler learns."""
        self.study.tell(self._ot_trials.pop(trial_id), state=TrialState.FAIL)

    def tell_end(self, trial_id: str, end: TrialEnd) -> None:
        """The trial that was asked for has ended."""
        trial = self._ot_trials[trial_id]
        for tokens, value in end.looks:
            trial.report(value, tokens)
        for name, told in end.attributes.items():
            trial.set_user_attr(name, told)
        self.study.tell(trial, end.value, state=end.state)
        self._completed_trials.add(trial_id)

    def add_ended(self, parameters: dict[str, Any], end: TrialEnd) -> None:
        """A trial at ``parameters`` that was never asked for."""
        self.study.add_trial(
            create_trial(
                state=end.state, value=end.value, params=parameters,
                distributions=distributions(self.space), user_attrs=end.attributes,
                intermediate_values=dict(end.looks),
            )
        )  # fmt: skip


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
    attributes: dict[str, Any] = {LOSSES: objective.losses(record), INTERMEDIATE_LOSSES: objective.looks(record)}
    if state == TrialState.FAIL:
        attributes[DIVERGED] = True
    return TrialEnd(state, curve.points, curve.final if state == TrialState.COMPLETE else None, attributes)
