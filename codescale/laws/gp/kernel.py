"""The Gaussian process's kernel over (log N, log D, mixture), and the hyperparameters that a table supports.

Matérn 5/2 with a lengthscale for every input (Rasmussen and Williams, 2006, equations 4.17 and 5.9). Shares enter by
their cube root: a loss falls steeply where a share leaves 0 and hardly where it is large, and on the published tables
the cube root makes that even (docs/law-auto.md). Hyperparameters maximise the marginal likelihood times weak priors,
with the gradient in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from codescale.arrays import Array, Mask

_PRIOR_DEVIATION = 1.0
"""Of log lengthscales and log amplitude, around the values below."""
_LENGTHSCALE_OF_SIZE = (3.0, 2.0)
"""Of log N and log D: a factor of 20 in N, of 7 in D."""
_LENGTHSCALE_OF_SHARE = 2.0
"""Of the cube root of a share: longer than the simplex, so that only domains that matter count."""
_NOISE, _NOISE_DEVIATION = 0.3, 1.5
"""Of a run, in units of the residuals' deviation; and how far its log may be from that."""
_JITTER = 1e-6
_ITERATIONS = 30


@dataclass(frozen=True)
class Hyperparameters:
    """``relevance`` (inputs,): one over each input's lengthscale, 0 for inputs that do not vary. ``amplitude``,
    ``noise``: standard deviations of the process and of a run, log loss.
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
    inputs: Array, residuals: Array, weights: Array, earlier: Hyperparameters | None = None
) -> Hyperparameters:
    """The hyperparameters of ``residuals`` (rows,), log loss, at ``inputs`` (rows, inputs).

    A row's noise variance is divided by its weight in ``weights`` (rows,). Starts at ``earlier`` where that is given.
    """
    from scipy.optimize import minimize

    scale = max(float(residuals.std()), 1e-9)
    varying: Mask = np.ptp(inputs, axis=0) > 1e-6
    prior = np.log(np.concatenate([_prior_lengthscales(inputs.shape[1])[varying], [1.0, _NOISE]]))
    deviation = np.concatenate([np.full(len(prior) - 1, _PRIOR_DEVIATION), [_NOISE_DEVIATION]])
    likelihood = _Likelihood(inputs[:, varying], residuals / scale, 1.0 / weights, prior, deviation)
    bounds = np.stack([prior - 5.0, prior + 5.0])
    start = prior if earlier is None else np.clip(_logs(earlier, varying, scale), *bounds)
    found: Any = minimize(
        likelihood.value_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds.T.tolist(),
        options={"maxiter": _ITERATIONS if earlier is None else _ITERATIONS // 2},
    )
    relevance = np.zeros(inputs.shape[1])
    relevance[varying] = np.exp(-found.x[:-2])
    noise = float(np.sqrt(np.exp(2.0 * found.x[-1]) + _JITTER))
    return Hyperparameters(relevance, scale * float(np.exp(found.x[-2])), scale * noise)


def _logs(hyperparameters: Hyperparameters, varying: Mask, scale: float) -> Array:
    """The solver's parameters: log lengthscales of ``varying`` inputs, log amplitude and log noise over ``scale``."""
    ends = np.array([hyperparameters.amplitude, hyperparameters.noise]) / scale
    return np.concatenate([-np.log(hyperparameters.relevance[varying]), np.log(np.maximum(ends, 1e-9))])


def _prior_lengthscales(inputs: int) -> Array:
    return np.concatenate([_LENGTHSCALE_OF_SIZE, np.full(inputs - 2, _LENGTHSCALE_OF_SHARE)])


@dataclass(frozen=True)
class _Likelihood:
    """The negative log posterior of log lengthscales, log amplitude and log noise (in that order)."""

    inputs: Array
    values: Array
    inflation: Array
    prior_mean: Array
    prior_deviation: Array

    def value_and_gradient(self, theta: Array) -> tuple[float, Array]:
        from scipy.linalg import lapack

        scaled = self.inputs * np.exp(-theta[:-2])
        correlation, slope = _matern(_squared_distances(scaled, scaled))
        variance, noise = float(np.exp(2.0 * theta[-2])), float(np.exp(2.0 * theta[-1]))
        matrix = variance * correlation
        diagonal = np.arange(len(matrix))
        matrix[diagonal, diagonal] += noise * self.inflation + _JITTER
        factor, _ = lapack.dpotrf(matrix, lower=1)
        inverse, _ = lapack.dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weighed = inverse @ self.values
        value = 0.5 * float(self.values @ weighed) + float(np.log(factor[diagonal, diagonal]).sum())
        outer = 0.5 * (inverse - np.outer(weighed, weighed))
        gradient = np.empty(len(theta))
        gradient[:-2] = _by_log_lengthscale(outer * slope * variance, scaled)
        gradient[-2] = 2.0 * variance * float((outer * correlation).sum())
        gradient[-1] = 2.0 * noise * float(outer[diagonal, diagonal] @ self.inflation)
        distance = (theta - self.prior_mean) / self.prior_deviation
        return value + 0.5 * float(distance @ distance), gradient + distance / self.prior_deviation


def _by_log_lengthscale(weights: Array, scaled: Array) -> Array:
    """(inputs,): minus twice the sum over pairs of ``weights`` (rows, rows, symmetric) times the squared distance along
    each input.
    """
    rows = weights.sum(axis=1)
    return -4.0 * (rows @ (scaled * scaled) - np.einsum("ri,ri->i", scaled, weights @ scaled))
