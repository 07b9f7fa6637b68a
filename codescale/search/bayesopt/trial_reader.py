"""Reads the trials of an Optuna study as the rows that a surrogate learns from.

    d  domains;  h  hyperparameters;  t  targets

A finished trial names its losses by target in the user attribute :data:`LOSSES`, or has its objective only. One that
was pruned names the losses of its evaluations in :data:`INTERMEDIATE_LOSSES`, or has only the objective at each, as it
was reported; its row holds the end that finished trials with such evaluations predict, with more noise the less they
were like it (:mod:`~codescale.search.bayesopt.imputation`).
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
from codescale.search.bayesopt.dataset import Dataset, LogScale, ScaledPoints
from codescale.search.bayesopt.imputation import impute_pruned_trials
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS, BayesOptSettings
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points

LOSSES = "losses"
"""The user attribute of a finished trial that holds its loss by target, nats per token."""
INTERMEDIATE_LOSSES = "looks"
"""The user attribute that holds, by step, the losses by target before the end: {"1000": {"python": 2.1}}."""
DIVERGED = "diverged"
"""The user attribute of a failed trial whose training diverged; other failures tell nothing of their point."""


@dataclass(frozen=True)
class ObjectiveKind:
    """What the values of a study are: ``targets``, whether by target (else objectives as they are), and whether their
    logarithms are learned, as those of losses are.
    """

    targets: tuple[str, ...]
    by_target: bool
    log_losses: bool


@dataclass(frozen=True)
class _TrialRow:
    """An ended trial: its ``point``, the ``scale`` it was trained at, its ``losses`` (t,), and its ``objectives``, the
    smaller the better; NaN where it was pruned.
    """

    point: Points
    scale: LogScale
    losses: Array | None
    objectives: Array

    def values(self, kind: ObjectiveKind) -> Array:
        """(t,): what a surrogate of ``kind`` learns of the end."""
        return self.losses if kind.by_target and self.losses is not None else self.objectives


class TrialReader:
    """Reads studies of a search space. What a trial said when it ended is read once.

    Parameters
    ----------
    region
        The points of the space.
    weights
        Target to weight in the objective.
    scale
        That of a trial that does not name its own.
    """

    def __init__(
        self,
        region: FeasibleRegion,
        weights: Mapping[str, float],
        scale: LogScale,
        settings: BayesOptSettings = DEFAULT_SETTINGS,
    ) -> None:
        self.space, self.region, self.weights, self.scale = region.space, region, dict(weights), scale
        self.settings = settings
        self._rows: dict[tuple[str, int], _TrialRow] = {}
        self._informative: dict[str, dict[int, bool]] = {}
        self._points: dict[tuple[float, ...], Points] = {}

    def ended(self, study: Study) -> list[FrozenTrial]:
        """The trials of ``study`` that tell something, in order: finished, or pruned after an evaluation."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        informative = self._informative.setdefault(study.study_name, {})
        if len(informative) < len(trials):
            for trial in trials:
                if trial.number not in informative:
                    evaluated = len(study.directions) == 1 and bool(trial.intermediate_values)
                    tells = trial.state == TrialState.COMPLETE or evaluated
                    informative[trial.number] = tells and self._point(trial) is not None
        return trials if all(informative.values()) else [trial for trial in trials if informative[trial.number]]

    def diverged(self, study: Study) -> Points:
        """Where training diverged in ``study``."""
        failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        return self._points_of(trial for trial in failed if trial.user_attrs.get(DIVERGED))

    def pending(self, study: Study, besides: FrozenTrial) -> Points:
        """Of the trials of ``study`` that run ``besides`` one."""
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        return self._points_of(trial for trial in running if trial.number != besides.number)

    def kind(self, study: Study, trials: Sequence[FrozenTrial]) -> ObjectiveKind:
        """What the finished ones of ``trials`` tell."""
        rows = [self._row(study, trial) for trial in trials if trial.state == TrialState.COMPLETE]
        directions = signs(study)
        by_target = bool(self.weights) and len(directions) == 1 and all(row.losses is not None for row in rows)
        if by_target:
            positive = all((row.losses > 0).all() for row in rows if row.losses is not None)
            return ObjectiveKind(tuple(self.weights), True, positive)
        positive = bool((directions > 0).all()) and all((row.objectives > 0).all() for row in rows)
        return ObjectiveKind(tuple(f"objective_{k}" for k in range(len(directions))), False, positive)

    def dataset(self, study: Study, trials: Sequence[FrozenTrial], kind: ObjectiveKind) -> Dataset:
        """The rows of ``trials``: those that finished, then those that were pruned."""
        settings = self.settings
        finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        rows = [self._row(study, trial) for trial in finished]
        latest = zip(finished[-settings.most_curves :], rows[-settings.most_curves :], strict=True)
        ends = [(trial, np.append(row.objectives[:1], row.values(kind))) for trial, row in latest]
        pruned = [trial for trial in trials if trial.state == TrialState.PRUNED][-settings.most_pruned :]
        read = partial(self._intermediate, kind, float(signs(study)[0]))
        imputed = impute_pruned_trials(pruned, ends, read, settings)
        values = [*(row.values(kind) for row in rows), *(one.values for one in imputed)]
        objective = [*(float(row.objectives[0]) for row in rows), *(one.objective for one in imputed)]
        noise_scale = [*(1.0 for _ in rows), *(one.noise_scale for one in imputed)]
        points = self._scaled_points([*rows, *(self._row(study, one.trial) for one in imputed)])
        data = Dataset(points, _matrix(values, len(kind.targets)), np.array(objective), np.array(noise_scale))
        return _logarithms(data) if kind.log_losses else data

    def _point(self, trial: FrozenTrial) -> Points | None:
        """Where ``trial`` is; None where it has not all parameters of the space."""
        params, names = trial.params, self.space.names
        if any(name not in params for name in names):
            return None
        key = tuple(params[name] for name in names)
        if key not in self._points:
            self._points[key] = self.region.points([self.space.point(params)])
        return self._points[key]

    def _points_of(self, trials: Iterable[FrozenTrial]) -> Points:
        points = [self._point(trial) for trial in trials]
        return self._joined([point for point in points if point is not None])

    def _joined(self, points: Sequence[Points]) -> Points:
        empty = Points.empty(len(self.region.domains), len(self.space.hyperparameters))
        return Points.concatenate(points) if points else empty

    def _scaled_points(self, rows: Sequence[_TrialRow]) -> ScaledPoints:
        log_params = np.array([row.scale.log_params for row in rows])
        log_tokens = np.array([row.scale.log_tokens for row in rows])
        return ScaledPoints(log_params, log_tokens, self._joined([row.point for row in rows]))

    def _row(self, study: Study, trial: FrozenTrial) -> _TrialRow:
        key = study.study_name, trial.number
        if key not in self._rows:
            point = self._point(trial)
            assert point is not None
            attributes = trial.user_attrs
            scale = [
                float(np.log(attributes[name])) if name in attributes else own
                for name, own in zip(("n_params", "n_tokens"), self.scale, strict=True)
            ]
            objectives = np.array(trial.values if trial.state == TrialState.COMPLETE else [np.nan])
            losses = self._losses(attributes.get(LOSSES))
            self._rows[key] = _TrialRow(point, LogScale(*scale), losses, signs(study) * objectives)
        return self._rows[key]

    def _losses(self, named: Any) -> Array | None:
        """(t,): the losses that ``named`` holds; None where one is missing or not finite."""
        if not isinstance(named, Mapping) or any(name not in named for name in self.weights):
            return None
        losses = np.array([float(named[name]) for name in self.weights])
        return losses if np.isfinite(losses).all() else None

    def _intermediate(self, kind: ObjectiveKind, sign: float, trial: FrozenTrial, step: int) -> Array | None:
        """(1 + t,): the objective of ``trial`` at ``step``, and its values; None where they are not known."""
        objective = sign * trial.intermediate_values[step]
        values: Array | None = np.array([objective])
        if kind.by_target:
            by_step = trial.user_attrs.get(INTERMEDIATE_LOSSES)
            values = self._losses(by_step.get(str(step))) if isinstance(by_step, Mapping) else None
        return None if values is None or not np.isfinite(objective) else np.append(objective, values)


def signs(study: Study) -> Array:
    """(objectives,): -1 for each of which more is better, so that the less is the better."""
    return np.array([-1.0 if one == StudyDirection.MAXIMIZE else 1.0 for one in study.directions])


def _matrix(rows: Sequence[Array], columns: int) -> Array:
    return np.array(rows, dtype=float).reshape(len(rows), columns)


def _logarithms(data: Dataset) -> Dataset:
    """``data`` with log losses for its losses, without rows that have one of 0 or less."""
    usable = (data.values > 0).all(axis=1)
    values = np.log(np.maximum(data.values, 1e-300))
    return Dataset(data.points, values, data.objective, data.noise_scale).select(np.asarray(usable))
