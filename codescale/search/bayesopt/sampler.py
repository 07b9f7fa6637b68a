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
``n_tokens``, and informs as much as laws and process say. A pruned trial counts with the losses that its last
evaluation predicts, and with more noise than a finished one (:mod:`~codescale.search.bayesopt.trial_reader`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from codescale.arrays import Array
from codescale.laws.law import Law
from codescale.mixtures.no_harm import NoHarmRule
from codescale.runs.table import RunsTable
from codescale.search.bayesopt.dataset import (
    Dataset,
    LogScale,
    SearchData,
    dataset_of_runs,
    empty_dataset,
    trained_with,
)
from codescale.search.bayesopt.model_selection import ModelSelector, refit_schedule
from codescale.search.bayesopt.no_harm import Constraint
from codescale.search.bayesopt.optimizer import BayesianOptimizer
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS, BayesOptSettings
from codescale.search.bayesopt.termination import ExpectedRegret
from codescale.search.bayesopt.trial_reader import LOSSES, ObjectiveKind, TrialReader, signs
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.space import SearchPoint, SearchSpace


@dataclass(frozen=True)
class Recommendation:
    """What is recommended: the ``point``, its ``position`` among those that were asked about, None where it is none of
    them, the objective ``expected`` of it with its standard ``deviation``, a run's noise apart, and the probability
    with which it keeps a rule of no harm, None without one.
    """

    point: SearchPoint
    position: int | None
    expected: float
    deviation: float
    keeps_rule: float | None


class LawSampler(BaseSampler):
    """Suggests points of a space by a :class:`~codescale.search.bayesopt.optimizer.BayesianOptimizer`.

    Several objectives are searched for their Pareto front, by Thompson samples under random weights (Knowles 2006,
    "ParEGO"). Objectives that are maximised, or not above 0, have no law: the process alone models them.

    Parameters
    ----------
    space
        What may vary.
    weights
        Target to weight in the objective, for trials that hold their losses in the user attribute
        :data:`.trial_reader.LOSSES`; None: the objective is modelled as a whole.
    n_params, n_tokens
        The scale that the search is for.
    law
        One fitted before, trusted as far as the trials bear it out.
    runs
        The runs of an earlier sweep at any scale, heeded where they make the trials likelier.
    hyper
        The hyperparameters that those runs were trained with where they do not say (absent: the middle of each range).
    noise
        The standard deviation of the objective between seeds, where it is known; trials that share a seed cannot tell.
    target_noise
        That of each target's log loss, where it is known (:class:`.seed_noise.TargetNoise`).
    seed
        The same study and seed give the same suggestions.
    settings
        The optimiser's numbers.
    no_harm
        A rule that suggestions heed and the recommendation keeps, and the point of the space that it holds losses
        beside. It protects every target of ``weights``, also one that weighs 0, or those that it names; trials have to
        name their losses then.

    Raises
    ------
    ValueError
        For a rule without weights, and when trials under a rule do not name their losses.
    UserError
        For a rule that names languages which are no targets.
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
        target_noise: TargetNoise | None = None,
        seed: int | None = None,
        settings: BayesOptSettings = DEFAULT_SETTINGS,
        no_harm: tuple[NoHarmRule, SearchPoint] | None = None,
    ) -> None:
        if no_harm is not None and not weights:
            raise ValueError("a rule of no harm needs the weights of the losses that it protects")
        self.space = space
        self._region = FeasibleRegion(space, tuple(space.bounds))
        protected = no_harm[0].protected(tuple(weights or {}), "no_harm, languages") if no_harm else ()
        self._weights = {name: value for name, value in (weights or {}).items() if value > 0 or name in protected}
        self._scale = LogScale(float(np.log(n_params)), float(np.log(n_tokens)))
        self._law, self._runs, self._hyper = law, runs, dict(hyper or {})
        self._noise, self._target_noise = noise, target_noise
        self._seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self._settings = settings
        self._constraint = None
        if no_harm is not None:
            rule, reference = no_harm
            targets = np.array([name in protected for name in self._weights])
            at = self._region.points([reference])
            self._constraint = Constraint(rule, at, settings.no_harm_confidence, targets)
        self._number: int | None = None
        self._independent = RandomSampler(seed=self._seed)
        self._reader = TrialReader(self._region, self._weights, self._scale, settings)
        self._optimizers: dict[ObjectiveKind, BayesianOptimizer] = {}
        self._at_last_refit: dict[tuple[str, int, ObjectiveKind], Dataset] = {}
        self._latest: tuple[SearchData, BayesianOptimizer, Points] | None = None

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
        data, optimizer = self._data(study)
        point = optimizer.suggest(data, self._reader.pending(study, trial), number)
        self._latest = data, optimizer, point
        return typed(self.space.parameters(self._region.search_point(point)))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """At random: what is not in the space."""
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    def recommend(self, study: Study, *, anywhere: bool = False) -> SearchPoint:
        """The point of ``study`` with the best expected objective: not the luckiest measurement.

        Parameters
        ----------
        anywhere
            Of the whole space rather than of what was measured. Under a rule of no harm it is of the whole space as
            soon as enough is known: few trials lie as near to the rule's edge as the confidence allows.

        Raises
        ------
        ValueError
            Before the first trial has ended.
        """
        data, optimizer = self._data(study)
        point, _ = optimizer.recommend(data, anywhere)
        return self._region.search_point(point)

    def expected(self, study: Study, points: Sequence[SearchPoint]) -> tuple[Array, Array]:
        """(points,): expected objective of ``points`` and its standard deviation over seeds, a run's noise apart."""
        data, optimizer = self._data(study)
        posterior, at = optimizer.posterior(data), self._region.points(points)
        mean, std = posterior.mean_and_std(at)
        return signs(study)[0] * mean, np.hypot(std, posterior.seed_deviation(at))

    @property
    def confidence(self) -> float | None:
        """The probability with which what is recommended keeps the rule; None where there is no rule."""
        return None if self._constraint is None else self._constraint.confidence

    def recommended_of(self, study: Study, points: Sequence[SearchPoint]) -> Recommendation:
        """Which of the measured ``points`` is recommended, or under a rule of no harm which other one, and what is
        expected of it (:meth:`recommend`).

        Raises
        ------
        ValueError
            Where too little is known to expect anything.
        """
        if self._constraint is None:
            expected, deviation = self.expected(study, points)
            best = int(np.argmin(expected))
            return Recommendation(points[best], best, float(expected[best]), float(deviation[best]), None)
        data, optimizer = self._data(study)
        posterior = optimizer.posterior(data)
        point = self._region.search_point(optimizer.recommend(data, anywhere=False)[0])
        expected, deviation = self.expected(study, [point])
        kept = self._constraint.probability(posterior, self._region.points([point]))
        position = next((k for k, other in enumerate(points) if point.same(other)), None)
        return Recommendation(point, position, float(expected[0]), float(deviation[0]), float(kept[0]))

    def expected_improvement(self) -> float | None:
        """What the point that was suggested last is expected to gain on the best expectation of a measured one.

        In the objective's units, a run's noise apart. None where too little is known, and of several objectives.
        """
        if self._latest is None:
            return None
        data, optimizer, point = self._latest
        return optimizer.expected_improvement(data, point)

    def expected_regret(self, study: Study | None = None) -> ExpectedRegret | None:
        """What any number of trials of ``study`` may still gain over the point that :meth:`recommend` names; None: of
        the study whose trial was suggested last.

        In the objective's units, a run's noise apart. None where too little is known, and of several objectives.
        """
        if study is not None:
            data, optimizer = self._data(study)
        elif self._latest is not None:
            data, optimizer, _ = self._latest
        else:
            return None
        return optimizer.expected_regret(data)

    def _data(self, study: Study) -> tuple[SearchData, BayesianOptimizer]:
        """What the trials of ``study`` tell, and the optimizer for that kind of objective.

        What is fitted is fitted to the first trials, as they were known when those had ended: so that a sampler which
        begins in the middle of a search fits what one that was there from its beginning has.
        """
        trials = self._reader.ended(study)
        kind = self._reader.kind(study, trials)
        if self._constraint is not None and not kind.by_target:
            raise ValueError(f"a rule of no harm needs every trial's losses, in the user attribute {LOSSES!r}")
        count = refit_schedule(len(trials), self._settings)
        key = study.study_name, count, kind
        if key not in self._at_last_refit:
            self._at_last_refit = {key: self._reader.dataset(study, trials[:count], kind)}
        at_last_refit = self._at_last_refit[key]
        latest = at_last_refit if count == len(trials) else self._reader.dataset(study, trials, kind)
        return SearchData(latest, at_last_refit, self._reader.diverged(study)), self._optimizer(kind)

    def _optimizer(self, kind: ObjectiveKind) -> BayesianOptimizer:
        if kind not in self._optimizers:
            models = ModelSelector(
                domains=self._region.domains,
                weights=self._weights if kind.by_target else dict.fromkeys(kind.targets, 1.0),
                scale=self._scale,
                earlier=self._earlier(kind),
                law=self._law if kind.log_losses and self._weights else None,
                loss_weights=None if kind.by_target else self._weights,
                seed=self._seed,
                log_losses=kind.log_losses,
                objectives=1 if kind.by_target else len(kind.targets),
                objective_noise=self._noise,
                target_noise=self._target_noise if kind.by_target else None,
                settings=self._settings,
            )
            self._optimizers[kind] = BayesianOptimizer(
                self._region, models, self._seed, self._settings, self._constraint
            )
        return self._optimizers[kind]

    def _earlier(self, kind: ObjectiveKind) -> Dataset:
        """The runs of the sweep as rows of ``kind``; none where it has other targets."""
        targets = len(self._weights) if kind.by_target else 1
        if self._runs is None or not self._weights or len(kind.targets) != targets:
            return empty_dataset(len(self._region.domains), len(self.space.hyperparameters), len(kind.targets))
        rows = self._runs.fittable()
        usual = self._region.search_point(self._region.centre).hyper | self._hyper
        hyper = np.array([self._region.scaled(usual | own) for own in trained_with(rows, self.space.hyperparameters)])
        hyper = hyper.reshape(len(rows), len(usual))
        return dataset_of_runs(rows, self._region.domains, self._weights, hyper, not kind.by_target)
