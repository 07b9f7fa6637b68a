"""The best point of an acquisition over the feasible mixtures: many at random, then small steps from the best.

The search goes over mixtures, not over Optuna's cube, in which a small step moves every later share. The acquisition is
asked for hundreds of points at once, as the laws like it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.laws.observations import Array
from codescale.search.acquisition import Acquisition
from codescale.search.region import AROUND, Region

_CANDIDATES = 768
_STARTS = 3
_ROUNDS = 24


def minimise(
    acquisition: Acquisition,
    region: Region,
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
    shares, others = region.draw(screened, generator)
    shares, others = np.vstack([starts, shares]), np.vstack([hyper, others])
    values = acquisition(shares, others)
    order = np.argsort(values, kind="stable")[:_STARTS]
    paths = [_Path(shares[k], others[k], float(values[k])) for k in order]
    for _ in range(rounds):  # side by side: one call for all
        around = [region.near(path.shares, path.hyper, path.step, generator) for path in paths]
        at = acquisition(np.vstack([one[0] for one in around]), np.vstack([one[1] for one in around]))
        for path, (near, near_hyper), own in zip(paths, around, np.split(at, len(paths)), strict=True):
            path.move(near, near_hyper, own)
    for path in paths:
        inside = region.inside(path.shares)
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
