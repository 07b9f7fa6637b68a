"""Robust regression on log loss, many problems at once: what is minimised, and what it is near a point.

One problem is: a target, a weight for every row (bootstrap sample or fold), a start. All problems share the rows' N,
D and shares, so a batch is a few large NumPy operations. The loss is Huber's, as iteratively reweighted least squares
(Holland and Welsch, 1977); every parameter has a Gaussian prior, which keeps what the data cannot tell finite.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from codescale.arrays import Array, Integers, Mask

Curve = Callable[[Array], tuple[Array, Array]]
"""(problems, parameters) -> log loss (problems, rows) and its Jacobian (problems, rows, parameters)."""
LogCurve = Callable[[Array], Array]
"""The log loss alone."""


@dataclass(frozen=True)
class Problems:
    """``problems`` regressions over shared rows.

    ``log_losses`` (targets, rows), NaN where unknown; ``weights`` (samples, rows); ``target``, ``sample`` (problems,)
    index them. ``prior_mean`` (problems, parameters); ``prior_deviation`` (parameters,); ``lower`` and ``upper``
    (problems, parameters); ``free`` is false for parameters held at their start. ``delta``: where Huber's loss turns
    linear, in log loss. ``strength``: the variance of the noise in log loss that the prior is weighed against.
    """

    curve: Curve
    log_curve: LogCurve
    log_losses: Array
    weights: Array
    target: Integers
    sample: Integers
    prior_mean: Array
    prior_deviation: Array
    lower: Array
    upper: Array
    free: Mask
    delta: float
    strength: float

    def part(self, index: Integers) -> Problems:
        """The problems that ``index`` names."""
        return Problems(
            self.curve,
            self.log_curve,
            self.log_losses,
            self.weights,
            self.target[index],
            self.sample[index],
            self.prior_mean[index],
            self.prior_deviation,
            self.lower[index],
            self.upper[index],
            self.free[index],
            self.delta,
            self.strength,
        )


def huber(residuals: Array, delta: float) -> Array:
    """Huber's loss: r^2/2 up to ``delta``, delta (|r| - delta/2) beyond."""
    size = np.abs(residuals)
    return np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


@dataclass(frozen=True)
class Linearised:
    """Every problem at its parameters: the objective (problems,), its ``gradient`` (problems, parameters), Gauss-Newton
    ``hessian`` (problems, parameters, parameters); and both times the root of the rows' robust weights, the
    ``residuals`` (problems, rows) and the ``jacobian`` (problems, rows, parameters).
    """

    value: Array
    gradient: Array
    hessian: Array
    roots: Array
    residuals: Array
    jacobian: Array

    def part(self, index: Integers | Mask) -> Linearised:
        """The problems that ``index`` names."""
        return Linearised(*(getattr(self, field.name)[index] for field in fields(self)))

    def put(self, index: Integers, other: Linearised) -> None:
        """Sets the problems ``index`` to those of ``other``."""
        for field in fields(self):
            getattr(self, field.name)[index] = getattr(other, field.name)


def objective(problems: Problems, theta: Array) -> Array:
    """(problems,): sum_rows weight * huber(log f - log loss) + strength/2 * sum ((theta - prior) / deviation)^2."""
    return _objective(problems, theta, *weighted_residuals(problems, problems.log_curve(theta)))


def _objective(problems: Problems, theta: Array, residuals: Array, weights: Array) -> Array:
    distance = (theta - problems.prior_mean) / problems.prior_deviation
    value = (weights * huber(residuals, problems.delta)).sum(axis=1, dtype=np.float64)
    return np.asarray(value + 0.5 * problems.strength * (distance * distance).sum(axis=1))


def weighted_residuals(problems: Problems, log_loss: Array) -> tuple[Array, Array]:
    """(problems, rows): predicted less measured, and the rows' weights, 0 where nothing was measured."""
    residuals = log_loss - problems.log_losses[problems.target]
    weights = problems.weights[problems.sample]
    unknown = np.isnan(residuals)
    if unknown.any():
        residuals[unknown] = 0.0
        weights[unknown] = 0.0
    return residuals, weights


def linearised(problems: Problems, theta: Array) -> Linearised:
    """The problems at ``theta`` (problems, parameters)."""
    log_loss, jacobian = problems.curve(theta)
    residuals, weights = weighted_residuals(problems, log_loss)
    value = _objective(problems, theta, residuals, weights)
    roots = np.sqrt(weights * np.minimum(1.0, problems.delta / np.maximum(np.abs(residuals), 1e-30)))
    roots = roots.astype(jacobian.dtype, copy=False)
    residuals = residuals * roots
    jacobian *= roots[:, :, None]
    precision = problems.strength / problems.prior_deviation**2
    gradient = np.matmul(residuals[:, None, :], jacobian)[:, 0, :].astype(np.float64)
    gradient += precision * (theta - problems.prior_mean)
    hessian = np.matmul(jacobian.transpose(0, 2, 1), jacobian).astype(np.float64)
    diagonal = np.arange(theta.shape[1])
    hessian[:, diagonal, diagonal] += precision
    return Linearised(value, gradient, hessian, roots, residuals, jacobian)


def among(moving: Mask, systems: Array) -> Array:
    """``systems`` (problems, parameters, parameters) in which parameters that do not move have a 1 on the diagonal and
    0 beside it.
    """
    reduced = systems * (moving[:, :, None] & moving[:, None, :])
    diagonal = np.arange(moving.shape[1])
    reduced[:, diagonal, diagonal] += ~moving
    return np.asarray(reduced)


def solved(systems: Array, right: Array) -> Array:
    """x (problems, parameters) of ``systems`` x = ``right``."""
    return np.asarray(np.linalg.solve(systems, right[:, :, None])[:, :, 0], dtype=np.float64)


def effective_parameters(problems: Problems, theta: Array) -> Array:
    """(problems,): how many parameters the rows decide rather than the prior: the trace of H^-1 (H - prior's part), H
    the Gauss-Newton Hessian (Hastie, Tibshirani and Friedman, 2009, section 5.4.1).
    """
    inverse = np.linalg.inv(among(problems.free, linearised(problems, theta).hessian))
    of_prior = np.where(problems.free, problems.strength / problems.prior_deviation**2, 0.0)
    return np.asarray((problems.free - np.diagonal(inverse, axis1=1, axis2=2) * of_prior).sum(axis=1))


def stationary_change(problems: Problems, theta: Array) -> Array:
    """(problems, rows): what to add to each problem's log losses so that ``theta`` minimises its objective: a step of
    the curve's tangent that takes the gradient off.
    """
    at = linearised(problems, theta)
    step = solved(among(problems.free, at.hessian), np.where(problems.free, at.gradient, 0.0))
    return np.asarray(np.matmul(problems.curve(theta)[1], step[:, :, None])[:, :, 0])
