"""What other people would fit to a table of one domain: scikit-learn's Gaussian process, and plain Chinchilla."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from codescale.laws.forms.regression import huber
from codescale.laws.intervals import NORMAL_90
from codescale.runs.table import RunsTable

Array = NDArray[np.float64]
Foretold = tuple[Array, Array, Array]
"""Losses of the test rows (rows, targets) and the ends of their 90 % intervals, NaN where there are none."""
DELTA = 1e-3
"""Of Huber's loss, as Hoffmann et al. (2022) chose it."""
LIMITS = {"maxiter": 2000, "ftol": 1e-11, "gtol": 1e-6}
STARTS = tuple(itertools.product((0.0, 10.0, 20.0), (0.0, 10.0, 20.0), (-0.5, 0.5), (0.2, 0.5, 1.0), (0.2, 0.5, 1.0)))
"""Of log A, log B, log E, alpha and beta: a part of their grid."""


def process(train: RunsTable, test: RunsTable) -> Foretold:
    """Log loss over standardised log N and log D, each target alone."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    inputs = scales(train)
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0)
    found = []
    for k in range(len(train.targets)):
        known = np.isfinite(train.losses[:, k])
        kernel = ConstantKernel() * Matern(length_scale=[1.0, 1.0], nu=2.5) + WhiteKernel(noise_level=1e-3)
        regressor = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=4, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            regressor.fit((inputs[known] - middle) / spread, np.log(train.losses[known, k]))
        mean, deviation = regressor.predict((scales(test) - middle) / spread, return_std=True)
        half = NORMAL_90 * deviation
        found.append((np.exp(mean), np.exp(mean - half), np.exp(mean + half)))
    losses, low, high = (np.column_stack(columns) for columns in zip(*found, strict=True))
    return losses, low, high


def chinchilla(train: RunsTable, test: RunsTable) -> Foretold:
    """L = E + A / N^alpha + B / D^beta by Huber's loss of log L from a grid of starts, each target alone; it claims no
    intervals.
    """
    losses = np.empty((len(test), len(train.targets)))
    for k in range(losses.shape[1]):
        known = np.isfinite(train.losses[:, k])
        inputs, wanted = scales(train)[known], np.log(train.losses[known, k])

        def missed(values: Array, inputs: Array = inputs, wanted: Array = wanted) -> tuple[float, Array]:
            predicted, slopes = log_losses(values, inputs)
            gap = predicted - wanted
            return float(huber(gap, DELTA).sum()) / DELTA**2, slopes @ np.clip(gap, -DELTA, DELTA) / DELTA**2

        fits = [minimize(missed, start, jac=True, method="L-BFGS-B", options=LIMITS) for start in STARTS]
        best = min(fits, key=lambda one: one.fun)
        losses[:, k] = np.exp(log_losses(best.x, scales(test))[0])
    return losses, np.full_like(losses, np.nan), np.full_like(losses, np.nan)


def log_losses(values: Array, inputs: Array) -> tuple[Array, Array]:
    """(rows,) log losses under log A, log B, log E, alpha, beta, and (values, rows) their slopes."""
    log_a, log_b, log_e, alpha, beta = values
    terms = np.array([log_a - alpha * inputs[:, 0], log_b - beta * inputs[:, 1], np.full(len(inputs), log_e)])
    total = logsumexp(terms, axis=0)
    parts = np.exp(terms - total)
    return total, np.vstack([parts, -parts[0] * inputs[:, 0], -parts[1] * inputs[:, 1]])


def scales(table: RunsTable) -> Array:
    """(rows, 2): log N and log D."""
    return np.log(np.column_stack([table.n_params, table.n_tokens]))
