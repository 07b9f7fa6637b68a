"""Conditioning a Gaussian process on the residuals of a mean: the one place where its covariance is built and factored.

    X   (n, k)  kernel inputs of known rows          Z  (m, k)  of points asked for
    r   (n, s)  residuals, one column for each sample of the mean
    mu  (n,)    the mean at the rows (as fitted), in which the basis is linear
    K = a^2 k(X, X) [+ v_0 + v_1 (mu - c)(mu - c)^T] + diag(noise),    mean at Z = k(Z, X) K^-1 r

The bracket stands where the mean's level and slope are unknown too: explicit basis functions 1 and mu - c with Gaussian
coefficients (Rasmussen and Williams 2006, section 2.7).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from codescale.arrays import Array
from codescale.laws.gp.kernel import Hyperparameters, covariance

_JITTERS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
"""Of a covariance's mean variance, what is added where it is not positive definite."""


@dataclass(frozen=True)
class LevelAndSlope:
    """What may be added to a mean mu: a level of variance ``level_variance``, and a factor on mu - ``centre`` of
    variance ``slope_variance``.
    """

    centre: float
    level_variance: float
    slope_variance: float

    def covariance(self, first: Array, second: Array) -> Array:
        """(n, m): of what is added where the mean is ``first`` (n,) and ``second`` (m,)."""
        slopes = np.outer(first - self.centre, second - self.centre)
        return np.asarray(self.level_variance + self.slope_variance * slopes)


def prior_covariance(
    process: Hyperparameters,
    first: Array,
    second: Array,
    basis: LevelAndSlope | None = None,
    means: tuple[Array, Array] | None = None,
) -> Array:
    """The covariance of the residuals before any is known, a run's noise apart.

    Parameters
    ----------
    first, second : (n, k) and (m, k) arrays
        Kernel inputs.
    basis
        Level and slope of the mean, where they are unknown.
    means : (n,) and (m,) arrays
        The mean at ``first`` and ``second``; needed with ``basis``.

    Returns
    -------
    (n, m) array.
    """
    matrix = process.amplitude**2 * covariance(process.relevance, first, second)
    if basis is None or means is None:
        return np.asarray(matrix)
    return np.asarray(matrix + basis.covariance(*means))


def covariance_root(matrix: Array) -> Array:
    """(m, m): the lower root of a covariance ``matrix`` (m, m) that rounding may have left not quite positive definite,
    with ten times as much of its mean variance added as often as that is needed.

    Raises ``numpy.linalg.LinAlgError`` where a thousandth is not enough: that is no rounding.
    """
    unit = np.eye(len(matrix)) * float(np.trace(matrix)) / len(matrix)
    for jitter in (0.0, *_JITTERS[:-1]):
        try:
            return np.asarray(np.linalg.cholesky(matrix + jitter * unit))
        except np.linalg.LinAlgError:
            continue
    return np.asarray(np.linalg.cholesky(matrix + _JITTERS[-1] * unit))


def noisy_covariance(
    process: Hyperparameters,
    inputs: Array,
    noise: Array,
    basis: LevelAndSlope | None = None,
    means: Array | None = None,
) -> Array:
    """K: (n, n), the covariance of what is measured at ``inputs`` (n, k) with noise of variances (n,), or of covariance
    (n, n) where rows share some.
    """
    return with_noise(
        prior_covariance(process, inputs, inputs, basis, None if means is None else (means, means)), noise
    )


def with_noise(prior: Array, noise: Array) -> Array:
    """(n, n): ``prior`` (n, n), which may be overwritten, and ``noise`` as :func:`noisy_covariance` takes it."""
    if noise.ndim == 2:
        return np.asarray(prior + noise.astype(prior.dtype, copy=False))
    prior[np.diag_indices(len(prior))] += noise
    return prior


