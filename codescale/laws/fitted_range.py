"""Where a law was fitted, and how far from there it is asked."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from codescale.arrays import Array, Mask

_N_COUNTS = 2.0
"""How much farther a step in log N is than one in log D: models beyond the largest size are missed by more than runs
beyond the longest are (docs/law-intervals.md).
"""

_CORNER_COUNTS = 2.0
"""Likewise of a step in log N D or log D / N."""


class FittedRange(BaseModel):
    """Where the law was fitted: N (parameters), D (tokens), N D, D / N and each domain's share, each (lowest, highest).

    Files of before have no ``params_times_tokens`` and ``tokens_per_parameter``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    n_params: tuple[float, float]
    n_tokens: tuple[float, float]
    proportions: dict[str, tuple[float, float]]
    params_times_tokens: tuple[float, float] | None = None
    tokens_per_parameter: tuple[float, float] | None = None

    def distance(self, n_params: Array, n_tokens: Array, proportions: Array) -> tuple[Array, Mask]:
        """(rows,): how far outside the range, and whether an interval can be known there.

        The distance adds log N and log D beyond the range, each in units of the fitted log range (at least log 2), N
        twice, and the largest excess of a share in units of its range (at least 0.05). 0 is inside. Nothing is known of
        an N (or D) other than the only one that was fitted. Runs of a few budgets, or of one D / N, leave the corners
        of the range of N and D empty: there it is how far N D and D / N lie beyond theirs, twice.
        """
        total, knowable = np.zeros(len(n_params)), np.ones(len(n_params), dtype=bool)
        for values, (least, most), counts in (
            (n_params, self.n_params, _N_COUNTS),
            (n_tokens, self.n_tokens, 1.0),
        ):
            beyond = _log_excess(values, (least, most), 0.01)
            total += counts * beyond
            if np.log(most / least) < 0.01:
                knowable &= beyond == 0
        total = np.maximum(total, self._beyond_corners(n_params, n_tokens))
        low, high = np.array(list(self.proportions.values())).T
        excess = np.maximum(low - proportions, proportions - high)
        excess = np.where(excess > 1e-6, excess, 0.0)
        return total + (excess / np.maximum(high - low, 0.05)).max(axis=1), knowable

    def _beyond_corners(self, n_params: Array, n_tokens: Array) -> Array:
        """(rows,): how far N D and D / N lie beyond what was fitted."""
        total = np.zeros(len(n_params))
        if any(np.log(most / least) < 0.01 for least, most in (self.n_params, self.n_tokens)):
            return total  # with one N or D these say what D or N alone do
        for values, ends in (
            (n_params * n_tokens, self.params_times_tokens),
            (n_tokens / n_params, self.tokens_per_parameter),
        ):
            if ends is not None:
                total += _CORNER_COUNTS * _log_excess(values, ends, 0.02)
        return total


def _log_excess(values: Array, ends: tuple[float, float], ignored: float) -> Array:
    """(rows,): how far the logs of ``values`` lie beyond those of ``ends``, in units of their range (at least log 2);
    up to ``ignored`` is inside.
    """
    least, most = ends
    beyond = np.maximum(np.log(least / values), np.log(values / most))
    return np.where(beyond > ignored, beyond, 0.0) / max(np.log(most / least), np.log(2.0))
