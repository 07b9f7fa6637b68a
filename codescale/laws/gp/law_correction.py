"""What a Gaussian process adds to a law once it knows the law's residuals: its mean, draws of it, and its variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.gp.conditioning import ConditionedGP, condition, condition_with_prior, prior_covariance
from codescale.laws.gp.gaussian_process import GaussianProcess, TargetProcess
from codescale.laws.gp.kernel import Hyperparameters, covariance_slopes, kernel_inputs, single_precision_does
from codescale.laws.gp.prior_functions import PriorFunctions, draw_prior_functions

_SMALLEST_ROOT = 0.05
"""The cube root of a share (1.25e-4) below which slopes are taken there: at a share of 0 they are infinite."""


@dataclass(frozen=True)
class LawCorrection:
    """One target's process given its rows: what to add to the log loss.

    ``conditioned``: the process given residuals, a column for each sample; ``functions``: a draw of its prior for each
    column; None where it stands for its mean alone.
    """

    conditioned: ConditionedGP
    functions: PriorFunctions | None = None

    def of_sample(self, column: int) -> LawCorrection:
        """With that column alone."""
        functions = None if column == 0 or self.functions is None else self.functions.of_sample(column)
        return LawCorrection(self.conditioned.of_column(column), functions)

    def correction(self, inputs: Array) -> Array:
        """(points, samples): what to add to the log loss at ``inputs`` (points, inputs)."""
        found = self.conditioned.cross_covariance(inputs) @ self.conditioned.dual
        return np.asarray(found if self.functions is None else found + self.functions.values(inputs))

    def variance(self, inputs: Array) -> Array:
        """(points,): what the process does not know of the log loss there, a run's noise apart."""
        return self.conditioned.variance(self.conditioned.cross_covariance(inputs), np.zeros(len(inputs)))

    def correction_and_slopes(self, log_params: float, log_tokens: float, shares: Array) -> tuple[float, Array]:
        """The first sample's correction at one point and its derivative by each share (domains,)."""
        process, dual = self.conditioned.process, self.conditioned.dual[:, 0]
        point = kernel_inputs(np.array([log_params]), np.array([log_tokens]), shares[None])[0]
        value, slopes = covariance_slopes(process.relevance, point, self.conditioned.inputs)
        dual = process.amplitude**2 * dual
        found, by_root = float(value @ dual), dual @ slopes
        if self.functions is not None:
            found += float(self.functions.values(point[None])[0, 0])
            by_root = by_root + self.functions.slopes(point)
        return found, by_root[2:] / (3.0 * np.maximum(point[2:], _SMALLEST_ROOT) ** 2)


@dataclass(frozen=True)
class KnownPart:
    """What a process is asked to predict from a part of its rows: ``residuals`` (its rows,) of a law that was fitted
    without the others, ``known`` (its rows,) and ``points`` (points, inputs).
    """

    residuals: Array
    known: Mask
    points: Array


def held_out_corrections(
    process: GaussianProcess, target: TargetProcess, held_out: Sequence[KnownPart]
) -> list[tuple[Array, Array]]:
    """Of each hold-out the mean (points,) and the variance (points,) of what ``target``'s process adds, where it knows
    only that hold-out's rows: their covariance is worked out once for all.
    """
    hyperparameters, inputs = _hyperparameters(target), process.inputs[np.array(target.rows)]
    prior: Any = prior_covariance(hyperparameters, inputs, inputs)
    if single_precision_does(target.amplitude**2, target.noise**2):
        prior = prior.astype(np.float32)
    found = []
    for one in held_out:
        known = np.flatnonzero(one.known)
        noise = process.noise_covariance(target.on(one.known))
        conditioned = condition_with_prior(
            hyperparameters, inputs[known], one.residuals[known, None], noise, prior[np.ix_(known, known)]
        )
        cross = conditioned.cross_covariance(one.points).astype(prior.dtype, copy=False)
        mean = (cross @ conditioned.dual)[:, 0].astype(np.float64)
        found.append((mean, conditioned.variance(cross, np.zeros(len(cross)))))
    return found


def sampled_correction(
    process: GaussianProcess, target: TargetProcess, residuals: Array, generator: np.random.Generator
) -> LawCorrection:
    """``target``'s process given ``residuals`` (its rows, columns): of the first column the mean, of each other one a
    draw of the posterior.

    A draw is a function of the prior, led through the residuals less noise drawn anew (Matheron's rule): near the rows
    it varies as much as their noise allows, far from them as much as the prior.
    """
    inputs = process.inputs[np.array(target.rows)]
    functions = draw_prior_functions(np.array(target.relevance), target.amplitude, residuals.shape[1] - 1, generator)
    covariance_of_noise = process.noise_covariance(target)
    noise = _drawn_noise(process, target, residuals.shape[1] - 1, generator)
    wanted = residuals - functions.values(inputs)
    wanted[:, 1:] -= noise
    return LawCorrection(condition(_hyperparameters(target), inputs, wanted, covariance_of_noise), functions)


def _hyperparameters(target: TargetProcess) -> Hyperparameters:
    return Hyperparameters(np.array(target.relevance), target.amplitude, target.noise)


def _drawn_noise(process: GaussianProcess, target: TargetProcess, count: int, generator: np.random.Generator) -> Array:
    """(rows, count): each row's own noise, and the luck that the rows of a trunk share."""
    own = target.noise / np.sqrt(np.array(target.weights))
    noise = own[:, None] * generator.standard_normal((len(own), count))
    if target.luck == 0 or not process.trunks:
        return np.asarray(noise)
    trunks = np.unique(np.array(process.trunks)[np.array(target.rows)], return_inverse=True)[1]
    luck = target.luck * generator.standard_normal((trunks.max() + 1, count))
    return np.asarray(noise + luck[trunks])
