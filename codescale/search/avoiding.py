"""Points that are not to be tried again: those that were tried, and more widely those at which training diverged.

With one seed a repeated trial ends exactly as the first one did: it costs a run and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.laws.observations import Array, Mask
from codescale.search.acquisition import Acquisition
from codescale.search.region import Region

_SAME = 1e-3
_AROUND_DIVERGED = 0.05
_STEPS = (0.02, 0.1, 0.3, 1.0)


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

    def elsewhere(
        self, shares: Array, hyper: Array, acquisition: Acquisition, generator: np.random.Generator
    ) -> tuple[Array, Array]:
        """The point (domains,), (hyperparameters,) itself, or where it is avoided the one with the least
        ``acquisition`` of some near it that are not; the point itself where all are.
        """
        if not self.holds(shares[None], hyper[None])[0]:
            return shares, hyper
        for step in _STEPS:
            near, near_hyper = self.region.near(shares, hyper, step, generator)
            free = ~self.holds(near, near_hyper)
            if free.any():
                near, near_hyper = near[free], near_hyper[free]
                best = int(np.argmin(acquisition(near, near_hyper)))
                return self.region.inside(near[best]), near_hyper[best]
        return shares, hyper


def avoided(region: Region, tried: tuple[Array, Array], diverged: tuple[Array, Array]) -> Avoided:
    """Points that were ``tried`` or are under way, and those that ``diverged``: shares and hyperparameters of each."""
    reach = np.concatenate([np.full(len(tried[0]), _SAME), np.full(len(diverged[0]), _AROUND_DIVERGED)])
    return Avoided(region, np.vstack([tried[0], diverged[0]]), np.vstack([tried[1], diverged[1]]), reach)
