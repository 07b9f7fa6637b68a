"""Robust regression on log loss, many problems at once.

One problem is: a target, a weight for every row (bootstrap sample or fold), a start. All problems share the rows' N,
D and shares, so a batch is a few large NumPy operations: Levenberg-Marquardt with the Huber loss as iteratively
reweighted least squares (Holland and Welsch, 1977), a Gaussian prior on every parameter, and bounds kept by
projection. Laws are sloppy (some directions of their parameters hardly change a loss), and there plain steps creep
along a bent valley: each step is therefore bent with it, by the geodesic acceleration of Transtrum and Sethna (2012,
arXiv 1201.5885). The prior keeps what the data cannot tell finite; bootstrap samples draw its mean anew, so that such
parameters vary as widely as the prior says (randomised maximum a posteriori, Bardsley et al., 2014).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from codescale.arrays import Array, Integers, Mask

Curve = Callable[[Array], tuple[Array, Array]]
"""(problems, parameters) -> log loss (problems, rows) and its Jacobian (problems, rows, parameters)."""
LogCurve = Callable[[Array], Array]
"""The log loss alone."""

_CHUNK = 300_000
"""Entries of the Jacobians that are held at once: about what the processor's second cache holds."""
_PROBE = 0.1
"""Of a step: how far along it the bend of the curve is measured."""
_MOST_BENT = 0.75
"""Twice the bend's length over the step's, above which a step is left straight (Transtrum and Sethna, equation 15)."""
_STRAIGHT = 0.2
"""How far a step's decrease may be from the foretold one, relative to it, until the next is bent: a bend costs an
evaluation more.
"""


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


