"""The Gaussian process's kernel over (log N, log D, mixture), and the hyperparameters that a table supports.

Matérn 5/2 with a lengthscale for every input (Rasmussen and Williams, 2006, equations 4.17 and 5.9). Shares enter by
their cube root: a loss falls steeply where a share leaves 0 and hardly where it is large, and on the published tables
the cube root makes that even (docs/law-auto.md). Hyperparameters maximise the marginal likelihood times weak priors,
with the gradient in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from codescale.arrays import Array, Mask

_PRIOR_DEVIATION = 1.0
"""Of log lengthscales and log amplitude, around the values below."""
_LENGTHSCALE_OF_SIZE = (3.0, 2.0)
"""Of log N and log D: a factor of 20 in N, of 7 in D."""
_UNVARIED_SIZE = (5.0, 2.0)
"""Of log N and log D where the rows have one: what was learnt there fades away from it. Fitted to RegMix's models of
1 M parameters, its larger ones are ranked best with 4.5 to 6 in N and about 2 in D.
"""
_LENGTHSCALE_OF_SHARE = 2.0
"""Of the cube root of a share: longer than the simplex, so that only domains that matter count."""
_NOISE, _NOISE_DEVIATION = 0.3, 1.5
"""Of a row, in units of the residuals' deviation; and how far its log may be from that."""
_JITTER = 1e-6
_STEPS = 30
_LEAST_NOISE_IN_SINGLE = 1e-3
"""Variance of a row's noise over the process's, below which single precision loses the noise in rounding: the search
for hyperparameters then ended at its bounds.
"""


@dataclass(frozen=True)
class Hyperparameters:
    """``relevance`` (inputs,): one over each input's lengthscale, 0 for shares that do not vary. ``amplitude``,
    ``noise``: standard deviations of the process and of a row, log loss.
    """

    relevance: Array
    amplitude: float
    noise: float


def kernel_inputs(log_params: Array, log_tokens: Array, shares: Array) -> Array:
    """(rows, 2 + domains): what the kernel measures distances in."""
    return np.column_stack([log_params, log_tokens, np.cbrt(np.maximum(shares, 0.0))])


def covariance(relevance: Array, first: Array, second: Array) -> Array:
    """(rows of ``first``, rows of ``second``): the correlation of the process at their inputs, 1 at distance 0."""
    return _matern(_squared_distances(first * relevance, second * relevance))[0]


def covariance_slopes(relevance: Array, point: Array, rows: Array) -> tuple[Array, Array]:
    """The correlations (rows,) of one input (inputs,) with ``rows`` (rows, inputs), and their derivatives by that input
    (rows, inputs).
    """
    difference = (point - rows) * relevance
    value, slope = _matern((difference * difference).sum(axis=1))
    return value, 2.0 * slope[:, None] * difference * relevance


def _squared_distances(first: Array, second: Array) -> Array:
    squares = (first * first).sum(axis=1)[:, None] + (second * second).sum(axis=1) - 2.0 * first @ second.T
    return np.maximum(squares, 0.0)


def _matern(squared: Array) -> tuple[Array, Array]:
    """The kernel of a squared distance, and its derivative by it."""
    distance = np.sqrt(5.0 * squared)
    decay = np.exp(-distance)
    return (1.0 + distance + distance * distance / 3.0) * decay, -(5.0 / 6.0) * (1.0 + distance) * decay


def fit_hyperparameters(
    inputs: Array,
    residuals: Array,
    weights: Array,
    earlier: Hyperparameters | None = None,
    known_noise: Array | None = None,
    steps: int = _STEPS,
) -> Hyperparameters:
    """The hyperparameters of ``residuals`` (rows,), log loss, at ``inputs`` (rows, inputs).

    A row's noise variance is divided by its weight in ``weights`` (rows,). Starts at ``earlier`` where that is given.
    ``known_noise`` (rows, rows): a covariance of noise that is known beforehand. The likelihood is computed in the
    inputs' floating-point type where that does.
    """
    from scipy.optimize import minimize

    scale = max(float(residuals.std()), 1e-9)
    varying: Mask = np.ptp(inputs, axis=0) > 1e-6
    prior = np.log(np.concatenate([_prior_lengthscales(inputs.shape[1])[varying], [1.0, _NOISE]]))
    deviation = np.concatenate([np.full(len(prior) - 1, _PRIOR_DEVIATION), [_NOISE_DEVIATION]])
    likelihood = _Likelihood(
        inputs[:, varying] - inputs[:, varying].mean(axis=0),
        (residuals / scale).astype(inputs.dtype),
        (1.0 / weights).astype(inputs.dtype),
        None if known_noise is None else (known_noise / scale**2).astype(inputs.dtype),
        prior,
        deviation,
    )
    bounds = np.stack([prior - 5.0, prior + 5.0])
    start = prior if earlier is None else np.clip(_logs(earlier, varying, scale), *bounds)
    found: Any = minimize(
        likelihood.value_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds.T.tolist(),
        options={"maxiter": steps},
    )
    relevance = _unvaried_relevance(inputs.shape[1])
    relevance[varying] = np.exp(-found.x[:-2])
    noise = float(np.sqrt(np.exp(2.0 * found.x[-1]) + _JITTER))
    return Hyperparameters(relevance, scale * float(np.exp(found.x[-2])), scale * noise)


