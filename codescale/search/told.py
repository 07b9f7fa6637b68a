"""What the trials of an Optuna study tell, as the rows that a surrogate learns from.

A finished trial tells its losses by target in the user attribute :data:`LOSSES`, or only its objective. One that was
stopped tells the losses of its looks in :data:`LOOKS`, or only the objective at each, as it was reported; its row holds
the end that finished trials with such looks foretell, and the more doubt the less they were like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from codescale.laws.observations import Array
from codescale.search.foretelling import FEWEST, foretell
from codescale.search.measured import Measured, Points
from codescale.search.region import Region
from codescale.search.space import SearchSpace

LOSSES = "losses"
"""The user attribute of a finished trial that holds its loss by target, nats per token."""
LOOKS = "looks"
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
    place: tuple[Array, Array]
    scale: tuple[float, float]
    losses: Array | None
    values: Array


class Reader:
    """Reads studies of ``space``; ``weights``: target to weight, ``scale``: log N and log D of a trial that does not
    say its own. What a trial told when it ended is read once.
    """

    def __init__(
        self, space: SearchSpace, region: Region, weights: Mapping[str, float], scale: tuple[float, float]
    ) -> None:
        self.space, self.region, self.weights, self.scale = space, region, dict(weights), scale
        self._names = space.names
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
                    telling[trial.number] = tells and self.place(trial) is not None
        return trials if all(telling.values()) else [trial for trial in trials if telling[trial.number]]

    def diverged(self, study: Study) -> tuple[Array, Array]:
        """Shares and scaled hyperparameters of the trials of ``study`` that diverged."""
        failed = study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        places = [self.place(trial) for trial in failed if trial.user_attrs.get(DIVERGED)]
        return self.stacked([place for place in places if place is not None])

    def stacked(self, places: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """Shares (rows, domains) and scaled hyperparameters (rows, hyperparameters) of ``places``."""
        return _stacked([place[0] for place in places], len(self.region.domains)), _stacked(
            [place[1] for place in places], len(self.space.hyperparameters)
        )

    def place(self, trial: FrozenTrial) -> tuple[Array, Array] | None:
        """Shares and scaled hyperparameters of ``trial``; None where it has not all parameters of the space."""
        params = trial.params
        if any(name not in params for name in self._names):
            return None
        key = tuple(params[name] for name in self._names)
        if key not in self._places:
            point = self.space.point(params)
            self._places[key] = point.mixture.array(self.region.domains), self.region.scaled(point.hyper)
        return self._places[key]

    def kind(self, study: Study, trials: Sequence[FrozenTrial]) -> Kind:
        """What the finished ones of ``trials`` tell."""
        rows = [self._row(study, trial) for trial in trials if trial.state == TrialState.COMPLETE]
        signs = _signs(study)
        by_target = bool(self.weights) and len(signs) == 1 and all(row.losses is not None for row in rows)
        if by_target:
            positive = all((row.losses > 0).all() for row in rows if row.losses is not None)
            return Kind(tuple(self.weights), True, positive)
        positive = bool((signs > 0).all()) and all((row.values > 0).all() for row in rows)
        return Kind(tuple(f"{WHOLE}_{k}" for k in range(len(signs))), False, positive)

    def measured(self, study: Study, trials: Sequence[FrozenTrial], kind: Kind) -> Measured:
        """The rows of ``trials``: those that finished, then those that were stopped."""
        finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
        rows = [self._row(study, trial) for trial in finished]
        values = _stacked([row.losses if kind.by_target else row.values for row in rows], len(kind.targets))
        objective = np.array([row.values[0] for row in rows])
        stopped = [trial for trial in trials if trial.state == TrialState.PRUNED][-_MOST_PRUNED:]
        foretold = self._stopped(study, stopped, finished[-_MOST_CURVES:], kind) if stopped else []
        rows += [self._row(study, trial) for trial, _, _, _ in foretold]
        points = Points(
            np.array([row.scale[0] for row in rows]),
            np.array([row.scale[1] for row in rows]),
            _stacked([row.place[0] for row in rows], len(self.region.domains)),
            _stacked([row.place[1] for row in rows], len(self.space.hyperparameters)),
        )
        values = np.vstack([values, _stacked([end for _, end, _, _ in foretold], len(kind.targets))])
        objective = np.concatenate([objective, [value for _, _, value, _ in foretold]])
        doubt = np.concatenate([np.ones(len(finished)), [doubt for _, _, _, doubt in foretold]])
        if kind.losses:
            usable = (values > 0).all(axis=1)
            values = np.log(np.maximum(values, 1e-300))
            return Measured(points, values, objective, doubt).select(np.asarray(usable))
        return Measured(points, values, objective, doubt)

    def _row(self, study: Study, trial: FrozenTrial) -> _Row:
        key = study.study_name, trial.number
        if key not in self._rows:
            place = self.place(trial)
            assert place is not None
            attributes = trial.user_attrs
            scale = tuple(
                float(np.log(attributes[name])) if name in attributes else own
                for name, own in zip(("n_params", "n_tokens"), self.scale, strict=True)
            )
            values = np.array(trial.values if trial.state == TrialState.COMPLETE else [np.nan])
            losses = self._losses(attributes.get(LOSSES))
            self._rows[key] = _Row(place, (scale[0], scale[1]), losses, _signs(study) * values)
        return self._rows[key]

    def _losses(self, told: Any) -> Array | None:
        """(targets,): the losses that ``told`` names; None where one is missing or not finite."""
        if not isinstance(told, Mapping) or any(name not in told for name in self.weights):
            return None
        losses = np.array([float(told[name]) for name in self.weights])
        return losses if np.isfinite(losses).all() else None

    def _look(self, trial: FrozenTrial, step: int, kind: Kind, sign: float) -> Array | None:
        """(1 + targets,): the objective of ``trial`` at ``step``, and its values."""
        objective = sign * trial.intermediate_values[step]
        if not kind.by_target:
            return np.array([objective, objective])
        told = trial.user_attrs.get(LOOKS)
        losses = self._losses(told.get(str(step))) if isinstance(told, Mapping) else None
        return None if losses is None else np.concatenate([[objective], losses])

    def _stopped(
        self, study: Study, stopped: Sequence[FrozenTrial], finished: Sequence[FrozenTrial], kind: Kind
    ) -> list[tuple[FrozenTrial, Array, float, float]]:
        """Of ``stopped`` trials whose ends can be told: values, objective and doubt."""
        sign = float(_signs(study)[0])
        standing: dict[int, list[tuple[FrozenTrial, Array]]] = {}
        for trial in stopped:
            step = trial.last_step
            look = None if step is None else self._look(trial, step, kind, sign)
            if step is not None and look is not None and np.isfinite(look).all():
                standing.setdefault(step, []).append((trial, look))
        rows = []
        for step, group in standing.items():
            seen_too = [trial for trial in finished if step in trial.intermediate_values]
            pairs = [(self._look(trial, step, kind, sign), self._end(study, trial, kind)) for trial in seen_too]
            known = [(look, end) for look, end in pairs if look is not None and np.isfinite(look).all()]
            if len(known) < FEWEST:
                continue
            seen, ends = (np.array([pair[k] for pair in known]) for k in (0, 1))
            end, doubt = foretell(np.array([look for _, look in group]), seen, ends)
            rows += [
                (trial, own[1:], float(own[0]), float(unsure))
                for (trial, _), own, unsure in zip(group, end, doubt, strict=True)
            ]
        return sorted(rows, key=lambda row: row[0].number)

    def _end(self, study: Study, trial: FrozenTrial, kind: Kind) -> Array:
        """(1 + targets,): the objective of a finished ``trial``, and its values."""
        row = self._row(study, trial)
        values = row.losses if kind.by_target and row.losses is not None else row.values
        return np.concatenate([row.values[:1], values])


def _signs(study: Study) -> Array:
    return np.array([-1.0 if one == StudyDirection.MAXIMIZE else 1.0 for one in study.directions])


def _stacked(rows: Sequence[Any], columns: int) -> Array:
    return np.array(rows, dtype=float).reshape(len(rows), columns)
