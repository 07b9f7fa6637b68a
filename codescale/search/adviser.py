"""Which point to try next, and which to recommend: the sampler without Optuna.

Trials come in pairs of kinds. A Thompson draw takes one sample of the law with the process conditioned on it and tries
its optimum: parallel trials draw different samples, so a batch spreads as far as the law is unsure (Thompson 1933;
Kandasamy et al. 2018, "Parallelised Bayesian optimisation via Thompson sampling"). Expected improvement (Jones et al.
1998), over law and process together, looks where the process is unsure too; trials under way count as if they had ended
as expected (kriging believer, Ginsbourger et al. 2010). What is recommended is not the luckiest measurement but the
mixture with the best expectation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from codescale.laws.law import Law
from codescale.laws.observations import Array
from codescale.search.acquisition import Region, minimise
from codescale.search.means import REFITTED, Mean, SAMPLES, given_law, level_mean, refitted_law, stacked
from codescale.search.measured import Measured, Points
from codescale.search.surrogate import Fitted, Surrogate, fit_processes

MOST_ROWS = 300
"""Rows that a surrogate learns from; of more, the best half and others spread over all."""
_FEWEST_ROWS = 5
"""Rows below which nothing is fitted but a given law."""
_GROWTH = 0.1
"""The part by which the rows have to grow before laws and hyperparameters are fitted again."""


@dataclass
class Adviser:
    """Advises a search of ``region`` at log N and log D ``scale``, from ``earlier`` runs and an earlier ``law``.

    ``weights``: target to weight. The same rows, number and seed give the same advice: what is kept between calls are
    fits, by the rows that they were fitted to.
    """

    region: Region
    weights: dict[str, float]
    scale: tuple[float, float]
    earlier: Measured
    law: Law | None = None
    seed: int = 0
    losses: bool = True
    _fits: dict[int, Fitted] = field(default_factory=dict, repr=False)

    def suggest(self, measured: Measured, pending: tuple[Array, Array], number: int) -> tuple[Array, Array]:
        """Shares and hyperparameters (from 0 to 1) of trial ``number``.

        ``pending``: shares (rows, domains) and hyperparameters of the trials under way.
        """
        generator = np.random.default_rng((self.seed, number))
        rows = self._rows(measured)
        fitted = self._fitted(rows)
        if fitted is None:
            return self._first(pending, number, generator)
        under_way = self._points(*pending)
        starts, hyper = self._starts(measured)
        if number % 2:
            sample = 1 + int(generator.integers(SAMPLES))
            surrogate = Surrogate(fitted, rows)
            drawn = lambda shares, others: surrogate.draw(self._points(shares, others), sample)  # noqa: E731
            shares, others, _ = minimise(drawn, self.region, starts, hyper, generator)
            return shares, others
        surrogate = Surrogate(fitted, rows, under_way)
        best = float(surrogate.expected(self._points(starts, hyper)).min()) if len(starts) else math.inf
        if not math.isfinite(best):
            best = float(surrogate.expected(self._points(*self.region.draw(64, generator))).min())

        def improvement(shares: Array, others: Array) -> Array:
            middle, deviation = surrogate.believed(self._points(shares, others))
            return -log_improvement((best - middle) / deviation) - np.log(deviation)

        shares, others, _ = minimise(improvement, self.region, starts, hyper, generator)
        return shares, others

    def recommend(self, measured: Measured, anywhere: bool = True) -> tuple[Array, Array, float]:
        """The point with the least expected objective, and that expectation.

        Of all feasible points, or only of the measured ones where not ``anywhere``.
        """
        rows = self._rows(measured)
        fitted = self._fitted(rows)
        starts, hyper = self._starts(measured)
        if fitted is None:
            if not len(measured):
                raise ValueError("nothing has been measured yet")
            first = int(np.argmin(measured.objective))
            return measured.points.shares[first], measured.points.hyper[first], float(measured.objective[first])
        surrogate = Surrogate(fitted, rows)
        generator = np.random.default_rng(self.seed)
        if not anywhere:
            at = surrogate.expected(self._points(measured.points.shares, measured.points.hyper))
            first = int(np.argmin(at))
            return measured.points.shares[first], measured.points.hyper[first], float(at[first])
        return minimise(
            lambda shares, others: surrogate.expected(self._points(shares, others)),
            self.region, starts, hyper, generator,
        )  # fmt: skip

    def _first(
        self, pending: tuple[Array, Array], number: int, generator: np.random.Generator
    ) -> tuple[Array, Array]:
        """Of random points that which lies farthest from all that were tried: the beginning of a search that knows
        nothing.
        """
        shares, hyper = self.region.draw(64, generator)
        if number == 0:
            centre = self.region.inside(np.full(len(self.region.domains), 1.0 / len(self.region.domains)))
            return centre, np.full(hyper.shape[1], 0.5)
        tried, others = pending
        if not len(tried):
            return shares[0], hyper[0]
        here, there = np.hstack([np.cbrt(shares), hyper]), np.hstack([np.cbrt(tried), others])
        distance = np.linalg.norm(here[:, None] - there[None], axis=2).min(axis=1)
        farthest = int(np.argmax(distance))
        return shares[farthest], hyper[farthest]

    def _points(self, shares: Array, hyper: Array) -> Points:
        ones = np.ones(len(shares))
        return Points(self.scale[0] * ones, self.scale[1] * ones, shares, hyper)

    def _starts(self, measured: Measured) -> tuple[Array, Array]:
        """The measured points, best first, of which the search for the next one begins."""
        order = np.argsort(measured.objective, kind="stable")[:16]
        return measured.points.shares[order], measured.points.hyper[order]

    def _rows(self, measured: Measured) -> Measured:
        rows = self.earlier.followed_by(measured)
        if len(rows) <= MOST_ROWS:
            return rows
        order = np.argsort(rows.objective, kind="stable")
        best, others = order[: MOST_ROWS // 2], order[MOST_ROWS // 2 :]
        spread = others[np.linspace(0, len(others) - 1, MOST_ROWS - len(best)).astype(int)]
        return rows.select(np.sort(np.concatenate([best, spread])))

    def _fitted(self, rows: Measured) -> Fitted | None:
        """The surrogate fitted to the first rows, as many as its schedule has reached."""
        if len(rows) < _FEWEST_ROWS and self.law is None:
            return None
        count = milestone(len(rows))
        if count not in self._fits:
            self._fits = {count: self._fit(rows)}
        return self._fits[count]

    def _fit(self, rows: Measured) -> Fitted:
        domains, targets = self.region.domains, tuple(self.weights)
        means: list[Mean | None] = [level_mean(rows)]
        if self.losses:
            means.append(given_law(self.law, domains, targets, rows, self.seed) if self.law else None)
            means += [refitted_law(name, rows, domains, targets, self.seed) for name in REFITTED]
        mean = stacked([one for one in means if one is not None], rows)
        weight = np.array(list(self.weights.values()))
        return fit_processes(mean, rows, weight / weight.sum(), self.losses)


def milestone(rows: int) -> int:
    """The largest number of rows, up to ``rows``, at which everything is fitted anew: each one more, then each tenth
    more.
    """
    reached = 0
    while True:
        following = reached + max(2, math.ceil(_GROWTH * reached))
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
