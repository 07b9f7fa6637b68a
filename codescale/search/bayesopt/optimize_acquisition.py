"""The best point of an acquisition over the feasible mixtures: many at random, then small steps from the best.

The search goes over mixtures, not over Optuna's cube, in which a small step moves every later share. The acquisition is
asked for hundreds of points at once, as the laws like it.

Points that are not to be tried again: those that were tried, and more widely those at which training diverged.

With one seed a repeated trial ends exactly as the first one did: it costs a run and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.search.bayesopt.acquisition import Acquisition
from codescale.search.space.feasible_region import AROUND, FeasibleRegion

_CANDIDATES = 768
_STARTS = 3
_ROUNDS = 24


def optimize_acquisition(
    acquisition: Acquisition,
    region: FeasibleRegion,
    starts: Array,
    hyper: Array,
    generator: np.random.Generator,
    effort: float = 10_000.0,
) -> tuple[Array, Array, float]:
    """The point of ``region`` (shares, hyper) with the least ``acquisition`` that was found, and its value.

    ``starts`` (rows, domains) with ``hyper`` (rows, hyperparameters) are tried beside random points. ``effort``: about
    how many points the acquisition may be asked for.
    """
    screened = int(min(max(effort / 4, 64), _CANDIDATES))
    rounds = int(min(max((effort - screened) / (_STARTS * AROUND), 3), _ROUNDS))
    shares, others = region.sample(screened, generator)
    shares, others = np.vstack([starts, shares]), np.vstack([hyper, others])
    values = acquisition(shares, others)
    order = np.argsort(values, kind="stable")[:_STARTS]
    paths = [_Path(shares[k], others[k], float(values[k])) for k in order]
    for _ in range(rounds):  # side by side: one call for all
        around = [region.perturb(path.shares, path.hyper, path.step, generator) for path in paths]
        at = acquisition(np.vstack([one[0] for one in around]), np.vstack([one[1] for one in around]))
        for path, (near, near_hyper), own in zip(paths, around, np.split(at, len(paths)), strict=True):
            path.move(near, near_hyper, own)
    for path in paths:
        inside = region.project(path.shares)
        if np.abs(inside - path.shares).max() > 1e-9:
            path.value = float(acquisition(inside[None], path.hyper[None])[0])
        path.shares = inside
    best = min(paths, key=lambda path: path.value)
    return best.shares, best.hyper, best.value


@dataclass
class _Path:
    """A descent: where it stands, and how far it looks."""

    shares: Array
    hyper: Array
    value: float
    step: float = 0.1

    def move(self, near: Array, near_hyper: Array, at: Array) -> None:
        """To the least of the points ``near``, the first of which is where it stands."""
        first = int(np.argmin(at))
        self.step = min(self.step * 1.3, 0.3) if first else max(self.step * 0.6, 1e-4)
        self.shares, self.hyper, self.value = near[first], near_hyper[first], float(at[first])


_SAME = 1e-3
_AROUND_DIVERGED = 0.05
_STEPS = (0.02, 0.1, 0.3, 1.0)


@dataclass(frozen=True)
class Avoided:
    """``shares`` (rows, domains) and ``hyper`` (rows, hyperparameters, from 0 to 1), each with the distance up to which
    it is avoided, ``reach`` (rows,): the largest difference of any share or hyperparameter.
    """

    region: FeasibleRegion
    shares: Array
    hyper: Array
    reach: Array

    def holds(self, shares: Array, hyper: Array) -> Mask:
        """(points,): whether each is too near to one that was tried."""
        points = np.hstack([shares, self.region.round(hyper)])
        known = np.hstack([self.shares, self.region.round(self.hyper)])
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
            near, near_hyper = self.region.perturb(shares, hyper, step, generator)
            free = ~self.holds(near, near_hyper)
            if free.any():
                near, near_hyper = near[free], near_hyper[free]
                best = int(np.argmin(acquisition(near, near_hyper)))
                return self.region.project(near[best]), near_hyper[best]
        return shares, hyper


def avoided(region: FeasibleRegion, tried: tuple[Array, Array], diverged: tuple[Array, Array]) -> Avoided:
    """Points that were ``tried`` or are under way, and those that ``diverged``: shares and hyperparameters of each."""
    reach = np.concatenate([np.full(len(tried[0]), _SAME), np.full(len(diverged[0]), _AROUND_DIVERGED)])
    return Avoided(region, np.vstack([tried[0], diverged[0]]), np.vstack([tried[1], diverged[1]]), reach)
