"""What a search believes: laws as the mean of every target's loss, a Gaussian process on what they leave over.

The processes are those of codescale/laws (Matérn 5/2 over log N, log D, cube roots of shares), one for each target,
with the hyperparameters as further inputs. To model each loss and add them up tells far more than to model their sum:
most losses depend on few languages. A wrong law cannot hurt for long. It is stacked with laws fitted to the trials and
with a plain level by what each foretells of unseen rows; its level and slope are unknown too (the explicit basis
functions of Rasmussen and Williams 2006, section 2.7, with a prior that trusts it); and the amplitude of the process,
which the marginal likelihood finds, grows with what the mean leaves over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from codescale.arrays import Array, Mask
from codescale.laws.gp.kernel import Hyperparameters, covariance, fit_hyperparameters
from codescale.search.bayesopt.dataset import Measured, Points
from codescale.search.bayesopt.mean_functions import SAMPLES, Mean

MOST_ROWS_FOR_HYPERPARAMETERS = 120
"""Their likelihood costs the cube of the rows, for every target."""
_FEWEST_ROWS = 4
_LEVEL_DEVIATION = 3.0
"""Of the level that is added to a mean, in deviations of its residuals."""
_SLOPE_DEVIATION = 0.3
"""Of the factor on a mean's differences, around 1."""


@dataclass(frozen=True)
class TargetFit:
    """One target's process: its hyperparameters, where the mean's slope turns, and the variances of level and slope."""

    process: Hyperparameters
    centre: float
    level_variance: float
    slope_variance: float

    def prior(self, first: Array, second: Array, mean_first: Array, mean_second: Array) -> Array:
        """(rows of ``first``, rows of ``second``): the covariance of the residuals at kernel inputs and means."""
        basis = np.outer(mean_first - self.centre, mean_second - self.centre)
        correlation = covariance(self.process.relevance, first, second)
        return np.asarray(self.process.amplitude**2 * correlation + (self.level_variance + self.slope_variance * basis))

    def variance(self, mean: Array) -> Array:
        """(rows,): the prior variance where the mean is ``mean``."""
        slope = self.slope_variance * (mean - self.centre) ** 2
        return np.asarray(self.process.amplitude**2 + self.level_variance + slope)


@dataclass(frozen=True)
class Fitted:
    """A mean with the targets' processes, before they are conditioned on any row. ``weights`` (targets,) sum to 1;
    ``losses``: whether values are log losses, so that the objective is the weighted mean of their exponentials.
    """

    mean: Mean
    targets: tuple[TargetFit, ...]
    weights: Array
    losses: bool


def fit_processes(mean: Mean, measured: Measured, weights: Array, losses: bool) -> Fitted:
    """The processes on what ``mean`` leaves of rows that it has not seen."""
    if len(measured) < _FEWEST_ROWS:
        return Fitted(mean, tuple(_unknown(mean, measured, k) for k in range(len(weights))), weights, losses)
    chosen = np.unique(np.linspace(0, len(measured) - 1, MOST_ROWS_FOR_HYPERPARAMETERS).astype(int))
    rows, held_out = measured.select(chosen), mean.held_out[chosen]
    inputs = rows.points.inputs
    fits = [
        _fit_target(inputs, rows.values[:, k] - held_out[:, k], held_out[:, k], 1.0 / rows.doubt)
        for k in range(len(weights))
    ]
    return Fitted(mean, tuple(fits), weights, losses)


def with_noise(fitted: Fitted, measured: Measured, noise: float) -> Fitted:
    """``fitted`` where a run's objective has at least the standard deviation ``noise``.

    Trials share a seed, and what one seed does to similar mixtures looks like the mixtures' own doing: the likelihood
    of the trials cannot tell it apart. Targets that err together also make the objective noisier than each by itself.
    """
    levels = np.exp(measured.values.mean(axis=0)) if fitted.losses else np.ones(len(fitted.weights))
    own = np.array([target.process.noise for target in fitted.targets])
    factor = noise / max(float(np.linalg.norm(fitted.weights * levels * own)), 1e-12)
    if factor <= 1.0:
        return fitted
    raised = [
        replace(target, process=replace(target.process, noise=factor * target.process.noise))
        for target in fitted.targets
    ]
    return replace(fitted, targets=tuple(raised))


