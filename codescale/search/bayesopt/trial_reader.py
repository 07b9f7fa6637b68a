"""What the trials of an Optuna study tell, as the rows that a surrogate learns from.

A finished trial tells its losses by target in the user attribute :data:`LOSSES`, or only its objective. One that was
stopped tells the losses of its evaluations in :data:`INTERMEDIATE_LOSSES`, or only the objective at each, as it was
reported; its row holds the end that finished trials with such evaluations foretell, and the more doubt the less they
were like it
(:mod:`~codescale.search.bayesopt.imputation`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from codescale.arrays import Array
from codescale.search.bayesopt.dataset import Measured, Points
from codescale.search.bayesopt.imputation import foretold_ends
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.space import SearchSpace

LOSSES = "losses"
"""The user attribute of a finished trial that holds its loss by target, nats per token."""
INTERMEDIATE_LOSSES = "looks"
"""The user attribute that holds, by step, the losses by target before the end: {"1000": {"python": 2.1}}."""
DIVERGED = "diverged"
"""The user attribute of a failed trial whose training diverged; other failures tell nothing of their point."""
WHOLE = "objective"
"""The one target of a search that is told no losses by target."""

_MOST_CURVES = 200
_MOST_PRUNED = 100
"""Of the latest trials: more would hardly change what is believed, and every suggestion goes through them."""


@dataclass(frozen=True)
class Kind:
    """What the values of a study are: ``targets``, whether by target (else objectives as they are), whether losses."""

    targets: tuple[str, ...]
    by_target: bool
    losses: bool


@dataclass(frozen=True)
class _Row:
    """An ended trial: its shares and scaled hyperparameters (``place``), log N and log D (``scale``), the ``losses`` it
    told (targets,), and its ``objectives``, the smaller the better; NaN where it was stopped.
    """

    place: tuple[Array, Array]
    scale: tuple[float, float]
    losses: Array | None
    objectives: Array

    def values(self, kind: Kind) -> Array:
        """(targets,): what a surrogate of ``kind`` learns of the end."""
        return self.losses if kind.by_target and self.losses is not None else self.objectives


class Reader:
    """Reads studies of ``space``; ``weights``: target to weight, ``scale``: log N and log D of a trial that does not
    say its own. What a trial told when it ended is read once.
    """

    def __init__(
        self, space: SearchSpace, region: FeasibleRegion, weights: Mapping[str, float], scale: tuple[float, float]
    ) -> None:
        self.space, self.region, self.weights, self.scale = space, region, dict(weights), scale
        self._rows: dict[tuple[str, int], _Row] = {}
        self._telling: dict[str, dict[int, bool]] = {}
        self._places: dict[tuple[float, ...], tuple[Array, Array]] = {}

    def ended(self, study: Study) -> list[FrozenTrial]:
        """The trials of ``study`` that tell something, in order: finished, or stopped with a look."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        telling = self._telling.setdefault(study.study_name, {})
        if len(telling) < len(trials):
            for trial in trials:
                if trial.number not in telling:
                    looked = len(study.directions) == 1 and bool(trial.intermediate_values)
                    tells = trial.state == TrialState.COMPLETE or looked
                    telling[trial.number] = tells and self._place(trial) is not None
        return trials if all(telling.values()) else [trial for trial in trials if telling[trial.number]]

    def diverged(self, study: Study) -> tuple[Array, Array]:
        """Shares and scaled hyperparameters of the trials of ``study`` that diverged."""
        failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        return self._placed(trial for trial in failed if trial.user_attrs.get(DIVERGED))

    def under_way(self, study: Study, besides: FrozenTrial) -> tuple[Array, Array]:
        """Shares and scaled hyperparameters of the trials of ``study`` that run ``besides`` one."""
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return self._placed(trial for trial in running if trial.number != besides.number)

    def kind(self, study: Study, trials: Sequence[FrozenTrial]) -> Kind:
        """What the finished ones of ``trials`` tell."""
        rows = [self._row(study, trial) for trial in trials if trial.state == TrialState.COMPLETE]
        directions = signs(study)
        by_target = bool(self.weights) and len(directions) == 1 and all(row.losses is not None for row in rows)
        if by_target:
            positive = all((row.losses > 0).all() for row in rows if row.losses is not None)
            return Kind(tuple(self.weights), True, positive)
        positive = bool((directions > 0).all()) and all((row.objectives > 0).all() for row in rows)
        return Kind(tuple(f"{WHOLE}_{k}" for k in range(len(directions))), False, positive)

    def measured(self, study: Study, trials: Sequence[FrozenTrial], kind: Kind) -> Measured:
        """The rows of ``trials``: those that finished, then those that were stopped."""
        finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        rows = [self._row(study, trial) for trial in finished]
        ends = [
            (trial, np.append(row.objectives[:1], row.values(kind)))
            for trial, row in zip(finished[-_MOST_CURVES:], rows[-_MOST_CURVES:], strict=True)
        ]
        stopped = [trial for trial in trials if trial.state == TrialState.PRUNED][-_MOST_PRUNED:]
        foretold = foretold_ends(stopped, ends, partial(self._look, kind, float(signs(study)[0])))
        values = [*(row.values(kind) for row in rows), *(one.values for one in foretold)]
        objective = [*(float(row.objectives[0]) for row in rows), *(one.objective for one in foretold)]
        doubt = [*(1.0 for _ in rows), *(one.doubt for one in foretold)]
        points = self._points([*rows, *(self._row(study, one.trial) for one in foretold)])
        told = Measured(points, _stacked(values, len(kind.targets)), np.array(objective), np.array(doubt))
        return _logarithms(told) if kind.losses else told

    def _place(self, trial: FrozenTrial) -> tuple[Array, Array] | None:
        """Shares and scaled hyperparameters of ``trial``; None where it has not all parameters of the space."""
        params, names = trial.params, self.space.names
        if any(name not in params for name in names):
            return None
        key = tuple(params[name] for name in names)
        if key not in self._places:
            point = self.space.point(params)
            self._places[key] = point.mixture.array(self.region.domains), self.region.scaled(point.hyper)
        return self._places[key]

    def _placed(self, trials: Iterable[FrozenTrial]) -> tuple[Array, Array]:
        places = [self._place(trial) for trial in trials]
        return self._arrays([place for place in places if place is not None])

    def _arrays(self, places: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Shares (rows, domains) and scaled hyperparameters (rows, hyperparameters) of ``places``."""
        shares, hyper = [place[0] for place in places], [place[1] for place in places]
        return _stacked(shares, len(self.region.domains)), _stacked(hyper, len(self.space.hyperparameters))

    def _points(self, rows: Sequence[_Row]) -> Points:
        log_params, log_tokens = (np.array([row.scale[k] for row in rows]) for k in (0, 1))
        return Points(log_params, log_tokens, *self._arrays([row.place for row in rows]))

    def _row(self, study: Study, trial: FrozenTrial) -> _Row:
        key = study.study_name, trial.number
        if key not in self._rows:
            place = self._place(trial)
            assert place is not None
            attributes = trial.user_attrs
            scale = tuple(
                float(np.log(attributes[name])) if name in attributes else own
                for name, own in zip(("n_params", "n_tokens"), self.scale, strict=True)
            )
            objectives = np.array(trial.values if trial.state == TrialState.COMPLETE else [np.nan])
            losses = self._losses(attributes.get(LOSSES))
            self._rows[key] = _Row(place, (scale[0], scale[1]), losses, signs(study) * objectives)
        return self._rows[key]

    def _losses(self, told: Any) -> Array | None:
        """(targets,): the losses that ``told`` names; None where one is missing or not finite."""
        if not isinstance(told, Mapping) or any(name not in told for name in self.weights):
            return None
        losses = np.array([float(told[name]) for name in self.weights])
        return losses if np.isfinite(losses).all() else None

    def _look(self, kind: Kind, sign: float, trial: FrozenTrial, step: int) -> Array | None:
        """(1 + targets,): the objective of ``trial`` at ``step``, and its values; None where they are not known."""
        objective = sign * trial.intermediate_values[step]
        values: Array | None = np.array([objective])
        if kind.by_target:
            told = trial.user_attrs.get(INTERMEDIATE_LOSSES)
            values = self._losses(told.get(str(step))) if isinstance(told, Mapping) else None
        return None if values is None or not np.isfinite(objective) else np.append(objective, values)


def signs(study: Study) -> Array:
    """(objectives,): -1 for each of which more is better, so that the less is the better."""
    return np.array([-1.0 if one == StudyDirection.MAXIMIZE else 1.0 for one in study.directions])


def _stacked(rows: Sequence[Array], columns: int) -> Array:
    return np.array(rows, dtype=float).reshape(len(rows), columns)


def _logarithms(told: Measured) -> Measured:
    """``told`` with log losses for its losses, without rows that have one of 0 or less."""
    usable = (told.values > 0).all(axis=1)
    values = np.log(np.maximum(told.values, 1e-300))
    return Measured(told.points, values, told.objective, told.doubt).select(np.asarray(usable))
