"""How far a new run lies from its law, in the fitted range and beyond: measured on held-out runs where there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitted_range import FittedRange
from codescale.laws.fitting.holdout import INSIDE, Split
from codescale.laws.law import NORMAL_90
from codescale.laws.observations import Observations

_ENOUGH = 20
"""Held-out rows from which a percentile of them is worth more than the fit's own residuals."""
_LEAST_PART = 0.1
"""Of the residuals' deviation that is left as noise, however much a process says that it does not know."""
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


def deviation(
    in_sample: Array, parameters: int, splits: Sequence[Split], held_out: Sequence[Array], known: Sequence[Array]
) -> Array:
    """(law targets,): the deviation of a new run's log loss around the law, beside what a process does not know.

    So large that nine in ten of the held-out residuals inside the range of N and D are within their intervals, where
    there are twenty; else from ``in_sample`` (rows, law targets), corrected for the ``parameters`` fitted. ``known``:
    the process's variances at the held-out rows.
    """
    freedom = np.maximum(np.isfinite(in_sample).sum(axis=0) - parameters, 1)
    noise = np.sqrt(np.nansum(in_sample**2, axis=0) / freedom)
    pooled, variances = _inside(splits, held_out), _inside(splits, known)
    if pooled is not None and variances is not None:
        enough = np.isfinite(pooled).sum(axis=0) >= _ENOUGH
        if enough.any():
            needed = (pooled[:, enough] / NORMAL_90) ** 2 - variances[:, enough]
            noise[enough] = np.sqrt(np.maximum(np.nanquantile(needed, 0.9, axis=0), (_LEAST_PART * noise[enough]) ** 2))
    return np.maximum(noise, 1e-9)


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
