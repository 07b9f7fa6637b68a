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
``n_tokens``, and informs as much as laws and process say. A pruned trial counts with the losses that its last look
foretells, and with more doubt than a finished one (:mod:`~codescale.search.bayesopt.trial_reader`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from codescale.arrays import Array
from codescale.laws.law import Law
from codescale.runs.table import RunsTable
from codescale.search.bayesopt.dataset import Measured, Told, from_runs, nothing
from codescale.search.bayesopt.model_selection import Beliefs, milestone
from codescale.search.bayesopt.optimizer import Adviser
from codescale.search.bayesopt.termination import ExpectedRegret
from codescale.search.bayesopt.trial_reader import Kind, Reader, signs
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.space import SearchPoint, SearchSpace


class LawSampler(BaseSampler):
    """Suggests points of ``space`` by an :class:`~codescale.search.bayesopt.optimizer.Adviser`.

    ``weights``: target to weight in the objective, for trials that hold their losses in the user attribute
    :data:`.trial_reader.LOSSES`; None: the objective is modelled as a whole. ``n_params``, ``n_tokens``: the
    scale that the search is for. ``law``: one fitted before, trusted as far as the trials bear it out; ``runs``: the
    runs of an earlier sweep at any scale, heeded where they make the trials likelier, with ``hyper`` the
    hyperparameters that they were trained with (absent: the middle of each range). ``noise``: the standard deviation of
    the objective between seeds, where it is known; trials that share a seed cannot tell. ``seed``: the same study and
    seed give the same suggestions.

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
        noise: float | None = None,
        seed: int | None = None,
    ) -> None:
        self.space = space
        domains = tuple(space.bounds)
        self._region = FeasibleRegion(space, domains)
        self._weights = {name: value for name, value in (weights or {}).items() if value > 0}
        self._scale = float(np.log(n_params)), float(np.log(n_tokens))
        self._law, self._runs, self._hyper, self._noise = law, runs, dict(hyper or {}), noise
        self._seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self._number: int | None = None
        self._independent = RandomSampler(seed=self._seed)
        self._reader = Reader(space, self._region, self._weights, self._scale)
        self._advisers: dict[Kind, Adviser] = {}
        self._settled: dict[tuple[str, int, Kind], Measured] = {}
        self._latest: tuple[Told, Adviser, Array, Array] | None = None

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
        told, adviser = self._told(study)
        pending = self._reader.under_way(study, trial)
        shares, hyper = adviser.suggest(told, pending, number)
        self._latest = told, adviser, shares, hyper
        return typed(self.space.parameters(self._region.point(shares, hyper)))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """At random: what is not in the space."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def recommend(self, study: Study, *, anywhere: bool = False) -> SearchPoint:
        """The point of ``study`` with the best expected objective: not the luckiest measurement.

        ``anywhere``: of the whole space rather than of what was measured. Raises ``ValueError`` before the first trial
        has ended.
        """
        told, adviser = self._told(study)
        shares, hyper, _ = adviser.recommend(told, anywhere)
        return self._region.point(shares, hyper)

    def expected(self, study: Study, points: Sequence[SearchPoint]) -> tuple[Array, Array]:
        """(points,): expected objective of ``points`` and its standard deviation, a run's noise apart."""
        told, adviser = self._told(study)
        shares = np.array([point.mixture.array(self._region.domains) for point in points])
        hyper = np.array([self._region.scaled(point.hyper) for point in points]).reshape(len(points), -1)
        middle, deviation = adviser.believed(told, shares, hyper)
        return signs(study)[0] * middle, deviation

    def expected_improvement(self) -> float | None:
        """What the point that was suggested last is expected to gain on the best expectation of a measured one.

        In the objective's units, a run's noise apart. None where too little is known, and of several objectives.
        """
        if self._latest is None:
            return None
        told, adviser, shares, hyper = self._latest
        return adviser.improvement(told, shares, hyper)

    def expected_regret(self, study: Study | None = None) -> ExpectedRegret | None:
        """What any number of trials of ``study`` may still gain over the point that :meth:`recommend` names; None: of
        the study whose trial was suggested last.

        In the objective's units, a run's noise apart. None where too little is known, and of several objectives.
        """
        if study is not None:
            told, adviser = self._told(study)
        elif self._latest is not None:
            told, adviser = self._latest[:2]
        else:
            return None
        return adviser.expected_regret(told)

    def _told(self, study: Study) -> tuple[Told, Adviser]:
        """What the trials of ``study`` tell, and the adviser for that kind of objective.

        What is fitted is fitted to the first trials, as they were known when those had ended: so that a sampler which
        begins in the middle of a search fits what one that was there from its beginning has.
        """
        trials = self._reader.ended(study)
        kind = self._reader.kind(study, trials)
        count = milestone(len(trials))
        key = study.study_name, count, kind
        if key not in self._settled:
            self._settled = {key: self._reader.measured(study, trials[:count], kind)}
        now = self._settled[key] if count == len(trials) else self._reader.measured(study, trials, kind)
        return Told(now, self._settled[key], self._reader.diverged(study)), self._adviser(kind)

    def _adviser(self, kind: Kind) -> Adviser:
        if kind not in self._advisers:
            targets, by_target = kind.targets, kind.by_target
            weights = self._weights if by_target else dict.fromkeys(targets, 1.0)
            earlier = nothing(len(self._region.domains), len(self.space.hyperparameters), len(targets))
            if self._runs is not None and self._weights and len(targets) == (len(self._weights) if by_target else 1):
                middle = self._region.scaled(self._middle() | self._hyper)
                earlier = from_runs(self._runs, self._region.domains, self._weights, middle, whole=not by_target)
            law = self._law if kind.losses and self._weights else None
            whole = None if by_target else self._weights
            objectives = 1 if by_target else len(targets)
            beliefs = Beliefs(
                self._region.domains, weights, self._scale, earlier, law, whole, self._seed, kind.losses, objectives,
                self._noise,
            )  # fmt: skip
            self._advisers[kind] = Adviser(self._region, beliefs, self._seed)
        return self._advisers[kind]

    def _middle(self) -> dict[str, float]:
        half = np.full(len(self.space.hyperparameters), 0.5)
        return self._region.point(self._region.vertices[0], half).hyper
