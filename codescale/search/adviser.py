"""Which point to try next, and which to recommend: the sampler without Optuna.

Two kinds of trials take turns. A Thompson draw takes one sample of the laws, with the processes conditioned on it, and
tries its optimum: parallel trials draw different samples, so a batch spreads as far as the laws are unsure (Thompson
1933; Kandasamy et al. 2018, "Parallelised Bayesian optimisation via Thompson sampling"). Every third is by expected
improvement (Jones et al. 1998) over laws and processes together, which looks where the processes are unsure too; trials
under way count as if they had ended as expected (kriging believer, Ginsbourger et al. 2010). What is recommended is not
the luckiest measurement but the point with the best expectation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from codescale.laws.law import Law
from codescale.laws.observations import Array, Mask
from codescale.search.acquisition import Acquisition, Region, minimise
from codescale.search.avoiding import avoided
from codescale.search.means import REFITTED, SAMPLES, Mean, given_law, level_mean, refitted_law, stacked
from codescale.search.measured import Measured, Points, Told
from codescale.search.surrogate import Fitted, Surrogate, evidence, fit_processes, surprise, with_noise

MOST_ROWS = 150
"""Rows that a surrogate learns from; of more, the best half and others spread over all."""
_BEST = 10
"""The best rows, near which others are kept."""
_NEAR = 0.7
"""The part of the rows learned from that are kept for their nearness."""
FEWEST_ROWS = 5
"""Rows below which nothing is fitted but a given law."""
MISLED = 5.0
"""Deviations by which the first trials may miss what other scales foretell, if their best is not the foretold one."""
GROWTH = 0.15
"""The part by which the rows have to grow before laws and hyperparameters are fitted again."""
IMPROVEMENT_EVERY = 3
_EFFORT = 1e9
"""Values of kernels that a suggestion may take, times the trials so far: the more there are, the less is one worth."""
_LEAST_EFFORT, _MOST_EFFORT = 300, 2_500
"""Points that a suggestion looks at, whatever that comes to."""
_CHEBYSHEV = 0.05
"""The part of the plain sum in the scalar of several objectives (Knowles 2006)."""


@dataclass
class Adviser:
    """Advises a search of ``region`` at log N and log D ``scale``, from ``earlier`` runs and an earlier ``law``.

    ``weights``: target to weight; ``whole``: where the one target is a mean of losses that ``law`` predicts, their
    weights. ``losses``: whether values are log losses. ``objectives``: how many there are; of several each is a target.
    ``noise``: the standard deviation of the objective between seeds, where it is known.
    The same rows, number and seed give the same advice: what is kept between calls are fits, by the rows that they were
    fitted to.
    """

    region: Region
    weights: dict[str, float]
    scale: tuple[float, float]
    earlier: Measured
    law: Law | None = None
    whole: dict[str, float] | None = None
    seed: int = 0
    losses: bool = True
    objectives: int = 1
    noise: float | None = None
    _fits: dict[bytes, tuple[Fitted | None, bool]] = field(default_factory=dict, repr=False)

    def suggest(self, told: Told, pending: tuple[Array, Array], number: int) -> tuple[Array, Array]:
        """Shares and hyperparameters (from 0 to 1) of trial ``number``.

        ``pending``: shares (rows, domains) and hyperparameters of the trials under way.
        """
        generator = np.random.default_rng((self.seed, number))
        fitted, rows = self._fitted(told)
        measured = told.now
        own = measured.select(self._own(measured)).points
        tried = np.vstack([own.shares, pending[0]]), np.vstack([own.hyper, pending[1]])
        avoid = avoided(self.region, tried, told.diverged)
        middle = self._middle()
        if len(self.earlier) and len(tried[0]) == 1 and not avoid.holds(middle[0][None], middle[1][None])[0]:
            return middle
        if fitted is None:
            return self._first((avoid.shares, avoid.hyper), generator)
        starts = self._starts(measured)
        under_way = self._points(*pending)
        if self.objectives > 1:
            acquisition = self._front(Surrogate(fitted, rows, under_way), rows, generator)
        elif number % IMPROVEMENT_EVERY == IMPROVEMENT_EVERY - 1:
            acquisition = self._improvement(Surrogate(fitted, rows, under_way), starts, generator)
        else:
            acquisition = self._thompson(Surrogate(fitted, rows), generator)
        a_point = len(self.weights) * (len(rows) + 2 * len(self.region.domains))
        effort = min(max(_EFFORT / ((1 + number) * a_point), _LEAST_EFFORT), _MOST_EFFORT)
        shares, hyper, _ = minimise(acquisition, self.region, *starts, generator, effort)
        return avoid.elsewhere(shares, hyper, acquisition, generator)

    def recommend(self, told: Told, anywhere: bool = True) -> tuple[Array, Array, float]:
        """The point with the least expected objective, and that expectation.

        Of all feasible points, or only of those that were measured to their end where not ``anywhere``. Raises
        ``ValueError`` where nothing is known yet.
        """
        fitted, rows = self._fitted(told)
        measured = told.now.finished
        if fitted is None:
            if not len(measured):
                raise ValueError("nothing has been measured yet")
            first = int(np.argmin(measured.objective))
            points = measured.points
            return points.shares[first], points.hyper[first], float(measured.objective[first])
        surrogate = Surrogate(fitted, rows)
        if not anywhere and len(measured):
            points = measured.points
            at = surrogate.expected(self._points(points.shares, points.hyper))
            first = int(np.argmin(at))
            return points.shares[first], points.hyper[first], float(at[first])
        generator = np.random.default_rng(self.seed)
        acquisition = lambda shares, hyper: surrogate.expected(self._points(shares, hyper))  # noqa: E731
        return minimise(acquisition, self.region, *self._starts(measured), generator)

    def believed(self, told: Told, shares: Array, hyper: Array) -> tuple[Array, Array]:
        """(rows,): expected objective and its standard deviation, a run's noise apart.

        Raises ``ValueError`` where too little is known.
        """
        fitted, rows = self._fitted(told)
        if fitted is None:
            raise ValueError(f"nothing is known before {FEWEST_ROWS} trials have ended")
        return Surrogate(fitted, rows).believed(self._points(shares, hyper))

    def improvement(self, told: Told, shares: Array, hyper: Array) -> float | None:
        """What a trial at ``shares`` (domains,) and ``hyper`` is expected to gain: E[max(best - y, 0)], where best is
        the least expectation of a point that was measured to its end. None where too little is known to tell, and of
        several objectives.
        """
        fitted, rows = self._fitted(told)
        finished = told.now.finished.points
        if self.objectives > 1 or fitted is None or not len(finished):
            return None
        surrogate = Surrogate(fitted, rows)
        best = float(surrogate.expected(self._points(finished.shares, finished.hyper)).min())
        middle, deviation = surrogate.believed(self._points(shares[None], hyper[None]))
        return float(deviation[0] * np.exp(log_improvement((best - middle) / deviation))[0])

    def known(self, told: Told) -> Measured:
        """The rows that advice rests on: of all scales, or where those mislead of the trials' own."""
        return self._fitted(told)[1]

    def _thompson(self, surrogate: Surrogate, generator: np.random.Generator) -> Acquisition:
        sample = 1 + int(generator.integers(SAMPLES))
        return lambda shares, hyper: surrogate.draw(self._points(shares, hyper), sample)

    def _improvement(
        self, surrogate: Surrogate, starts: tuple[Array, Array], generator: np.random.Generator
    ) -> Acquisition:
        """Minus the logarithm of the expected improvement on the best expectation so far."""
        known = starts if len(starts[0]) else self.region.draw(64, generator)
        best = float(surrogate.believed(self._points(*known))[0].min())

        def acquisition(shares: Array, hyper: Array) -> Array:
            middle, deviation = surrogate.believed(self._points(shares, hyper))
            return np.asarray(-log_improvement((best - middle) / deviation) - np.log(deviation))

        return acquisition

    def _front(self, surrogate: Surrogate, rows: Measured, generator: np.random.Generator) -> Acquisition:
        """The augmented Chebyshev scalar of one sample's objectives under random weights."""
        weights = generator.dirichlet(np.ones(self.objectives))
        least, width = rows.values.min(axis=0), np.maximum(np.ptp(rows.values, axis=0), 1e-12)
        sample = 1 + int(generator.integers(SAMPLES))

        def acquisition(shares: Array, hyper: Array) -> Array:
            values = weights * (surrogate.values(self._points(shares, hyper), sample) - least) / width
            return np.asarray(values.max(axis=1) + _CHEBYSHEV * values.sum(axis=1))

        return acquisition

    def _middle(self) -> tuple[Array, Array]:
        """Even shares, as far as the space allows, and the middle of every hyperparameter's range."""
        count = len(self.region.domains)
        return self.region.inside(np.full(count, 1.0 / count)), np.full(len(self.region.space.hyperparameters), 0.5)

    def _first(self, tried: tuple[Array, Array], generator: np.random.Generator) -> tuple[Array, Array]:
        """The middle, then of random points the one farthest from all that were tried: how a search that knows nothing
        begins.
        """
        if not len(tried[0]):
            return self._middle()
        shares, hyper = self.region.draw(64, generator)
        here, there = (np.hstack([np.cbrt(one), other]) for one, other in ((shares, hyper), tried))
        distance = np.linalg.norm(here[:, None] - there[None], axis=2).min(axis=1)
        farthest = int(np.argmax(distance))
        return self.region.inside(shares[farthest]), hyper[farthest]

    def _points(self, shares: Array, hyper: Array) -> Points:
        ones = np.ones(len(shares))
        return Points(self.scale[0] * ones, self.scale[1] * ones, shares, hyper)

    def _starts(self, measured: Measured) -> tuple[Array, Array]:
        """The measured points, best first, from which the search for the next one begins."""
        order = np.argsort(measured.objective, kind="stable")[:16]
        return measured.points.shares[order], measured.points.hyper[order]

    def _fitted(self, told: Told) -> tuple[Fitted | None, Measured]:
        """The surrogate, fitted to what is settled, and the rows to condition it on.

        Of two surrogates, one that listens to every scale and one to the trials' own alone, the one under which the
        trials are likelier.
        """
        rows = self.earlier.followed_by(told.settled)
        if len(rows) < FEWEST_ROWS and self.law is None:
            return None, rows
        key = rows.points.shares.tobytes() + rows.values.tobytes()
        if key not in self._fits:
            fitted, own = self._choice(rows)
            if fitted is not None and self.noise is not None and self.objectives == 1 and len(rows):
                fitted = with_noise(fitted, limited(rows), self.noise)
            self._fits = {key: (fitted, own)}
        fitted, own = self._fits[key]
        now = self.earlier.followed_by(told.now)
        return fitted, limited(now.select(self._own(now)) if own else now)

    def _choice(self, rows: Measured) -> tuple[Fitted | None, bool]:
        """The surrogate for ``rows``, and whether it listens to the trials' own scale alone: None where other scales
        mislead and there are too few trials yet.
        """
        all_scales, own_scale = limited(rows), limited(rows.select(self._own(rows)))
        own = self._own(all_scales)
        if 1 < len(own_scale) < FEWEST_ROWS and not own.all() and self._misled(all_scales.select(~own), own_scale):
            return None, True
        everything = self._fit(all_scales, self.law)
        if own.all() or len(own_scale) < FEWEST_ROWS:
            return everything, False
        alone = self._fit(own_scale, None)
        likelier = evidence(alone, own_scale, np.ones(len(own_scale), dtype=bool)) > evidence(
            everything, all_scales, own
        )
        return (alone, True) if likelier else (everything, False)

    def _misled(self, others: Measured, own: Measured) -> bool:
        """Whether another of the ``own`` trials was the best than ``others`` foretell, by far more than chance.

        Differences foretold too large or too small harm no search as long as the best is where it was said to be.
        """
        fitted = self._fit(others, self.law)
        foretold = Surrogate(fitted, others).expected(own.points)
        return int(np.argmin(foretold)) != int(np.argmin(own.objective)) and (surprise(fitted, others, own) > MISLED**2)

    def _own(self, rows: Measured) -> Mask:
        """(rows,): which of ``rows`` were measured at the scale searched for."""
        points = rows.points
        return np.asarray(
            (np.abs(points.log_params - self.scale[0]) < 0.01) & (np.abs(points.log_tokens - self.scale[1]) < 0.01)
        )

    def _fit(self, rows: Measured, law: Law | None) -> Fitted:
        domains, targets = self.region.domains, tuple(self.weights)
        means: list[Mean | None] = [level_mean(rows)] if len(rows) else []
        if self.losses:
            parts = [self.whole] if self.whole else [{name: 1.0} for name in targets]
            means.append(given_law(law, domains, parts, rows, self.seed) if law else None)
            means += [refitted_law(name, rows, domains, targets, self.seed) for name in REFITTED]
        mean = stacked([one for one in means if one is not None], rows)
        weight = np.array(list(self.weights.values()))
        return fit_processes(mean, rows, weight / weight.sum(), self.losses)


