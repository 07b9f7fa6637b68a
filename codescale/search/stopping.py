"""When to stop a trial: one pure rule, from its early loss curve and those of the trials that have finished.

All trials share one schedule: a constant learning rate, then a cooldown that lowers the loss. So a trial's loss now is
not compared with anybody's final loss. Over the finished trials, the final objective y is regressed on the objective x
on the trunk at the same number of tokens (ordinary least squares with an intercept: the cooldown's drop is part of the
model). The t distribution of a new observation, with n - 2 degrees of freedom, then gives the chance that this trial
ends below the best one: the prediction interval of any text on linear models. (To stop runs by their extrapolated
curves: Domhan et al. 2015, IJCAI.) Few finished trials or a loose relation make the distribution wide, and nothing is
stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats


@dataclass(frozen=True)
class Curve:
    """A trial's objective (nats per token) on the trunk by training tokens, rising, and its annealed end or None."""

    points: tuple[tuple[int, float], ...]
    final: float | None = None

    def at(self, n_tokens: float) -> float | None:
        """The trunk's objective at ``n_tokens``, linear in the logarithm of tokens between evaluations.

        None outside the evaluations: nothing is extrapolated.
        """
        if not self.points or not self.points[0][0] <= n_tokens <= self.points[-1][0]:
            return None
        tokens, values = np.array(self.points, dtype=float).T
        return float(np.interp(np.log(n_tokens), np.log(tokens), values))


@dataclass(frozen=True)
class StoppingRule:
    """Stop where the chance of ending below the best is under ``threshold``.

    ``minimum`` is how many finished curves the relation needs (3 leave one degree of freedom).
    """

    threshold: float = 0.05
    minimum: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1 or self.minimum < 3:
            raise ValueError("the threshold lies between 0 and 1, the minimum is 3 or more")

    def chance(self, curve: Curve, finished: Sequence[Curve]) -> float | None:
        """The chance that ``curve`` ends below the best of ``finished``; None where there is too little to say."""
        if not curve.points:
            return None
        n_tokens, now = curve.points[-1]
        pairs = [(other.at(n_tokens), other.final) for other in finished if other.final is not None]
        known = np.array([pair for pair in pairs if pair[0] is not None], dtype=float).reshape(-1, 2)
        if len(known) < self.minimum:
            return None
        best = min(final for _, final in pairs if final is not None)
        return chance_below(best, now, known[:, 0], known[:, 1])

    def stops(self, curve: Curve, finished: Sequence[Curve]) -> bool:
        """Whether the trial with ``curve`` is to be stopped now."""
        chance = self.chance(curve, finished)
        return chance is not None and chance < self.threshold


def chance_below(best: float, now: float, early: NDArray[np.float64], final: NDArray[np.float64]) -> float:
    """P(y < ``best``) of a new observation at x = ``now`` under the regression of ``final`` on ``early``, both (n,).

    Without spread in ``early`` the slope is unknown: then only the mean of ``final`` is used, with n - 1 degrees of
    freedom.
    """
    n = len(early)
    spread = float(((early - early.mean()) ** 2).sum())
    slope = float(((early - early.mean()) * (final - final.mean())).sum()) / spread if spread > 0 else 0.0
    freedom = n - 2 if spread > 0 else n - 1
    expected = float(final.mean()) + slope * (now - float(early.mean()))
    residuals = final - final.mean() - slope * (early - early.mean())
    leverage = (now - float(early.mean())) ** 2 / spread if spread > 0 else 0.0
    deviation = float(np.sqrt((residuals**2).sum() / freedom * (1 + 1 / n + leverage)))
    if deviation == 0:
        return float(expected < best)
    return float(stats.t.cdf((best - expected) / deviation, freedom))
