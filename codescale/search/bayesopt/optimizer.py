"""Which point to try next, and which to recommend: the sampler without Optuna.

Two kinds of trials take turns (:mod:`.acquisition`). A Thompson sample tries the optimum of one sample of the laws:
parallel trials take different samples, so a batch spreads as far as the laws are unsure. Every third is by expected
improvement, which looks where the processes are unsure too; trials under way count as if they had ended as expected
(kriging believer, Ginsbourger et al. 2010). What is recommended is not the luckiest measurement but the point with the
best expectation. Under a rule of no harm it need not have been tried: the optimum lies on an edge that noise blurs, and
of the points tried few lie as near to it as the confidence allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.search.bayesopt.acquisition import (
    Acquisition,
    log_expected_improvement,
    log_standard_ei,
    parego_scalarization,
    thompson_sample,
)
from codescale.search.bayesopt.dataset import Dataset, SearchData
from codescale.search.bayesopt.excluded_points import excluded_points
from codescale.search.bayesopt.model_selection import ModelSelector
from codescale.search.bayesopt.no_harm import (
    Constraint,
    constrained_thompson_sample,
    expectation_within,
    log_constrained_ei,
)
from codescale.search.bayesopt.optimize_acquisition import optimize_acquisition
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS, BayesOptSettings
from codescale.search.bayesopt.surrogate import FittedGP
from codescale.search.bayesopt.termination import ExpectedRegret, expected_regret
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points


@dataclass
class BayesianOptimizer:
    """Optimises over ``region`` by the surrogate that ``models`` selects. The same rows, number and seed give the same
    points. What is suggested heeds the ``constraint``, and what is recommended keeps it, where there is one.
    """

    region: FeasibleRegion
    models: ModelSelector
    seed: int = 0
    settings: BayesOptSettings = DEFAULT_SETTINGS
    constraint: Constraint | None = None

    def suggest(self, data: SearchData, pending: Points, number: int) -> Points:
        """The point of trial ``number``, while the trials at ``pending`` are under way."""
        generator = np.random.default_rng((self.seed, number))
        fitted, rows = self.models.select(data)
        own = data.latest.select(self.models.own_scale(data.latest)).points.points
        evaluated = Points.concatenate([own, pending])
        excluded = excluded_points(self.region, evaluated, data.diverged, self.settings)
        centre = self.region.centre
        if len(self.models.earlier) and len(evaluated) == 1 and not excluded.contains(centre)[0]:
            return centre  # the second trial, which no law has chosen, tells whether other scales mislead
        if fitted is None:
            return self._initial(excluded.points, generator)
        starts = self._best(data.latest)
        acquisition = self._acquisition(fitted, rows, starts, pending, number, generator)
        budget = self._evaluation_budget(number, len(rows))
        point, _ = optimize_acquisition(acquisition, self.region, starts, generator, budget, self.settings)
        return excluded.nearest_allowed(point, acquisition, generator)

    def recommend(self, data: SearchData, anywhere: bool = True) -> tuple[Points, float]:
        """The point with the least expected objective, and that expectation.

        Of all feasible points, or only of those that were measured to their end where not ``anywhere``; under the
        constraint of all that keep it, as soon as enough is known.

        Raises
        ------
        ValueError
            Where nothing is known yet.
        """
        fitted, rows = self.models.select(data)
        measured = data.latest.finished
        if fitted is None:
            if not len(measured):
                raise ValueError("nothing has been measured yet")
            first = self._least_measured(measured)
            return measured.points.points.row(first), float(measured.objective[first])
        posterior = Posterior(fitted, rows, self.models.scale)
        if not anywhere and len(measured):
            return self._recommended(posterior, measured)
        return self._least_expected(posterior, measured)

    def posterior(self, data: SearchData) -> Posterior:
        """Of the objective, given ``data``.

        Raises
        ------
        ValueError
            Where too little is known.
        """
        fitted, rows = self.models.select(data)
        if fitted is None:
            raise ValueError(f"nothing is known before {self.settings.fewest_rows} trials have ended")
        return Posterior(fitted, rows, self.models.scale)

    def expected_improvement(self, data: SearchData, point: Points) -> float | None:
        """What a trial at one ``point`` is expected to gain: E[max(best - y, 0)], where best is the least expectation
        of a point that was measured to its end. None where too little is known to tell, and of several objectives.
        """
        posterior = self._of_one_objective(data)
        if posterior is None:
            return None
        known = data.latest.finished.points.points
        if self.constraint is not None:
            return float(np.exp(-log_constrained_ei(posterior, self.constraint, known)(point)[0]))
        best = float(posterior.mean(known).min())
        mean, std = posterior.mean_and_std(point)
        return float(std[0] * np.exp(log_standard_ei((best - mean) / std))[0])

    def expected_regret(self, data: SearchData) -> ExpectedRegret | None:
        """What any number of trials may still gain over the measured point that is recommended. None where too little
        is known to tell, and of several objectives.
        """
        posterior, finished = self._of_one_objective(data), data.latest.finished
        if posterior is None:
            return None
        recommended, _ = self._recommended(posterior, finished)
        starts = self._best(finished)
        return expected_regret(posterior, self.region, recommended, starts, self.seed, self.constraint)

    def _of_one_objective(self, data: SearchData) -> Posterior | None:
        """The posterior, once a trial has ended; None before, and of several objectives."""
        fitted, rows = self.models.select(data)
        if self.models.objectives > 1 or fitted is None or not len(data.latest.finished):
            return None
        return Posterior(fitted, rows, self.models.scale)

    def _acquisition(
        self,
        fitted: FittedGP,
        rows: Dataset,
        starts: Points,
        pending: Points,
        number: int,
        generator: np.random.Generator,
    ) -> Acquisition:
        """What trial ``number`` is chosen by."""
        scale, every = self.models.scale, self.settings.improvement_every
        if self.models.objectives > 1:
            return parego_scalarization(Posterior(fitted, rows, scale, pending), generator)
        if number % every == every - 1:
            known = starts if len(starts) else self.region.sample(self.settings.random_points, generator)
            believer = Posterior(fitted, rows, scale, pending)
            if self.constraint is not None:
                return log_constrained_ei(believer, self.constraint, known)
            return log_expected_improvement(believer, known)
        posterior = Posterior(fitted, rows, scale)
        if self.constraint is not None:
            return constrained_thompson_sample(posterior, self.constraint, generator)
        return thompson_sample(posterior, generator)

    def _evaluation_budget(self, number: int, rows: int) -> float:
        """How many points the suggestion of trial ``number`` may look at, given so many rows."""
        settings = self.settings
        a_point = len(self.models.weights) * (rows + 2 * len(self.region.domains))
        affordable = settings.suggestion_budget / ((1 + number) * a_point)
        return min(max(affordable, settings.fewest_evaluations), settings.most_evaluations)

    def _initial(self, excluded: Points, generator: np.random.Generator) -> Points:
        """The centre, then of random points the one farthest from all that were tried: how a search that knows nothing
        begins.
        """
        if not len(excluded):
            return self.region.centre
        candidates = self.region.sample(self.settings.random_points, generator)
        here, there = (np.hstack([np.cbrt(one.shares), one.hyper]) for one in (candidates, excluded))
        distance = np.linalg.norm(here[:, None] - there[None], axis=2).min(axis=1)
        return self.region.project_point(candidates.row(int(np.argmax(distance))))

    def _best(self, measured: Dataset) -> Points:
        """The best of the ``measured`` points, best first: where the local search for the next one may begin. The
        reference of a rule is among them, for it keeps the rule.
        """
        order = np.argsort(measured.objective, kind="stable")[: self.settings.most_measured_starts]
        best = measured.points.points.select(order)
        return best if self.constraint is None else Points.concatenate([best, self.constraint.reference])

    def _least_measured(self, measured: Dataset) -> int:
        """The row of least objective; under a rule that of its reference, which alone is known to keep it, if it is
        there.
        """
        if self.constraint is not None:
            apart = np.abs(measured.points.shares - self.constraint.reference.shares).max(axis=1)
            if apart.min() < self.settings.repeat_radius:
                return int(np.argmin(apart))
        return int(np.argmin(measured.objective))

    def _recommended(self, posterior: Posterior, measured: Dataset) -> tuple[Points, float]:
        """A measured point without a constraint, or while too little is known; else any that keeps it."""
        known = len(measured) >= self.settings.fewest_for_the_unmeasured or len(self.models.earlier) > 0
        if self.constraint is None or not known:
            return self._best_mean(posterior, measured)
        return self._least_expected(posterior, measured)

    def _least_expected(self, posterior: Posterior, measured: Dataset) -> tuple[Points, float]:
        """The point of the region with the least expected objective that keeps the constraint, and that expectation."""
        expected = posterior.mean if self.constraint is None else expectation_within(posterior, self.constraint)
        generator = np.random.default_rng(self.seed)
        return optimize_acquisition(expected, self.region, self._best(measured), generator, settings=self.settings)

    def _best_mean(self, posterior: Posterior, measured: Dataset) -> tuple[Points, float]:
        """The measured point with the least expected objective that keeps the constraint, and that expectation."""
        points = measured.points.points
        mean, constraint = posterior.mean(points), self.constraint
        if constraint is None:
            first = int(np.argmin(mean))
        else:
            first = constraint.best(mean, constraint.probability(posterior, points))
        return points.row(first), float(mean[first])
