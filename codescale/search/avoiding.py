"""Points that are not to be tried again: those that were tried, and more widely those at which training diverged.

With one seed a repeated trial ends exactly as the first one did: it costs a run and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.laws.observations import Array, Mask
from codescale.search.acquisition import Acquisition, Region

_SAME = 1e-3
_AROUND_DIVERGED = 0.05


@dataclass(frozen=True)
class Avoided:
    """``shares`` (rows, domains) and ``hyper`` (rows, hyperparameters, from 0 to 1), each with the distance up to which
    it is avoided, ``reach`` (rows,): the largest difference of any share or hyperparameter.
    """

    region: Region
    shares: Array
    hyper: Array
    reach: Array

    def holds(self, shares: Array, hyper: Array) -> Mask:
        """(points,): whether each is too near to one that was tried."""
        points = np.hstack([shares, self.region.snapped(hyper)])
        known = np.hstack([self.shares, self.region.snapped(self.hyper)])
        away = np.abs(points[:, None, :] - known[None]).max(axis=2, initial=0.0)
        return np.asarray((away <= self.reach).any(axis=1))

    def elsewhere(self, acquisition: Acquisition) -> Acquisition:
        """``acquisition``, infinite at what is avoided."""

        def masked(shares: Array, hyper: Array) -> Array:
            return np.where(self.holds(shares, hyper), np.inf, acquisition(shares, hyper))

        return masked


def avoided(region: Region, tried: tuple[Array, Array], diverged: tuple[Array, Array]) -> Avoided:
    """Points that were ``tried`` or are under way, and those that ``diverged``: shares and hyperparameters of each."""
    reach = np.concatenate([np.full(len(tried[0]), _SAME), np.full(len(diverged[0]), _AROUND_DIVERGED)])
    return Avoided(region, np.vstack([tried[0], diverged[0]]), np.vstack([tried[1], diverged[1]]), reach)
