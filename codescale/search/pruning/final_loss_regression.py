"""The final loss of a new trial from those of finished ones: a line in the loss so far, and what settings change.

n     finished trials;  s  settings (hyperparameters that vary);  m  models that are averaged, one a strength
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from codescale.arrays import Array

STRENGTHS = np.concatenate([[0.0], np.geomspace(0.1, 300.0, 15)])
"""Of a setting's effect over half its range, in deviations of the noise: the models that are averaged."""

NO_EFFECT = 0.25
"""The prior probability that settings change nothing; the rest is spread evenly over the other strengths."""


@dataclass(frozen=True)
class FinalLossPrediction:
    """A mixture of Student t distributions with ``freedom`` degrees: weights, locations and scales, (m,) each."""

    weights: Array
    expected: Array
    deviation: Array
    freedom: int

    def below(self, value: float) -> float:
        """The probability of less than ``value``."""
        away = (value - self.expected) / np.maximum(self.deviation, 1e-12)
        return float(self.weights @ stats.t.cdf(away, self.freedom))


def predict_final_loss(early: Array, final: Array, settings: Array | None = None) -> FinalLossPrediction:
    """A new trial's final loss.

    Level and slope have flat priors (without spread in ``early`` there is no slope), the effects of settings and of
    their squares a Gaussian one around 0. Its strength is averaged over, each weighed by its marginal likelihood with
    level, slope and noise integrated out (Bayesian model averaging: Hoeting et al. 1999): to choose the likeliest of
    few trials' strengths would make a prediction surer than it is.

    Parameters
    ----------
    early : (1 + n,) array
        The loss so far of the new trial, then of those that finished, at the same number of tokens (or what each is
        extrapolated to).
    final : (n,) array
        Where the finished ones ended.
    settings : (1 + n, s) array, optional
        The hyperparameters that vary, in the order of ``early``.
    """
    flat = np.ones((len(early), 1))
    spread = float(early[1:].std())
    if spread > 0:
        flat = np.column_stack([flat, (early - early[1:].mean()) / spread])
    effects = _effects(settings, len(early))
    freedom = len(final) - flat.shape[1]
    basis, upper = np.linalg.qr(flat[1:])
    free = final - basis @ (basis.T @ final)
    left, scales, right = np.linalg.svd(effects[1:] - basis @ (basis.T @ effects[1:]), full_matrices=False)
    seen = left.T @ free
    rest = max(float(free @ free - seen @ seen), 0.0)
    shrink = 1.0 / (1.0 + np.outer(STRENGTHS, scales) ** 2)
    squares = np.maximum(rest + (seen**2 * shrink).sum(axis=1), 1e-300)
    likelihood = 0.5 * np.log(shrink).sum(axis=1) - freedom / 2 * np.log(squares)

    means = (STRENGTHS[:, None] ** 2 * scales * shrink * seen) @ right  # (models, effects)
    share = np.linalg.solve(upper.T, flat[0])
    own = effects[0] - (basis @ share) @ effects[1:]  # as far as level and slope do not already tell it
    expected = float(share @ (basis.T @ final)) + means @ own
    unknown = STRENGTHS**2 * (own @ own - ((right @ own) ** 2 * (1 - shrink)).sum(axis=1))
    variance = squares / freedom * (1.0 + float(share @ share) + np.maximum(unknown, 0.0))
    return FinalLossPrediction(_weights(likelihood), expected, np.sqrt(variance), freedom)


def _effects(settings: Array | None, count: int) -> Array:
    """(1 + n, effects): settings from -1 to 1 over the finished trials' range, and their squares."""
    if settings is None or not settings.size:
        return np.empty((count, 0))
    low, high = settings[1:].min(axis=0), settings[1:].max(axis=0)
    varied = high > low
    scaled = 2.0 * (settings[:, varied] - low[varied]) / (high[varied] - low[varied]) - 1.0
    return np.column_stack([scaled, scaled**2])


def _weights(likelihood: Array) -> Array:
    """(models,): posterior probabilities from logarithms of marginal likelihoods."""
    prior = np.full(len(STRENGTHS), (1 - NO_EFFECT) / (len(STRENGTHS) - 1))
    prior[0] = NO_EFFECT
    weights = prior * np.exp(likelihood - likelihood.max())
    return np.asarray(weights / weights.sum())
