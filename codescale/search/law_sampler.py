"""The search's own sampler for Optuna: Gaussian processes around laws, over mixtures, scale and hyperparameters.

    space = load_space("two_languages", ("python", "java"))
    sampler = LawSampler(space, weights={"python": 1, "java": 1}, seed=0)
    study = optuna.create_study(sampler=sampler)

    def objective(trial):
        point = suggest_point(trial, space)                       # .mixture, .hyper
        losses = train(point.mixture)                             # {"python": 1.93, "java": 1.71}
        trial.set_user_attr(LOSSES, losses)                       # optional: every loss tells more than their mean
        return sum(losses.values()) / 2

    study.optimize(objective, n_trials=40)
    best = sampler.recommend(study)                               # .mixture: not the luckiest, the best believed

A trial may run at another scale than the one searched for: it says so in the user attributes ``n_params`` and
``n_tokens``, and informs as much as laws and process say. A pruned trial counts with the final loss that its last look
foretells, and with more doubt than a finished one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from codescale.laws.law import Law
from codescale.laws.observations import Array
from codescale.runs import RunsTable
from codescale.search.acquisition import Region
from codescale.search.adviser import Adviser
from codescale.search.distributions import distributions
from codescale.search.measured import Measured, Points, from_runs, nothing
from codescale.search.space import Point, SearchSpace

LOSSES = "losses"
"""The user attribute of a trial that holds its loss by target, nats per token: of a pruned one, at its last look."""
WHOLE = "objective"
"""The one target of a search that is told no losses by target."""

_DOUBT = 10.0
"""The variance of a pruned trial's foretold end, in units of a finished trial's noise."""
_FEWEST_CURVES = 3
_MOST_CURVES = 200
_MOST_PRUNED = 100
"""Of the latest trials: more would hardly change what is believed, and every suggestion goes through them."""


class LawSampler(BaseSampler):
    """Suggests points of ``space`` by an :class:`~codescale.search.adviser.Adviser`.

    ``weights``: target to weight in the objective, for trials that hold their losses in the user attribute
    :data:`LOSSES`; None: the objective is modelled as a whole. ``n_params``, ``n_tokens``: the scale that the search is
    for. ``law``: one fitted before, trusted as far as the trials bear it out; ``runs``: the runs of an earlier sweep at
    any scale, with ``hyper`` the hyperparameters that they were trained with (absent: the middle of each range).
    ``seed``: the same study and seed give the same suggestions.

    Several objectives are searched for their Pareto front, by Thompson draws under random weights (Knowles 2006,
    "ParEGO"). Objectives that are maximised, or not above 0, have no law: the process alone models them.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        weights: Mapping[str, float] | None = None,
        n_params: float = 1.0,
        n_tokens: float = 1.0,
        law: Law | None = None,
        runs: RunsTable | None = None,
        hyper: Mapping[str, float] | None = None,
        seed: int | None = None,
    ) -> None:
        self.space = space
        domains = tuple(space.bounds)
        self._region = Region(space, domains)
        self._names = space.names
        self._weights = {name: value for name, value in (weights or {}).items() if value > 0}
        self._scale = float(np.log(n_params)), float(np.log(n_tokens))
        self._law, self._runs, self._hyper = law, runs, dict(hyper or {})
        self._seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self._number: int | None = None
        self._independent = RandomSampler(seed=self._seed)
        self._rows: dict[tuple[str, int], _Row] = {}
        self._advisers: dict[tuple[tuple[str, ...], bool], Adviser] = {}
        self._read: dict[tuple[float, ...], tuple[Array, Array]] = {}

    def begin(self, number: int) -> None:
        """The next suggestion is for trial ``number`` of a search whose numbers are not Optuna's."""
        self._number = number

    def reseed_rng(self) -> None:
        """For parallel processes: nothing to do, every trial has a seed of its own."""
        self._independent.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The whole space, from the first trial on."""
        return distributions(self.space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The next point, given every trial of ``study`` that has ended or is under way."""
        number = trial.number if self._number is None else self._number
        measured, adviser = self._told(study)
        pending = self._pending(study, trial)
        shares, hyper = adviser.suggest(measured, pending, number)
        return self._typed(self.space.parameters(self._region.point(shares, hyper)))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """At random: what is not in the space."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def recommend(self, study: Study, *, anywhere: bool = False) -> Point:
        """The point of ``study`` with the best expected objective: not the luckiest measurement.

        ``anywhere``: of the whole space rather than of what was measured. Raises ``ValueError`` before the first trial
        has ended.
        """
        measured, adviser = self._told(study)
        shares, hyper, _ = adviser.recommend(measured, anywhere)
        return self._region.point(shares, hyper)

    def expected(self, study: Study, points: Sequence[Point]) -> tuple[Array, Array]:
        """(points,): expected objective of ``points`` and its standard deviation, a run's noise apart."""
        measured, adviser = self._told(study)
        shares = np.array([point.mixture.array(self._region.domains) for point in points])
        hyper = np.array([self._region.scaled(point.hyper) for point in points]).reshape(len(points), -1)
        middle, deviation = adviser.believed(measured, shares, hyper)
        return self._sign(study) * middle, deviation

    def _typed(self, parameters: Mapping[str, float]) -> dict[str, float]:
        return {name: round(value) if name == "batch" else value for name, value in parameters.items()}

    def _sign(self, study: Study) -> float:
        return -1.0 if study.directions[0] == StudyDirection.MAXIMIZE else 1.0

    def _place(self, trial: FrozenTrial) -> tuple[Array, Array] | None:
        """Shares and scaled hyperparameters of ``trial``; None where it has not all parameters of the space."""
        params = trial.params
        if any(name not in params for name in self._names):
            return None
        key = tuple(params[name] for name in self._names)
        if key not in self._read:
            point = self.space.point(trial.params)
            self._read[key] = point.mixture.array(self._region.domains), self._region.scaled(point.hyper)
        return self._read[key]

    def _pending(self, study: Study, own: FrozenTrial) -> tuple[Array, Array]:
        running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        places = [self._place(trial) for trial in running if trial.number != own.number]
        known = [place for place in places if place is not None]
        return _stacked([place[0] for place in known], len(self._region.domains)), _stacked(
            [place[1] for place in known], len(self.space.hyperparameters)
        )

    def _told(self, study: Study) -> tuple[Measured, Adviser]:
        """What the trials of ``study`` measured, and the adviser for that kind of objective."""
        trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        name = study.study_name
        finished = [
            trial
            for trial in trials
            if trial.state == TrialState.COMPLETE
            and ((name, trial.number) in self._rows or self._place(trial) is not None)
        ]
        signs = np.array([-1.0 if one == StudyDirection.MAXIMIZE else 1.0 for one in study.directions])
        rows = [self._finished_row(name, trial, signs) for trial in finished]
        if len(signs) == 1:
            pruned = [trial for trial in trials if trial.state == TrialState.PRUNED]
            rows += self._pruned(pruned[-_MOST_PRUNED:], finished, float(signs[0]))
        by_target = bool(self._weights) and len(signs) == 1 and all(row.losses is not None for row in rows)
        targets = tuple(self._weights) if by_target else tuple(f"{WHOLE}_{k}" for k in range(len(signs)))
        values = _stacked([row.losses if by_target else row.values for row in rows], len(targets))
        losses = bool((signs > 0).all() and (values > 0).all())
        scales = _stacked([row.scale for row in rows], 2)
        points = Points(
            scales[:, 0],
            scales[:, 1],
            _stacked([row.place[0] for row in rows], len(self._region.domains)),
            _stacked([row.place[1] for row in rows], len(self.space.hyperparameters)),
        )
        objective = np.array([row.values[0] for row in rows])
        doubt = np.array([row.doubt for row in rows])
        measured = Measured(points, np.log(values) if losses else values, objective, doubt)
        return measured, self._adviser(targets, losses, by_target)

    def _finished_row(self, study: str, trial: FrozenTrial, signs: Array) -> _Row:
        key = study, trial.number
        if key not in self._rows:
            self._rows[key] = self._row(trial, signs * np.array(trial.values), 0.0, 1.0)
        return self._rows[key]

    def _pruned(self, pruned: list[FrozenTrial], finished: list[FrozenTrial], sign: float) -> list[_Row]:
        """Pruned trials with the ends that their last looks foretell: finals regressed on looks at the same step."""
        looks: dict[int, list[tuple[float, float]]] = {}
        for trial in finished[-_MOST_CURVES:] if pruned else ():
            for step, value in trial.intermediate_values.items():
                looks.setdefault(step, []).append((value, trial.values[0]))
        lines = {step: _line(np.array(pairs)) for step, pairs in looks.items() if len(pairs) >= _FEWEST_CURVES}
        rows = []
        for trial in pruned:
            last = trial.last_step
            if last is None or last not in lines or self._place(trial) is None:
                continue
            slope, level = lines[last]
            now = trial.intermediate_values[last]
            end = level + slope * now
            shift = float(np.log(end / now)) if end > 0 and now > 0 else 0.0
            rows.append(self._row(trial, np.array([sign * end]), shift, _DOUBT))
        return rows

    def _row(self, trial: FrozenTrial, values: Array, shift: float, doubt: float) -> _Row:
        """``shift``: what is added to the logs of the losses, where they are of a look before the end."""
        place = self._place(trial)
        assert place is not None
        told = trial.user_attrs.get(LOSSES)
        losses = None
        if isinstance(told, Mapping) and all(name in told for name in self._weights):
            losses = np.array([float(told[name]) for name in self._weights]) * np.exp(shift)
            losses = losses if np.isfinite(losses).all() else None
        scale = tuple(
            float(np.log(trial.user_attrs[name])) if name in trial.user_attrs else own
            for name, own in zip(("n_params", "n_tokens"), self._scale, strict=True)
        )
        return _Row(place, (scale[0], scale[1]), losses, values, doubt)

    def _adviser(self, targets: tuple[str, ...], losses: bool, by_target: bool) -> Adviser:
        key = targets, losses
        if key not in self._advisers:
            weights = self._weights if by_target else dict.fromkeys(targets, 1.0)
            earlier = nothing(len(self._region.domains), len(self.space.hyperparameters), len(targets))
            if self._runs is not None and self._weights and len(targets) == (len(self._weights) if by_target else 1):
                middle = self._region.scaled(self._middle() | self._hyper)
                earlier = from_runs(self._runs, self._region.domains, self._weights, middle, whole=not by_target)
            law = self._law if losses and self._weights else None
            whole = None if by_target else self._weights
            self._advisers[key] = Adviser(
                self._region, weights, self._scale, earlier, law, whole, self._seed, losses,
                1 if by_target else len(targets),
            )  # fmt: skip
        return self._advisers[key]

    def _middle(self) -> dict[str, float]:
        half = np.full(len(self.space.hyperparameters), 0.5)
        return self._region.point(self._region.corners[0], half).hyper


class _Row:
    """One trial as the surrogate takes it."""

    def __init__(
        self, place: tuple[Array, Array], scale: tuple[float, float], losses: Array | None, values: Array, doubt: float
    ) -> None:
        self.place, self.scale, self.losses, self.values, self.doubt = place, scale, losses, values, doubt


def _line(pairs: Array) -> tuple[float, float]:
    """Slope and level of the regression of the second column of ``pairs`` (rows, 2) on the first."""
    early, final = pairs.T
    spread = float(early.var())
    slope = float(np.mean((early - early.mean()) * (final - final.mean()))) / spread if spread > 0 else 0.0
    return slope, float(final.mean() - slope * early.mean())


def _stacked(rows: Sequence[Any], columns: int) -> Array:
    return np.array(rows, dtype=float).reshape(len(rows), columns)
