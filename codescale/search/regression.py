"""The final loss of a new trial from those of finished ones: a line in the loss so far, and what settings change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STRENGTHS = np.concatenate([[0.0], np.geomspace(0.03, 300.0, 17)])
"""Of a setting's effect over its range, in deviations of the noise: what the marginal likelihood chooses from."""


def predict(early: Array, final: Array, settings: Array | None = None) -> tuple[float, float, int]:
    """Expectation, deviation and degrees of freedom of the Student t distribution of a new trial's final loss.

    ``early`` (1 + n,) and ``settings`` (1 + n, s) begin with the new trial; ``final`` (n,). Level and slope have flat
    priors; the effects of settings, their squares and products with the slope a Gaussian one around 0 whose strength
    maximises the marginal likelihood (restricted: level and slope integrated out). Without spread in ``early`` the
    slope is left out, which leaves one degree of freedom more.
    """
    spread = float(early[1:].std())
    flat = np.ones((len(early), 1))
    if spread > 0:
        flat = np.column_stack([flat, (early - early[1:].mean()) / spread])
    effects = _effects(flat, settings)
    freedom = len(final) - flat.shape[1]
    basis, upper = np.linalg.qr(flat[1:])
    free = final - basis @ (basis.T @ final)
    columns = effects[1:] - basis @ (basis.T @ effects[1:])
    left, scales, right = np.linalg.svd(columns, full_matrices=False)
    seen = left.T @ free
    rest = max(float(free @ free - seen @ seen), 0.0)
    strength = _strength(scales, seen, rest, freedom) if len(scales) else 0.0
    shrink = 1.0 / (1.0 + (strength * scales) ** 2)
    variance = (rest + float((seen**2 * shrink).sum())) / freedom
    weights = right.T @ (strength**2 * scales * shrink * seen)
    level = np.linalg.solve(upper, basis.T @ (final - effects[1:] @ weights))
    expected = float(flat[0] @ level + effects[0] @ weights)
    # The new trial's effects as far as level and slope do not already tell them, and what is not known of either.
    share = np.linalg.solve(upper.T, flat[0])
    own = effects[0] - (basis @ share) @ effects[1:]
    along = right @ own
    unknown = strength**2 * (float(own @ own) - float((along**2 * (1 - shrink)).sum()))
    deviation = float(np.sqrt(variance * (1.0 + float(share @ share) + max(unknown, 0.0))))
    return expected, deviation, freedom


def _effects(flat: Array, settings: Array | None) -> Array:
    """(1 + n, effects): settings from -1 to 1 over the finished trials' range, squares, products with the slope."""
    if settings is None or not settings.size:
        return np.empty((len(flat), 0))
    low, high = settings[1:].min(axis=0), settings[1:].max(axis=0)
    varied = settings[:, high > low]
    low, high = low[high > low], high[high > low]
    scaled = 2.0 * (varied - low) / (high - low) - 1.0
    slopes = scaled * flat[:, 1:2] if flat.shape[1] > 1 else np.empty((len(flat), 0))
    return np.column_stack([scaled, scaled**2, slopes])


def _strength(scales: Array, seen: Array, rest: float, freedom: int) -> float:
    """The strength of largest restricted marginal likelihood, the noise's variance profiled out."""
    shrink = 1.0 / (1.0 + np.outer(STRENGTHS, scales) ** 2)
    quadratic = rest + (seen**2 * shrink).sum(axis=1)
    if quadratic[-1] <= 0:
        return float(STRENGTHS[0])
    likelihood = 0.5 * np.log(shrink).sum(axis=1) - freedom / 2 * np.log(np.maximum(quadratic, 1e-300))
    return float(STRENGTHS[int(np.argmax(likelihood))])