def _unknown(mean: Mean, measured: Measured, target: int) -> TargetFit:
    """A process before there are rows to fit it to: as if a law erred by a hundredth, and a run by a third of that."""
    inputs = measured.points.inputs.shape[1]
    process = Hyperparameters(np.full(inputs, 0.5), 0.01, 0.003)
    centre = float(mean.held_out[:, target].mean()) if len(measured) else 0.0
    return TargetFit(process, centre, 0.01**2, 0.0)


def _fit_target(inputs: Array, residuals: Array, mean: Array, worth: Array) -> TargetFit:
    scale = max(float(residuals.std()), 1e-9)
    centre = float(mean.mean())
    level = residuals.mean()
    process = fit_hyperparameters(inputs, residuals - level, worth)
    return TargetFit(process, centre, (_LEVEL_DEVIATION * scale) ** 2 + float(level) ** 2, _SLOPE_DEVIATION**2)


def evidence(fitted: Fitted, measured: Measured, own: Mask) -> float:
    """The log likelihood of the rows ``own``, given the others, in nats per row and target.

    ``measured``: the rows that ``fitted`` was fitted to; every row stands beside the mean of a fit without it.
    """
    order = np.argsort(own, kind="stable")
    white, deviations = _whitened(fitted, measured.select(order), fitted.mean.held_out[order])
    each = -0.5 * white**2 - np.log(deviations)
    return float(each[int(len(own) - own.sum()) :].mean())


def surprise(fitted: Fitted, measured: Measured, later: Measured) -> float:
    """How far ``later`` rows lie from what is foretold of them: the mean square, in units of variance, over targets.

    ``measured``: the rows that ``fitted`` was fitted to. The first of ``later`` only tells by how much everything is
    off, which harms no search.
    """
    means = np.vstack([fitted.mean.held_out, fitted.mean.values(later.points, 0)])
    white, _ = _whitened(fitted, measured.followed_by(later), means)
    return float((white[len(measured) + 1 :] ** 2).mean())


def _whitened(fitted: Fitted, rows: Measured, means: Array) -> tuple[Array, Array]:
    """(rows, targets): by how many deviations each row lies from what the rows before it and ``means`` foretell, and
    those deviations.
    """
    inputs = rows.points.inputs
    white, deviations = np.empty(means.shape), np.empty(means.shape)
    for k, target in enumerate(fitted.targets):
        mean = means[:, k]
        matrix = target.prior(inputs, inputs, mean, mean)
        matrix[np.diag_indices(len(matrix))] += target.process.noise**2 * rows.doubt + 1e-12
        factor = np.linalg.cholesky(matrix)
        white[:, k] = solve_triangular(factor, rows.values[:, k] - mean, lower=True)
        deviations[:, k] = np.diag(factor)
    return white, deviations