@dataclass(frozen=True)
class ConditionedGP:
    """A process given residuals: ``factor`` (n, n), lower, with factor factor^T = K; ``dual`` (n, s): K^-1 r."""

    process: Hyperparameters
    inputs: Array
    factor: Array
    dual: Array
    basis: LevelAndSlope | None = None
    means: Array | None = None

    def of_column(self, column: int) -> ConditionedGP:
        """With that column of the residuals alone."""
        return replace(self, dual=self.dual[:, column : column + 1])

    def cross_covariance(self, inputs: Array, means: Array | None = None) -> Array:
        """(m, n): of points at ``inputs`` (m, k), where the mean is ``means`` (m,), with the known rows."""
        at = None if means is None or self.means is None else (means, self.means)
        return prior_covariance(self.process, inputs, self.inputs, self.basis, at)

    def variance(self, cross: Array, means: Array) -> Array:
        """(m,): what is unknown of each point with ``cross`` (m, n) covariances, a run's noise apart."""
        solved = self._solved(cross)
        return np.asarray(np.maximum(self._prior_variance(means) - (solved * solved).sum(axis=0), 1e-18))

    def covariance(self, inputs: Array, cross: Array, means: Array) -> Array:
        """(m, m): what is unknown of all points together, with the jitter that rounding usually asks for; its root
        is :func:`covariance_root`'s to take, which adds more where that is not enough.
        """
        solved = self._solved(cross)
        left = prior_covariance(self.process, inputs, inputs, self.basis, (means, means)) - solved.T @ solved
        left[np.diag_indices(len(left))] += 1e-8 * float(np.trace(left)) / len(left) + 1e-14
        return left

    def variance_of_difference(self, inputs: Array, cross: Array, means: Array) -> Array:
        """(m - 1,): what is unknown of the difference between each point and the last one of ``inputs`` (m, k), a run's
        noise apart: far less than of either where both owe the same to what is unknown.
        """
        solved = self._solved(cross)
        known = (solved * solved).sum(axis=0)
        own = self._prior_variance(means) - known
        at = (means[:-1], means[-1:])
        shared = prior_covariance(self.process, inputs[:-1], inputs[-1:], self.basis, at)[:, 0]
        shared = shared - solved[:, :-1].T @ solved[:, -1]
        return np.asarray(np.maximum(own[:-1] + own[-1] - 2.0 * shared, 1e-18))

    def _solved(self, cross: Array) -> Array:
        """(n, m): factor^-1 cross^T."""
        from scipy.linalg import solve_triangular

        return np.asarray(solve_triangular(self.factor, cross.T, lower=True))

    def _prior_variance(self, means: Array) -> Array:
        """(m,): before any row is known."""
        if self.basis is None:
            return np.full(len(means), self.process.amplitude**2)
        slope = self.basis.slope_variance * (means - self.basis.centre) ** 2
        return np.asarray(self.process.amplitude**2 + self.basis.level_variance + slope)


def condition(
    process: Hyperparameters,
    inputs: Array,
    residuals: Array,
    noise: Array,
    basis: LevelAndSlope | None = None,
    means: Array | None = None,
) -> ConditionedGP:
    """The process given residuals: measured minus predicted.

    Parameters
    ----------
    inputs : (n, k) array
        Kernel inputs of the rows.
    residuals : (n, s) array
        A column for each sample of the mean; one factor of the covariance serves them all.
    noise : (n,) or (n, n) array
        The variance of each row's noise, or their covariance.
    basis, means
        Level and slope of the mean where they are unknown, and the mean at the rows, (n,).
    """
    matrix = noisy_covariance(process, inputs, noise, basis, means)
    return _factored(process, inputs, residuals, matrix, basis, means)


def condition_with_prior(
    process: Hyperparameters, inputs: Array, residuals: Array, noise: Array, prior: Array
) -> ConditionedGP:
    """As :func:`condition`, where the covariance ``prior`` (n, n) of the rows before any is known is at hand: in its
    floating-point type.
    """
    return _factored(process, inputs, residuals.astype(prior.dtype, copy=False), with_noise(prior, noise))


def _factored(
    process: Hyperparameters,
    inputs: Array,
    residuals: Array,
    matrix: Array,
    basis: LevelAndSlope | None = None,
    means: Array | None = None,
) -> ConditionedGP:
    from scipy.linalg import cho_factor, cho_solve

    factor = cho_factor(matrix, lower=True, overwrite_a=True)
    return ConditionedGP(process, inputs, factor[0], cho_solve(factor, residuals), basis, means)


def whiten(
    process: Hyperparameters,
    inputs: Array,
    residuals: Array,
    noise: Array,
    basis: LevelAndSlope | None = None,
    means: Array | None = None,
) -> tuple[Array, Array]:
    """By how many deviations each row lies from what the rows before it predict, and those deviations: (n,) each.

    Their sum of -white^2 / 2 - log deviation is the log likelihood of the rows, up to a constant. Parameters as in
    :func:`condition`, with ``residuals`` (n,).
    """
    from scipy.linalg import solve_triangular

    factor = np.linalg.cholesky(noisy_covariance(process, inputs, noise, basis, means))
    return np.asarray(solve_triangular(factor, residuals, lower=True)), np.diag(factor)
