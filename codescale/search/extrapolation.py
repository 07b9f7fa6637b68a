"""Where trunks will end: each language's loss as a power law in D, with the finished trials' curves as the prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXPONENTS = np.array([0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0])
"""Of D, for one language over all trials."""


class Look(NamedTuple):
    """An evaluation on the trunk: tokens, and what each language adds to the objective."""

    n_tokens: int
    parts: tuple[float, ...]


def trunk_ends(curves: Sequence[Sequence[Look]], finished: Sequence[Sequence[Look]]) -> Array | None:
    """(curves,): the objective of each of ``curves`` at the last look of the ``finished`` ones, extrapolated.

    The exponent, the prior of (a, b) and the noise of a look come from ``finished``. None where those are fewer than
    three, have fewer than three looks, or looked at other tokens than each other: then there is no prior.
    """
    grids = {tuple(look.n_tokens for look in one) for one in finished}
    if len(finished) < 3 or len(grids) != 1 or len(grid := next(iter(grids))) < 3:
        return None
    if any(not one or any(look.n_tokens not in grid for look in one) for one in curves):
        return None
    tokens = np.array(grid, dtype=float) / grid[-1]
    losses = np.array([[look.parts for look in one] for one in finished])
    ends = np.zeros(len(curves))
    seen = [np.array([look.n_tokens in {at.n_tokens for at in one} for look in finished[0]]) for one in curves]
    for part in range(losses.shape[2]):
        basis, mean, covariance, noise = _prior(tokens, losses[:, :, part])
        for k, one in enumerate(curves):
            values = np.array([look.parts[part] for look in one])
            design = basis[seen[k]]
            spread = design @ covariance @ design.T + noise * np.eye(len(values))
            fitted = mean + covariance @ design.T @ np.linalg.solve(spread, values - design @ mean)
            ends[k] += float(basis[-1] @ fitted)
    return ends


def _prior(tokens: Array, losses: Array) -> tuple[Array, Array, Array, float]:
    """(basis (looks, 2), mean (2,), covariance (2, 2), noise): of a + b D^-beta over ``losses`` (trials, looks).

    The exponent of least squares over all trials.
    """
    best: tuple[float, Array, Array] | None = None
    for exponent in EXPONENTS:
        basis = np.column_stack([np.ones_like(tokens), tokens**-exponent])
        fitted, residuals, *_ = np.linalg.lstsq(basis, losses.T, rcond=None)
        error = float(residuals.sum()) if residuals.size else 0.0
        if best is None or error < best[0]:
            best = error, basis, fitted.T
    assert best is not None
    error, basis, fitted = best
    noise = max(error / max(losses.size - 2 * len(losses), 1), 1e-12)
    return basis, fitted.mean(axis=0), np.cov(fitted.T) + noise * np.eye(2) * 1e-3, noise
