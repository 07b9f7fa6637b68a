"""How far a new run lies from its law, in the fitted range and beyond: measured on held-out runs where there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.fitted_range import FittedRange
from codescale.laws.fitting.holdout import INSIDE, Split
from codescale.laws.intervals import NORMAL_90, noise_factor
from codescale.laws.observations import Observations

_ENOUGH = 20
"""Held-out rows from which a percentile of them is worth more than the fit's own residuals."""
_LEAST_PART = 0.1
"""Of the residuals' deviation that is left as noise, however much a process says that it does not know."""
_SHARED = 0.5
"""Of the variance of a log loss between seeds: what all branches of a trunk have in common."""
_UNKNOWN_WIDENING = 1.0
"""Of the noise per unit of distance outside the fitted range, where the runs do not tell."""
_LEAST_WIDENING = 0.2
"""The same where hold-outs ask for less, since they are nearer than what a law is asked for. What the fit and the
process do not know beyond the runs comes on top; with 1, nine in ten became all on planted truth
(docs/law-intervals.md).
"""


def fitted_range(data: Observations, rows: Mask) -> FittedRange:
    """The range of N, D, both together and shares over ``rows``."""
    params, tokens, shares = np.exp(data.log_params[rows]), np.exp(data.log_tokens[rows]), data.shares[rows]
    return FittedRange(
        n_params=_ends(params),
        n_tokens=_ends(tokens),
        proportions={name: _ends(shares[:, k]) for k, name in enumerate(data.domains)},
        params_times_tokens=_ends(params * tokens),
        tokens_per_parameter=_ends(tokens / params),
    )


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


class Noise(NamedTuple):
    """``deviation`` (law targets,) of a new run's log loss around the law; ``freedom`` (law targets,): its degrees of
    freedom where the fit's own residuals tell it, infinite where held-out rows do, 0 where nothing does.
    """

    deviation: Array
    freedom: Array

    @property
    def in_intervals(self) -> Array:
        """(law targets,): the deviation as an interval has it, wider where few residuals tell it."""
        return self.deviation * noise_factor(self.freedom)


def run_noise(
    in_sample: Array,
    trunk: Integers,
    parameters: Array,
    splits: Sequence[Split],
    held_out: Sequence[Array],
    known: Sequence[Array],
) -> Noise:
    """The deviation of a new run's log loss around the law, beside what a process does not know.

    So large that nine in ten of the held-out residuals inside the range of N and D are within their intervals, where
    there are twenty; else from ``in_sample`` (rows, law targets), those of ``trunk`` (rows,), corrected for the
    ``parameters`` (law targets,) that these decide. ``known``: the process's variances at the held-out rows.
    """
    left, freedom = _left_of_noise(in_sample, trunk, parameters)
    noise = np.sqrt(np.nansum(in_sample**2, axis=0) / left)
    pooled, variances = _inside(splits, held_out), _inside(splits, known)
    if pooled is not None and variances is not None:
        enough = np.isfinite(pooled).sum(axis=0) >= _ENOUGH
        if enough.any():
            needed = (pooled[:, enough] / NORMAL_90) ** 2 - variances[:, enough]
            noise[enough] = np.sqrt(np.maximum(np.nanquantile(needed, 0.9, axis=0), (_LEAST_PART * noise[enough]) ** 2))
            freedom[enough] = np.inf
    return Noise(np.maximum(noise, 1e-9), freedom)


def _left_of_noise(in_sample: Array, trunk: Integers, parameters: Array) -> tuple[Array, Array]:
    """What squared residuals (rows, law targets) sum to, in variances of a new run, and their degrees of freedom: both
    (law targets,).

    Of the noise, half of the variance is common to the rows of a trunk. A fit of p parameters takes p directions of
    it, those first in which trunks differ, so that of T trunks T - p are left: twelve rows of three trunks tell nothing
    of what trunks differ by. Degrees of freedom as Satterthwaite's (1946). No other run is told by the rows of one.
    """
    measured = np.isfinite(in_sample)
    rows = measured.sum(axis=0)
    trunks = np.array([len(np.unique(trunk[own])) for own in measured.T])
    between = np.maximum(trunks - parameters, 0)
    of_trunk = 1.0 - _SHARED + _SHARED * rows / np.maximum(trunks, 1)
    within = np.maximum(rows - parameters - between, 0)
    left = np.maximum((1.0 - _SHARED) * within + of_trunk * between, 1.0 - _SHARED)
    squares = np.maximum((1.0 - _SHARED) ** 2 * within + of_trunk**2 * between, (1.0 - _SHARED) ** 2)
    return left, np.where(trunks > 1, left**2 / squares, 0.0)


def widening(
    data: Observations, splits: Sequence[Split], held_out: Sequence[Array], known: Sequence[Array], noise: Array
) -> float:
    """By what the distance outside the fitted range is multiplied, so that 90 % intervals hold nine in ten of the runs
    at the longest D and the largest N, held out; at least :data:`_LEAST_WIDENING`, 1 where nothing beyond was held out.
    ``known``: the process's variances there.
    """
    needed = []
    for split, residuals, variances in zip(splits, held_out, known, strict=True):
        if split.kind in INSIDE:
            continue
        inputs = (np.exp(data.log_params), np.exp(data.log_tokens), data.shares)
        distance, _ = fitted_range(data, split.train).distance(*(values[split.test] for values in inputs))
        beyond = distance > 0.05
        unexplained = np.maximum((residuals[beyond] / NORMAL_90) ** 2 - variances[beyond], 0.0)
        unexplained[np.isnan(residuals[beyond])] = np.nan
        excess = np.sqrt(unexplained) / noise - 1.0
        ratio = excess / distance[beyond, None]
        if np.isfinite(ratio).any():
            needed.append(float(np.nanquantile(ratio, 0.9)))
    return max([_LEAST_WIDENING, *needed]) if needed else _UNKNOWN_WIDENING


def correlation(in_sample: Array, splits: Sequence[Split], held_out: Sequence[Array]) -> Array:
    """(targets, targets): correlation of residuals, held-out ones where they are enough; targets measured together too
    rarely count as independent.
    """
    pooled = _inside(splits, held_out)
    residuals = in_sample if pooled is None or len(pooled) < _ENOUGH else pooled
    count = residuals.shape[1]
    result = np.eye(count)
    for i in range(count):
        for j in range(i):
            both = np.isfinite(residuals[:, i]) & np.isfinite(residuals[:, j])
            first, second = residuals[both, i], residuals[both, j]
            if len(first) >= 5 and first.std() > 0 and second.std() > 0:
                result[i, j] = result[j, i] = float(np.corrcoef(first, second)[0, 1])
    return result


def _inside(splits: Sequence[Split], held_out: Sequence[Array]) -> Array | None:
    parts = [residuals for split, residuals in zip(splits, held_out, strict=True) if split.kind in INSIDE]
    return np.vstack(parts) if parts else None
