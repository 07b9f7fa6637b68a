"""The one way to choose a point: an Optuna study that has been told what is known is asked for its next trial.

``codescale search`` asks a study that grows as its trials end, ``codescale suggest`` one that is made of a table. Both
are told and asked here, so that the same runs give the same next point.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import optuna
from optuna.trial import Trial, TrialState, create_trial

from codescale.search.samplers import stored_constraints
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.space import SearchPoint, SearchSpace


class NumberedSampler(Protocol):
    """A sampler whose suggestions depend on the number of the trial, which need not be Optuna's."""

    def begin(self, number: int) -> None:
        """The next suggestion is for trial ``number``."""
        ...


def propose(
    study: optuna.Study, sampler: NumberedSampler, space: SearchSpace, number: int
) -> tuple[Trial, SearchPoint]:
    """Trial ``number`` of ``study``, which is under way from now on, and its point: what was enqueued, or else what
    ``sampler``, the study's own, suggests after all that has ended and beside all that is under way.
    """
    sampler.begin(number)
    trial = study.ask(distributions(space))
    return trial, space.point(trial.params)


def enqueue(study: optuna.Study, space: SearchSpace, point: SearchPoint) -> None:
    """``point`` is what ``study`` proposes next. Raises ``ValueError`` where it lies outside ``space``."""
    study.enqueue_trial(typed(space.parameters(point)))


def add_trial(
    study: optuna.Study,
    space: SearchSpace,
    parameters: Mapping[str, Any],
    state: TrialState,
    value: float | None,
    attributes: Mapping[str, Any],
    evaluations: Mapping[int, float],
) -> None:
    """Tells ``study`` of a trial that it was never asked for.

    Parameters
    ----------
    parameters
        Where it is, as Optuna's trials hold a point (:func:`~codescale.search.space.distributions.typed`).
    state
        How it ended, or ``RUNNING``: it is under way.
    value
        Its objective where it came to its end, else None.
    attributes
        What samplers read beside the value (:mod:`~codescale.search.bayesopt.trial_reader`).
    evaluations
        Its objective by training tokens before the end.
    """
    study.add_trial(
        create_trial(
            state=state,
            value=value,
            params=dict(parameters),
            distributions=distributions(space),
            user_attrs=dict(attributes),
            system_attrs=stored_constraints(attributes),
            intermediate_values=dict(evaluations),
        )
    )
