"""What a search believes about the objective: a law as the mean, a Gaussian process on what the law leaves over.

The process is that of codescale/laws (Matérn 5/2 over log N, log D, cube roots of shares), with the hyperparameters as
further inputs. A wrong law cannot hurt for long, by two means. Its level and slope are unknown too (the explicit basis
functions of Rasmussen and Williams 2006, section 2.7, with a prior that trusts the law): a law that tells nothing ends
with a slope near 0, and the process's amplitude, which the marginal likelihood finds, grows with what it leaves. And it
competes: with laws refitted to the trials themselves and with a plain level, by the density that each, together with
its process, gives to rows that it has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from codescale.laws.kernel import Hyperparameters, covariance, fit_hyperparameters, kernel_inputs
from codescale.laws.observations import Array
from codescale.search.means import Mean
from codescale.search.measured import Measured

_LEVEL_DEVIATION = 3.0
"""Of the level that is added to a mean, in deviations of its residuals."""
_SLOPE_DEVIATION = 0.5
"""Of the factor on a mean's differences around 1: of that law's own error nothing is known before the trials."""
_HYPER_WIDTH = 3.0
"""The width of a hyperparameter's range among the kernel's inputs, whose lengthscales are around 2."""


@dataclass(frozen=True)
class Points:
    """Where the objective is asked for: log N, log D (rows,), shares (rows, domains), hyper (rows, hyperparameters)."""

    log_params: Array
    log_tokens: Array
    shares: Array
    hyper: Array

    def __len__(self) -> int:
        return len(self.shares)

    @property
    def inputs(self) -> Array:
        """(rows, inputs): as the kernel takes them."""
        return np.hstack([kernel_inputs(self.log_params, self.log_tokens, self.shares), _HYPER_WIDTH * self.hyper])


def points_of(measured: Measured) -> Points:
    """Where ``measured`` was measured."""
    return Points(measured.log_params, measured.log_tokens, measured.shares, measured.hyper)


@dataclass(frozen=True)
class Fitted:
    """A mean with the process on its residuals, before it is conditioned on any row. ``centre``: where the mean's slope
    turns; ``density``: the mean log density of rows left out, in nats a row.
    """

    mean: Mean
    process: Hyperparameters
    centre: float
    level_variance: float
    slope_variance: float
    density: float

    def prior(self, first: Array, second: Array, mean_first: Array, mean_second: Array) -> Array:
        """(rows of ``first``, rows of ``second``): the covariance of the residuals at kernel inputs and means."""
        basis = np.outer(mean_first - self.centre, mean_second - self.centre)
        return np.asarray(
            self.process.amplitude**2 * covariance(self.process.relevance, first, second)
            + self.level_variance
            + self.slope_variance * basis
        )


def fit_process(mean: Mean, measured: Measured) -> Fitted:
    """The process on what ``mean`` leaves of rows that it has not seen."""
    inputs = points_of(measured).inputs
    residuals = measured.objective - mean.held_out
    centre = float(mean.held_out.mean())
    weights = 1.0 / measured.doubt
    scale = max(float(residuals.std()), 1e-9)
    spread = max(float(mean.held_out.std()), 1e-12)
    slope = float((residuals * (mean.held_out - centre)).mean()) / (spread**2 + scale**2)
    process = fit_hyperparameters(inputs, residuals - residuals.mean() - slope * (mean.held_out - centre), weights)
    fitted = Fitted(mean, process, centre, (_LEVEL_DEVIATION * scale) ** 2, _SLOPE_DEVIATION**2, 0.0)
    matrix = fitted.prior(inputs, inputs, mean.held_out, mean.held_out)
    matrix[np.diag_indices(len(matrix))] += process.noise**2 / weights
    inverse = np.linalg.inv(matrix)
    variance = 1.0 / np.diag(inverse)
    error = (inverse @ residuals) * variance
    density = float(np.mean(-0.5 * np.log(2.0 * np.pi * variance) - 0.5 * error**2 / variance))
    return Fitted(mean, process, centre, fitted.level_variance, fitted.slope_variance, density)


def best_of(means: Sequence[Mean], measured: Measured) -> Fitted:
    """Of ``means`` that which, with its process, foretells unseen rows best (Vehtari et al. 2017, leave-one-out)."""
    return max((fit_process(mean, measured) for mean in means), key=lambda one: one.density)


class Surrogate:
    """``fitted`` conditioned on ``measured``; ``pending`` points are known to be under way, their results not."""

    def __init__(self, fitted: Fitted, measured: Measured, pending: Points | None = None) -> None:
        self.fitted, self.measured = fitted, measured
        at = points_of(measured)
        self._inputs = at.inputs
        self._means = [self._mean(at, sample) for sample in range(fitted.mean.samples + 1)]
        noise = fitted.process.noise**2 * measured.doubt
        self._residuals = [measured.objective - mean for mean in self._means]
        if pending is not None and len(pending):
            ahead = Surrogate(fitted, measured)
            self._inputs = np.vstack([self._inputs, pending.inputs])
            for sample in range(fitted.mean.samples + 1):
                mean = self._mean(pending, sample)
                believed = ahead.predict(pending, sample)[0]
                self._means[sample] = np.concatenate([self._means[sample], mean])
                self._residuals[sample] = np.concatenate([self._residuals[sample], believed - mean])
            noise = np.concatenate([noise, np.full(len(pending), fitted.process.noise**2)])
        self._noise = noise
        self._factors: dict[int, tuple[tuple[Array, bool], Array]] = {}

    def _mean(self, points: Points, sample: int) -> Array:
        return self.fitted.mean.values(points.log_params, points.log_tokens, points.shares, sample)

    def _conditioned(self, sample: int) -> tuple[tuple[Array, bool], Array]:
        """The Cholesky factor of the rows' covariance under ``sample``, and its inverse times their residuals."""
        if sample not in self._factors:
            mean = self._means[sample]
            matrix = self.fitted.prior(self._inputs, self._inputs, mean, mean)
            matrix[np.diag_indices(len(matrix))] += self._noise
            factor = cho_factor(matrix, lower=True, overwrite_a=True)
            self._factors[sample] = factor, cho_solve(factor, self._residuals[sample])
        return self._factors[sample]

    def predict(self, points: Points, sample: int = 0) -> tuple[Array, Array]:
        """(rows,): the expected objective of ``points`` under one sample of the mean, and its standard deviation, a
        run's noise apart.
        """
        factor, dual = self._conditioned(sample)
        mean, inputs = self._mean(points, sample), points.inputs
        cross = self.fitted.prior(inputs, self._inputs, mean, self._means[sample])
        variance = (
            self.fitted.process.amplitude**2
            + self.fitted.level_variance
            + self.fitted.slope_variance * (mean - self.fitted.centre) ** 2
        )
        solved = solve_triangular(factor[0], cross.T, lower=True)
        variance = variance - (solved * solved).sum(axis=0)
        return mean + cross @ dual, np.sqrt(np.maximum(variance, 1e-18))

    def expected(self, points: Points) -> Array:
        """(rows,): the expected objective, over all samples of the mean."""
        return np.mean([self._value(points, k) for k in range(len(self._means))], axis=0)

    def _value(self, points: Points, sample: int) -> Array:
        _, dual = self._conditioned(sample)
        mean = self._mean(points, sample)
        return np.asarray(mean + self.fitted.prior(points.inputs, self._inputs, mean, self._means[sample]) @ dual)

    def believed(self, points: Points) -> tuple[Array, Array]:
        """(rows,): expectation and standard deviation over the samples of the mean and the process alike."""
        both = [self.predict(points, k) for k in range(len(self._means))]
        middle = np.array([value for value, _ in both])
        variance = np.mean([deviation**2 for _, deviation in both], axis=0) + middle.var(axis=0)
        return middle.mean(axis=0), np.sqrt(variance)
