"""Which point to try next, and which to recommend: the sampler without Optuna.

Two kinds of trials take turns (:mod:`.acquisition`). A Thompson draw tries the optimum of one sample
of the laws: parallel trials draw different samples, so a batch spreads as far as the laws are unsure. Every third is by
expected improvement, which looks where the processes are unsure too; trials under way count as if they had ended as
expected (kriging believer, Ginsbourger et al. 2010). What is recommended is not the luckiest measurement but the point
with the best expectation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.acquisition import (
    Acquisition,
    expected_improvement,
    log_standard_ei,
    parego_scalarization,
    thompson_sample,
)
from codescale.search.bayesopt.dataset import Measured, Told
from codescale.search.bayesopt.model_selection import FEWEST_ROWS, Beliefs
from codescale.search.bayesopt.optimize_acquisition import avoided, optimize_acquisition
from codescale.search.bayesopt.posterior import Belief
from codescale.search.bayesopt.surrogate import Fitted
from codescale.search.bayesopt.termination import ExpectedRegret, remaining
from codescale.search.space.feasible_region import FeasibleRegion

IMPROVEMENT_EVERY = 3
_EFFORT = 1e9
"""Values of kernels that a suggestion may take, times the trials so far: the more there are, the less is one worth."""
_LEAST_EFFORT, _MOST_EFFORT = 300, 1_500
"""Points that a suggestion looks at, whatever that comes to."""
_MOST_STARTS = 16
"""Measured points from which a descent may begin."""


@dataclass
class Adviser:
    """Advises a search of ``region`` by its ``beliefs``. The same rows, number and seed give the same advice."""

    region: FeasibleRegion
    beliefs: Beliefs
    seed: int = 0

    def suggest(self, told: Told, pending: tuple[Array, Array], number: int) -> tuple[Array, Array]:
        """Shares and hyperparameters (from 0 to 1) of trial ``number``.

        ``pending``: shares (rows, domains) and hyperparameters of the trials under way.
        """
        generator = np.random.default_rng((self.seed, number))
        fitted, rows = self.beliefs.fitted(told)
        own = told.now.select(self.beliefs.own_scale(told.now)).points
        tried = np.vstack([own.shares, pending[0]]), np.vstack([own.hyper, pending[1]])
        avoid = avoided(self.region, tried, told.diverged)
        middle = self._middle()
        if len(self.beliefs.earlier) and len(tried[0]) == 1 and not avoid.holds(middle[0][None], middle[1][None])[0]:
            return middle  # the second trial, which no law has chosen, tells whether other scales mislead
        if fitted is None:
            return self._first((avoid.shares, avoid.hyper), generator)
        starts = self._best(told.now)
        acquisition = self._acquisition(fitted, rows, starts, pending, number, generator)
        effort = self._effort(number, len(rows))
        shares, hyper, _ = optimize_acquisition(acquisition, self.region, *starts, generator, effort)
        return avoid.elsewhere(shares, hyper, acquisition, generator)

    def recommend(self, told: Told, anywhere: bool = True) -> tuple[Array, Array, float]:
        """The point with the least expected objective, and that expectation.

        Of all feasible points, or only of those that were measured to their end where not ``anywhere``. Raises
        ``ValueError`` where nothing is known yet.
        """
        fitted, rows = self.beliefs.fitted(told)
        measured = told.now.finished
        points = measured.points
        if fitted is None:
            if not len(measured):
                raise ValueError("nothing has been measured yet")
            first = int(np.argmin(measured.objective))
            return points.shares[first], points.hyper[first], float(measured.objective[first])
        belief = Belief(fitted, rows, self.beliefs.scale)
        if not anywhere and len(measured):
            return _least(belief, measured)
        generator = np.random.default_rng(self.seed)
        return optimize_acquisition(belief.expected, self.region, *self._best(measured), generator)

    def believed(self, told: Told, shares: Array, hyper: Array) -> tuple[Array, Array]:
        """(rows,): expected objective and its standard deviation, a run's noise apart.

        Raises ``ValueError`` where too little is known.
        """
        fitted, rows = self.beliefs.fitted(told)
        if fitted is None:
            raise ValueError(f"nothing is known before {FEWEST_ROWS} trials have ended")
        return Belief(fitted, rows, self.beliefs.scale).believed(shares, hyper)

    def improvement(self, told: Told, shares: Array, hyper: Array) -> float | None:
        """What a trial at ``shares`` (domains,) and ``hyper`` is expected to gain: E[max(best - y, 0)], where best is
        the least expectation of a point that was measured to its end. None where too little is known to tell, and of
        several objectives.
        """
        belief, finished = self._of_one_objective(told), told.now.finished.points
        if belief is None:
            return None
        best = float(belief.expected(finished.shares, finished.hyper).min())
        middle, deviation = belief.believed(shares[None], hyper[None])
        return float(deviation[0] * np.exp(log_standard_ei((best - middle) / deviation))[0])

    def expected_regret(self, told: Told) -> ExpectedRegret | None:
        """What any number of trials may still gain over the measured point that is recommended. None where too little
        is known to tell, and of several objectives.
        """
        belief, finished = self._of_one_objective(told), told.now.finished
        if belief is None:
            return None
        shares, hyper, _ = _least(belief, finished)
        return remaining(belief, self.region, (shares, hyper), self._best(finished), self.seed)

    def _of_one_objective(self, told: Told) -> Belief | None:
        """What is believed, once a trial has ended; None before, and of several objectives."""
        fitted, rows = self.beliefs.fitted(told)
        if self.beliefs.objectives > 1 or fitted is None or not len(told.now.finished):
            return None
        return Belief(fitted, rows, self.beliefs.scale)

    def _acquisition(
        self,
        fitted: Fitted,
        rows: Measured,
        starts: tuple[Array, Array],
        pending: tuple[Array, Array],
        number: int,
        generator: np.random.Generator,
    ) -> Acquisition:
        """What trial ``number`` is chosen by."""
        scale = self.beliefs.scale
        if self.beliefs.objectives > 1:
            return parego_scalarization(Belief(fitted, rows, scale, pending), generator)
        if number % IMPROVEMENT_EVERY == IMPROVEMENT_EVERY - 1:
            known = starts if len(starts[0]) else self.region.sample(64, generator)
            return expected_improvement(Belief(fitted, rows, scale, pending), known)
        return thompson_sample(Belief(fitted, rows, scale), generator)

    def _effort(self, number: int, rows: int) -> float:
        """How many points the suggestion of trial ``number`` may look at, given so many rows."""
        a_point = len(self.beliefs.weights) * (rows + 2 * len(self.region.domains))
        return min(max(_EFFORT / ((1 + number) * a_point), _LEAST_EFFORT), _MOST_EFFORT)

    def _middle(self) -> tuple[Array, Array]:
        """Even shares, as far as the space allows, and the middle of every hyperparameter's range."""
        count = len(self.region.domains)
        return self.region.project(np.full(count, 1.0 / count)), np.full(len(self.region.space.hyperparameters), 0.5)

    def _first(self, tried: tuple[Array, Array], generator: np.random.Generator) -> tuple[Array, Array]:
        """The middle, then of random points the one farthest from all that were tried: how a search that knows nothing
        begins.
        """
        if not len(tried[0]):
            return self._middle()
        shares, hyper = self.region.sample(64, generator)
        here, there = (np.hstack([np.cbrt(one), other]) for one, other in ((shares, hyper), tried))
        distance = np.linalg.norm(here[:, None] - there[None], axis=2).min(axis=1)
        farthest = int(np.argmax(distance))
        return self.region.project(shares[farthest]), hyper[farthest]

    def _best(self, measured: Measured) -> tuple[Array, Array]:
        """The best of the ``measured`` points, best first: where the descent to the next one may begin."""
        order = np.argsort(measured.objective, kind="stable")[:_MOST_STARTS]
        return measured.points.shares[order], measured.points.hyper[order]


def _least(belief: Belief, measured: Measured) -> tuple[Array, Array, float]:
    """The measured point with the least expected objective, and that expectation."""
    points = measured.points
    at = belief.expected(points.shares, points.hyper)
    first = int(np.argmin(at))
    return points.shares[first], points.hyper[first], float(at[first])
