"""A surrogate of two targets whose processes are known: constants as the mean, a few rows with and without doubt."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.laws.gp.conditioning import LevelAndSlope
from codescale.laws.gp.kernel import Hyperparameters
from codescale.search.bayesopt.dataset import Dataset, LogScale, points_at_scale
from codescale.search.bayesopt.mean_functions import ConstantMean
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.surrogate import FittedGP, TargetGP
from codescale.search.space.points import Points

SCALE = LogScale(np.log(1e8), np.log(2e9))
CONSTANTS = np.array([0.7, 1.1])
WEIGHTS = np.array([0.25, 0.75])


def points(count: int, seed: int) -> Points:
    """Of three domains and one hyperparameter, at random."""
    generator = np.random.default_rng(seed)
    return Points(generator.dirichlet(np.ones(3), size=count), generator.random((count, 1)))


def planted(targets: int = 2, log_losses: bool = True, rows: int = 12) -> tuple[FittedGP, Dataset]:
    """The processes of the first ``targets`` and rows that they learn from, every third with five times the noise."""
    generator = np.random.default_rng(1)
    relevance = np.array([0.3, 0.4, 1.0, 1.5, 0.7, 0.5])
    fitted = tuple(
        TargetGP(Hyperparameters(relevance * (1 + k), 0.05 + 0.02 * k, 0.01), LevelAndSlope(CONSTANTS[k], 0.02, 0.09))
        for k in range(targets)
    )
    mean = ConstantMean(CONSTANTS[:targets], np.tile(CONSTANTS[:targets], (rows, 1)), DEFAULT_SETTINGS.law_samples)
    weights = WEIGHTS[:targets] / WEIGHTS[:targets].sum()
    values = CONSTANTS[:targets] + 0.06 * generator.standard_normal((rows, targets))
    objective: Array = (np.exp(values) if log_losses else values) @ weights
    noise_scale = np.where(np.arange(rows) % 3 == 2, 5.0, 1.0)
    data = Dataset(points_at_scale(SCALE, points(rows, 2)), values, objective, noise_scale)
    return FittedGP(mean, fitted, weights, log_losses, DEFAULT_SETTINGS), data