class Surrogate:
    """``fitted`` conditioned on ``measured``; ``pending`` points are under way and count as if they had ended as
    expected.

    All samples of the mean share one covariance of residuals, its basis function that of the mean as fitted: one factor
    a target serves them all.
    """

    def __init__(self, fitted: Fitted, measured: Measured, pending: Points | None = None) -> None:
        self.fitted = fitted
        at, values, doubt = measured.points, measured.values, measured.doubt
        every = fitted.mean.every(at)
        residuals = values - every
        if pending is not None and len(pending):
            ahead = Surrogate(fitted, measured)
            means = fitted.mean.every(pending)
            believed = np.stack([ahead.values(pending, k) for k in range(SAMPLES + 1)])
            residuals = np.concatenate([residuals, believed - means], axis=1)
            every = np.concatenate([every, means], axis=1)
            at, doubt = at.followed_by(pending), np.concatenate([doubt, np.ones(len(pending))])
        self._inputs = at.inputs
        self._basis = every[0]
        self._factors: list[Array] = []
        self._duals: list[Array] = []
        for k, target in enumerate(fitted.targets):
            basis = self._basis[:, k]
            matrix = target.prior(self._inputs, self._inputs, basis, basis)
            matrix[np.diag_indices(len(matrix))] += target.process.noise**2 * doubt + 1e-12
            factor = cho_factor(matrix, lower=True, overwrite_a=True)
            self._factors.append(factor[0])
            self._duals.append(cho_solve(factor, residuals[:, :, k].T))

    def values(self, points: Points, sample: int) -> Array:
        """(rows, targets): what is expected under one sample of the mean (0: as fitted)."""
        base = self.fitted.mean.values(points, 0)
        mean = base if sample == 0 else self.fitted.mean.values(points, sample)
        inputs = points.inputs
        corrections = [
            self._cross(k, inputs, base[:, k]) @ self._duals[k][:, sample] for k in range(len(self.fitted.targets))
        ]
        return np.asarray(mean + np.column_stack(corrections))

    def _cross(self, target: int, inputs: Array, mean: Array) -> Array:
        return self.fitted.targets[target].prior(inputs, self._inputs, mean, self._basis[:, target])

    def objective(self, values: Array) -> Array:
        """(rows,): of ``values`` (rows, targets)."""
        return np.asarray((np.exp(values) if self.fitted.losses else values) @ self.fitted.weights)

    def draw(self, points: Points, sample: int) -> Array:
        """(rows,): the objective expected of ``points`` under one sample of the mean (0: as fitted)."""
        return self.objective(self.values(points, sample))

    def believed(self, points: Points) -> tuple[Array, Array]:
        """(rows,): the objective's expectation and standard deviation, a run's noise apart, over samples of the mean
        and the processes alike.
        """
        inputs = points.inputs
        means = self.fitted.mean.every(points)
        drawn = np.zeros((len(points), SAMPLES + 1))
        variance = np.zeros(len(points))
        for k, target in enumerate(self.fitted.targets):
            cross = self._cross(k, inputs, means[0][:, k])
            own = means[:, :, k].T + cross @ self._duals[k]
            solved = solve_triangular(self._factors[k], cross.T, lower=True)
            left = np.maximum(target.variance(means[0][:, k]) - (solved * solved).sum(axis=0), 1e-18)
            worth = self.fitted.weights[k]
            if self.fitted.losses:
                own = np.exp(own)
                left = left * own[:, 0] ** 2
            drawn += worth * own
            variance += worth**2 * left
        return drawn.mean(axis=1), np.sqrt(variance + drawn.var(axis=1))

    def together(self, points: Points, draws: int, generator: np.random.Generator) -> Array:
        """(draws x (samples + 1), rows): what the objective may be at all ``points`` at once, a run's noise apart: so
        many draws of the processes under every sample of the mean.
        """
        inputs = points.inputs
        means = self.fitted.mean.every(points)
        total = np.zeros((draws, SAMPLES + 1, len(points)))
        for k, target in enumerate(self.fitted.targets):
            basis = means[0][:, k]
            cross = self._cross(k, inputs, basis)
            solved = solve_triangular(self._factors[k], cross.T, lower=True)
            left = target.prior(inputs, inputs, basis, basis) - solved.T @ solved
            left[np.diag_indices(len(left))] += 1e-8 * float(np.trace(left)) / len(left) + 1e-14
            spread = generator.standard_normal((draws, 1, len(points))) @ np.linalg.cholesky(left).T
            values = (means[:, :, k] + (cross @ self._duals[k]).T)[None] + spread
            total += self.fitted.weights[k] * (np.exp(values) if self.fitted.losses else values)
        return total.reshape(-1, len(points))

    def expected(self, points: Points) -> Array:
        """(rows,): the objective expected under the mean as fitted."""
        return self.draw(points, 0)
