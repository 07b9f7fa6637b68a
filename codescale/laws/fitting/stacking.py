"""How much each law counts in a stack: weights that minimise the stack's error on held-out runs.

Stacked regressions (Breiman, 1996, "Stacked Regressions"): non-negative weights that sum to 1, here found on log losses
with a pull towards equal weights, since held-out runs are few and laws that agree cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array

_PULL = 0.1
"""Of equal weights, in units of the best law's mean squared error."""
_LEAST = 0.02
"""Weights below it are dropped: a law that hardly counts is not worth its time."""
_CLIP = 6.0
"""Residuals count up to so many medians of the best law's: a few odd runs don't choose the weights."""


def stack_weights(residuals: Sequence[Sequence[Array]], kinds: Sequence[str]) -> Array:
    """(laws,): the weights of laws whose held-out ``residuals`` are given: per law, per hold-out (rows, targets).

    Hold-outs of one kind are pooled and kinds count alike, as in the error that laws are chosen by.
    """
    from scipy.optimize import minimize

    count = len(residuals)
    gram = np.zeros((count, count))
    for kind in dict.fromkeys(kinds):
        chosen = [k for k, name in enumerate(kinds) if name == kind]
        stacked = np.stack([np.concatenate([own[k].ravel() for k in chosen]) for own in residuals])
        stacked = stacked[:, np.isfinite(stacked).all(axis=0)]
        typical = float(np.median(np.abs(stacked), axis=1).min())
        if typical > 0.0:
            stacked = np.clip(stacked, -_CLIP * typical, _CLIP * typical)
        gram += stacked @ stacked.T / max(stacked.shape[1], 1)
    best = float(np.diag(gram).min())
    if best == 0.0:  # laws without any error, as where all losses are the same: whatever else there is would only harm
        exact = np.diag(gram) == 0.0
        return np.asarray(exact / exact.sum(), dtype=np.float64)
    gram += _PULL * best * np.eye(count)
    gram /= float(np.diag(gram).min())

    def value_and_gradient(weights: Array) -> tuple[float, Array]:
        slope = gram @ weights
        return float(weights @ slope), 2.0 * slope

    found = minimize(
        value_and_gradient,
        np.full(count, 1.0 / count),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1.0, "jac": np.ones_like},
        options={"ftol": 1e-12, "maxiter": 200},
    )
    weights = np.where(found.x < _LEAST, 0.0, found.x)
    return np.asarray(np.round(weights / weights.sum(), 6), dtype=np.float64)
