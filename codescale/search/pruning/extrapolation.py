"""Where trunks will end: each language's loss as a power law in D, with the finished trials' curves as the prior.

l     trials to extrapolate;  f  finished trials
e     evaluations of a finished trial, the last at the horizon;  p  parts of the objective (languages)
D     tokens over those at the horizon, (e,)
H     basis (1, D^-beta), (e, 2);  L = H (a, b) + noise, (a, b) ~ N(mean, covariance) over finished trials
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array
from codescale.search.pruning.curve import CurvePoint

EXPONENTS = np.array([0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0])
"""Of D, for one language over all trials."""


def extrapolate_to_horizon(
    curves: Sequence[Sequence[CurvePoint]], finished: Sequence[Sequence[CurvePoint]]
) -> Array | None:
    """The objective of each of ``curves`` at the last evaluation of the ``finished`` ones.

    The exponent, the prior of (a, b) and the noise of an evaluation come from ``finished`` (freeze-thaw Bayesian
    optimization: Swersky et al. 2014).

    Parameters
    ----------
    curves
        What l trials have reported so far, all at the same tokens.
    finished
        What finished trials reported before their cooldown.

    Returns
    -------
    (l,) array, or None where ``finished`` are fewer than three, have fewer than three evaluations, or were not all
    evaluated at the same tokens and languages: there is no prior then.
    """
    grids = {tuple(point.n_tokens for point in one) for one in finished}
    evaluated = {tuple(point.n_tokens for point in one) for one in curves}
    widths = {len(point.parts) for one in (*finished, *curves) for point in one}
    if len(finished) < 3 or len(grids) != 1 or len(evaluated) != 1 or len(widths) != 1:
        return None
    grid, seen = next(iter(grids)), next(iter(evaluated))
    if len(grid) < 3 or not seen or not set(seen) <= set(grid):
        return None
    tokens = np.array(grid, dtype=float) / grid[-1]
    at = np.isin(grid, seen)
    whole = np.array([[point.parts for point in one] for one in finished])
    begun = np.array([[point.parts for point in one] for one in curves])
    ends = np.zeros(len(curves))
    for part in range(whole.shape[2]):
        basis, mean, covariance, noise = _prior(tokens, whole[:, :, part])
        design = basis[at]
        spread = design @ covariance @ design.T + noise * np.eye(len(design))
        gain = np.linalg.solve(spread, design @ covariance).T
        fitted = mean + (begun[:, :, part] - design @ mean) @ gain.T
        ends += fitted @ basis[-1]
    return ends


def _prior(tokens: Array, losses: Array) -> tuple[Array, Array, Array, float]:
    """(basis (e, 2), mean (2,), covariance (2, 2), noise): of a + b D^-beta over ``losses`` (f, e).

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