def _logs(hyperparameters: Hyperparameters, varying: Mask, scale: float) -> Array:
    """The solver's parameters: log lengthscales of ``varying`` inputs, log amplitude and log noise over ``scale``."""
    ends = np.array([hyperparameters.amplitude, hyperparameters.noise]) / scale
    relevance = np.maximum(hyperparameters.relevance[varying], 1e-9)
    return np.concatenate([-np.log(relevance), np.log(np.maximum(ends, 1e-9))])


def _prior_lengthscales(inputs: int) -> Array:
    return np.concatenate([_LENGTHSCALE_OF_SIZE, np.full(inputs - 2, _LENGTHSCALE_OF_SHARE)])


def _unvaried_relevance(inputs: int) -> Array:
    return np.concatenate([1.0 / np.array(_UNVARIED_SIZE), np.zeros(inputs - 2)])


@dataclass(frozen=True)
class _Likelihood:
    """The negative log posterior of log lengthscales, log amplitude and log noise (in that order)."""

    inputs: Array
    values: Array
    inflation: Array
    known_noise: Array | None
    prior_mean: Array
    prior_deviation: Array

    @cached_property
    def _in_double(self) -> _Likelihood:
        return _Likelihood(
            self.inputs.astype(np.float64),
            self.values.astype(np.float64),
            self.inflation.astype(np.float64),
            None if self.known_noise is None else self.known_noise.astype(np.float64),
            self.prior_mean,
            self.prior_deviation,
        )

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        """At ``theta`` (parameters,), in double precision where single would not do."""
        variance, noise = np.exp(2.0 * theta[-2:]).tolist()
        if self.inputs.dtype == np.float32 and not single_precision_does(variance, noise):
            return self._in_double.value_and_gradient(theta)
        count = self.inputs.shape[1]
        scaled = self.inputs * np.exp(-theta[:count]).astype(self.inputs.dtype)
        correlation, slope = _matern(_squared_distances(scaled, scaled))
        matrix = variance * correlation
        if self.known_noise is not None:
            matrix += self.known_noise
        diagonal = np.arange(len(matrix))
        matrix[diagonal, diagonal] += noise * self.inflation + _JITTER
        inverse, log_determinant = inverse_and_log_determinant(matrix)
        weighed = inverse @ self.values
        value = 0.5 * float(self.values @ weighed) + 0.5 * log_determinant
        outer = 0.5 * (inverse - np.outer(weighed, weighed))
        gradient = np.empty(len(theta))
        gradient[:count] = _by_log_lengthscale(outer * slope * variance, scaled)
        gradient[count] = 2.0 * variance * float((outer * correlation).sum())
        gradient[count + 1] = 2.0 * noise * float(outer[diagonal, diagonal] @ self.inflation)
        distance = (theta - self.prior_mean) / self.prior_deviation
        return value + 0.5 * float(distance @ distance), gradient + distance / self.prior_deviation


def single_precision_does(variance: float, noise: float) -> bool:
    """Whether a process of ``variance`` with rows of ``noise`` variance can be factored in single precision."""
    return noise >= _LEAST_NOISE_IN_SINGLE * variance


def inverse_and_log_determinant(matrix: Array) -> tuple[Array, float]:
    """Of a positive definite ``matrix`` (n, n), in its own floating-point type: in double precision where single does
    not do.
    """
    from scipy.linalg import lapack

    factorise, invert = (lapack.spotrf, lapack.spotri) if matrix.dtype == np.float32 else (lapack.dpotrf, lapack.dpotri)
    factor, failed = factorise(matrix, lower=1)
    if failed and matrix.dtype == np.float32:
        inverse, log_determinant = inverse_and_log_determinant(matrix.astype(np.float64))
        return inverse.astype(np.float32), log_determinant
    inverse, _ = invert(factor, lower=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    return inverse, 2.0 * float(np.log(np.diag(factor)).sum(dtype=np.float64))


def _by_log_lengthscale(weights: Array, scaled: Array) -> Array:
    """(inputs,): minus twice the sum over pairs of ``weights`` (rows, rows, symmetric) times the squared distance along
    each input.
    """
    rows = weights.sum(axis=1)
    return -4.0 * (rows @ (scaled * scaled) - np.einsum("ri,ri->i", scaled, weights @ scaled))
