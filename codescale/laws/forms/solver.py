"""Robust regression on log loss, many problems at once.

One problem is: a target, a weight for every row (bootstrap sample or fold), a start. All problems share the rows' N,
D and shares, so a batch is a few large NumPy operations: Levenberg-Marquardt with the Huber loss as iteratively
reweighted least squares (Holland and Welsch, 1977), a Gaussian prior on every parameter, and bounds kept by
projection. The prior keeps what the data cannot tell finite; bootstrap samples draw its mean anew, so that such
parameters vary as widely as the prior says (randomised maximum a posteriori, Bardsley et al., 2014).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Integers, Mask

Curve = Callable[[Array], tuple[Array, Array]]
"""(problems, parameters) -> log loss (problems, rows) and its Jacobian (problems, rows, parameters)."""

_CHUNK = 1_500_000


@dataclass(frozen=True)
class Problems:
    """``problems`` regressions over shared rows.

    ``log_losses`` (targets, rows), NaN where unknown; ``weights`` (samples, rows); ``target``, ``sample`` (problems,)
    index them. ``prior_mean`` (problems, parameters); ``prior_deviation`` (parameters,); ``lower`` and ``upper``
    (problems, parameters); ``free`` is false for parameters held at their start. ``delta``: where Huber's loss turns
    linear, in log loss. ``strength``: the variance of the noise in log loss that the prior is weighed against.
    """

    curve: Curve
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


def levenberg_marquardt(
    problems: Problems, start: Array, iterations: int, workers: int | None = None
) -> tuple[Array, Array]:
    """The parameters (problems, parameters) that minimise each problem's objective, and the objectives (problems,).

    The objective is sum_rows weight * huber(log f - log loss) + strength/2 * sum ((theta - prior) / deviation)^2.
    The result does not depend on ``workers`` (threads; None: one a core).
    """
    count, parameters = start.shape
    size = max(1, _CHUNK // max(1, problems.weights.shape[1] * parameters))
    chunks = [np.arange(first, min(first + size, count)) for first in range(0, count, size)]

    def one(index: Integers) -> tuple[Array, Array]:
        return _levenberg_marquardt(problems.part(index), start[index], iterations)

    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(chunks) == 1:
        results = [one(index) for index in chunks]
    else:
        with ThreadPoolExecutor(min(workers, len(chunks))) as pool:
            results = list(pool.map(one, chunks))
    return np.concatenate([theta for theta, _ in results]), np.concatenate([value for _, value in results])


def _levenberg_marquardt(problems: Problems, start: Array, iterations: int) -> tuple[Array, Array]:
    theta = np.clip(start, problems.lower, problems.upper)
    damping = np.full(len(theta), 1e-2)
    value, gradient, hessian = _evaluate(problems, theta)
    active = np.arange(len(theta))
    still = np.zeros(len(theta), dtype=int)
    for _ in range(iterations):
        part = problems.part(active)
        step = _step(part, theta[active], gradient[active], hessian[active], damping[active])
        trial = np.clip(theta[active] + step, part.lower, part.upper)
        new_value, new_gradient, new_hessian = _evaluate(part, trial)
        better = new_value < value[active]
        gain = (value[active] - new_value) / np.maximum(np.abs(value[active]), 1e-300)
        moved = active[better]
        theta[moved], value[moved] = trial[better], new_value[better]
        gradient[moved], hessian[moved] = new_gradient[better], new_hessian[better]
        damping[active] = np.where(better, damping[active] / 4.0, np.minimum(damping[active] * 5.0, 1e8))
        small = np.where(better, gain < 1e-8, damping[active] > 1e6)
        still[active] = np.where(small, still[active] + 1, 0)
        active = active[still[active] < 2]
        if len(active) == 0:
            break
    return theta, value


def _evaluate(problems: Problems, theta: Array) -> tuple[Array, Array, Array]:
    """Objective, gradient and Gauss-Newton Hessian of every problem at ``theta``."""
    log_loss, jacobian = problems.curve(theta)
    residuals = log_loss - problems.log_losses[problems.target]
    weights = np.where(np.isnan(residuals), 0.0, problems.weights[problems.sample])
    residuals = np.nan_to_num(residuals, posinf=50.0, neginf=-50.0)
    distance = (theta - problems.prior_mean) / problems.prior_deviation
    value = (weights * huber(residuals, problems.delta)).sum(axis=1)
    value += 0.5 * problems.strength * (distance * distance).sum(axis=1)
    weights = weights * np.minimum(1.0, problems.delta / np.maximum(np.abs(residuals), 1e-300))
    weighted = jacobian * weights[:, :, None]
    gradient = np.matmul(residuals[:, None, :], weighted)[:, 0, :]
    gradient += problems.strength * distance / problems.prior_deviation
    hessian = np.matmul(weighted.transpose(0, 2, 1), jacobian)
    diagonal = np.arange(theta.shape[1])
    hessian[:, diagonal, diagonal] += problems.strength / problems.prior_deviation**2
    return value, gradient, hessian


def _step(problems: Problems, theta: Array, gradient: Array, hessian: Array, damping: Array) -> Array:
    """The damped step, in which parameters that are held, or pressed against a bound, do not move."""
    pressed = (theta <= problems.lower) & (gradient > 0) | (theta >= problems.upper) & (gradient < 0)
    moving = problems.free & ~pressed
    system = hessian * (moving[:, :, None] & moving[:, None, :])
    diagonal = np.arange(theta.shape[1])
    scale = np.where(moving, hessian[:, diagonal, diagonal], 1.0)
    system[:, diagonal, diagonal] = scale * (1.0 + np.where(moving, damping[:, None], 0.0)) + 1e-300
    right = np.where(moving, -gradient, 0.0)
    return np.asarray(np.linalg.solve(system, right[:, :, None])[:, :, 0], dtype=np.float64)