def limited(rows: Measured) -> Measured:
    """``rows``, or of more than :data:`MOST_ROWS` those nearest to the best ones and others spread over the rest.

    Bad trials beside good ones stay: without them the surrogate would believe in what has been tried and found wanting.
    """
    if len(rows) <= MOST_ROWS:
        return rows
    order = np.argsort(rows.objective, kind="stable")
    inputs = rows.points.inputs
    best = inputs[order[:_BEST]]
    away = np.stack([np.linalg.norm(inputs - one, axis=1) for one in best]).min(axis=0)
    near = np.argsort(away, kind="stable")[: int(_NEAR * MOST_ROWS)]
    others = order[~np.isin(order, near)]
    spread = others[np.linspace(0, len(others) - 1, MOST_ROWS - len(near)).astype(int)]
    return rows.select(np.sort(np.concatenate([near, spread])))


def milestone(rows: int) -> int:
    """The largest number of rows, up to ``rows``, at which everything is fitted anew."""
    reached = 0
    while True:
        following = reached + max(1 if reached < FEWEST_ROWS else 3, math.ceil(GROWTH * reached))
        if following > rows:
            return reached
        reached = following


def log_improvement(z: Array) -> Array:
    """The logarithm of expected improvement in units of the deviation, at ``z`` deviations below the best.

    log(phi(z) + z Phi(z)), finite far below zero (Ament et al. 2023, "Unexpected improvements to expected
    improvement").
    """
    near = np.maximum(z, -6.0)
    value = np.log(np.maximum(norm.pdf(near) + near * norm.cdf(near), 1e-300))
    far = norm.logpdf(z) - 2.0 * np.log(np.abs(np.minimum(z, -1.0)))
    return np.asarray(np.where(z > -6.0, value, far))