def levenberg_marquardt(
    problems: Problems, start: Array, iterations: int, workers: int | None = None, tolerance: float = 1e-8
) -> tuple[Array, Array]:
    """The parameters (problems, parameters) that minimise each problem's objective, and the objectives (problems,).

    The objective is sum_rows weight * huber(log f - log loss) + strength/2 * sum ((theta - prior) / deviation)^2. A
    problem ends where two steps in a row gain less than ``tolerance`` of it. The result does not depend on ``workers``
    (threads; None: one a core).
    """
    count, parameters = start.shape
    size = max(1, _CHUNK // max(1, problems.weights.shape[1] * parameters))
    chunks = [np.arange(first, min(first + size, count)) for first in range(0, count, size)]

    def one(index: Integers) -> tuple[Array, Array]:
        return _levenberg_marquardt(problems.part(index), start[index], iterations, tolerance)

    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(chunks) == 1:
        results = [one(index) for index in chunks]
    else:
        with ThreadPoolExecutor(min(workers, len(chunks))) as pool:
            results = list(pool.map(one, chunks))
    return np.concatenate([theta for theta, _ in results]), np.concatenate([value for _, value in results])


@dataclass(frozen=True)
class _Linearised:
    """Every problem at its parameters: the objective (problems,), its ``gradient`` (problems, parameters), Gauss-Newton
    ``hessian`` (problems, parameters, parameters), ``residuals`` (problems, rows), ``jacobian`` and the same times the
    rows' robust weights, ``weighted`` (problems, rows, parameters).
    """

    value: Array
    gradient: Array
    hessian: Array
    residuals: Array
    jacobian: Array
    weighted: Array

    def part(self, index: Integers) -> _Linearised:
        return _Linearised(*(getattr(self, field.name)[index] for field in fields(self)))

    def take(self, index: Integers, other: _Linearised, better: Mask) -> None:
        """Sets the problems ``index`` to those of ``other`` that are ``better``."""
        for field in fields(self):
            getattr(self, field.name)[index] = getattr(other, field.name)[better]


def _levenberg_marquardt(problems: Problems, start: Array, iterations: int, tolerance: float) -> tuple[Array, Array]:
    theta = np.clip(start, problems.lower, problems.upper)
    damping = np.full(len(theta), 1e-2)
    at = _linearised(problems, theta)
    active = np.arange(len(theta))
    still = np.zeros(len(theta), dtype=int)
    bent = np.ones(len(theta), dtype=bool)
    for _ in range(iterations):
        whole = len(active) == len(theta)
        part, here = (problems, at) if whole else (problems.part(active), at.part(active))
        step, foretold = _step(part, theta[active], here, damping[active], bent[active])
        trial = np.clip(theta[active] + step, part.lower, part.upper)
        there = _linearised(part, trial)
        better = there.value < here.value
        gain = (here.value - there.value) / np.maximum(np.abs(here.value), 1e-300)
        bent[active] = np.abs(here.value - there.value - foretold) > _STRAIGHT * foretold
        moved = active[better]
        theta[moved] = trial[better]
        at.take(moved, there, better)
        damping[active] = np.where(better, damping[active] / 10.0, np.minimum(damping[active] * 5.0, 1e8))
        small = np.where(better, gain < tolerance, damping[active] > 1e6)
        still[active] = np.where(small, still[active] + 1, 0)
        active = active[still[active] < 2]
        if len(active) == 0:
            break
    return theta, at.value


def effective_parameters(problems: Problems, theta: Array) -> Array:
    """(problems,): how many parameters the rows decide rather than the prior: the trace of H^-1 (H - prior's part), H
    the Gauss-Newton Hessian (Hastie, Tibshirani and Friedman, 2009, section 5.4.1).
    """
    hessian = _linearised(problems, theta).hessian
    diagonal = np.arange(theta.shape[1])
    system = hessian * (problems.free[:, :, None] & problems.free[:, None, :])
    of_prior = np.where(problems.free, problems.strength / problems.prior_deviation**2, 0.0)
    system[:, diagonal, diagonal] = np.where(problems.free, hessian[:, diagonal, diagonal], 1.0)
    inverse = np.linalg.inv(system)[:, diagonal, diagonal]
    return np.asarray((problems.free - inverse * of_prior).sum(axis=1))


def stationary_change(problems: Problems, theta: Array) -> Array:
    """(problems, rows): what to add to each problem's log losses so that ``theta`` minimises its objective: a step of
    the curve's tangent that takes the gradient off.
    """
    at = _linearised(problems, theta)
    system = at.hessian * (problems.free[:, :, None] & problems.free[:, None, :])
    diagonal = np.arange(theta.shape[1])
    system[:, diagonal, diagonal] = np.where(problems.free, at.hessian[:, diagonal, diagonal], 1.0)
    step = _solved(system, np.where(problems.free, at.gradient, 0.0))
    return np.asarray(np.matmul(at.jacobian, step[:, :, None])[:, :, 0])


def _residuals(problems: Problems, log_loss: Array) -> tuple[Array, Array]:
    """(problems, rows): predicted less measured, and the rows' weights, 0 where nothing was measured."""
    residuals = log_loss - problems.log_losses[problems.target]
    weights = problems.weights[problems.sample]
    unknown = np.isnan(residuals)
    if unknown.any():
        residuals[unknown] = 0.0
        weights[unknown] = 0.0
    return residuals, weights


def _linearised(problems: Problems, theta: Array) -> _Linearised:
    log_loss, jacobian = problems.curve(theta)
    residuals, weights = _residuals(problems, log_loss)
    distance = (theta - problems.prior_mean) / problems.prior_deviation
    value = (weights * huber(residuals, problems.delta)).sum(axis=1, dtype=np.float64)
    value += 0.5 * problems.strength * (distance * distance).sum(axis=1)
    weights = weights * np.minimum(1.0, problems.delta / np.maximum(np.abs(residuals), 1e-30))
    weighted = jacobian * weights.astype(jacobian.dtype, copy=False)[:, :, None]
    gradient = np.matmul(residuals[:, None, :], weighted)[:, 0, :].astype(np.float64)
    gradient += problems.strength * distance / problems.prior_deviation
    hessian = np.matmul(weighted.transpose(0, 2, 1), jacobian).astype(np.float64)
    diagonal = np.arange(theta.shape[1])
    hessian[:, diagonal, diagonal] += problems.strength / problems.prior_deviation**2
    return _Linearised(value, gradient, hessian, residuals, jacobian, weighted)


def _step(problems: Problems, theta: Array, here: _Linearised, damping: Array, bent: Mask) -> tuple[Array, Array]:
    """The damped step, in which parameters that are held, or pressed against a bound, do not move, and the decrease of
    the objective that it foretells (problems,). It bends with the curve where ``bent``.
    """
    pressed = (theta <= problems.lower) & (here.gradient > 0) | (theta >= problems.upper) & (here.gradient < 0)
    moving = problems.free & ~pressed
    system = here.hessian * (moving[:, :, None] & moving[:, None, :])
    diagonal = np.arange(theta.shape[1])
    scale = np.where(moving, here.hessian[:, diagonal, diagonal], 1.0)
    system[:, diagonal, diagonal] = scale * (1.0 + np.where(moving, damping[:, None], 0.0)) + 1e-300
    step = _solved(system, np.where(moving, -here.gradient, 0.0))
    foretold = -0.5 * (step * here.gradient).sum(axis=1)
    if bent.any():
        index = np.flatnonzero(bent)
        part, at = (problems, here) if bent.all() else (problems.part(index), here.part(index))
        second = np.where(moving[index], -0.5 * _curvature(part, theta[index], at, step[index]), 0.0)
        bend = _solved(system[index], second)
        lengths = [np.sqrt((scale[index] * one * one).sum(axis=1)) for one in (bend, step[index])]
        step[index] += np.where((2.0 * lengths[0] < _MOST_BENT * lengths[1])[:, None], bend, 0.0)
    return step, foretold


def _curvature(problems: Problems, theta: Array, here: _Linearised, step: Array) -> Array:
    """(problems, parameters): the second derivative of the residuals along ``step``, by a difference, projected on the
    weighted Jacobian.
    """
    log_loss = problems.log_curve(np.clip(theta + _PROBE * step, problems.lower, problems.upper))
    ahead, _ = _residuals(problems, log_loss)
    slope = np.matmul(here.jacobian, step.astype(here.jacobian.dtype)[:, :, None])[:, :, 0]
    second = (2.0 / _PROBE) * ((ahead - here.residuals) / _PROBE - slope)
    return np.asarray(np.matmul(second[:, None, :], here.weighted)[:, 0, :].astype(np.float64))


def _solved(systems: Array, right: Array) -> Array:
    return np.asarray(np.linalg.solve(systems, right[:, :, None])[:, :, 0], dtype=np.float64)
