"""Coordinates in the unit cube for mixtures with bounds and ties: every point of the cube is a feasible mixture.

Optuna and Tune search cubes, not simplices. Languages that are tied share one part in fixed ratios. Stick-breaking goes
through the free parts in order: each takes some of what is left, the last one takes the rest. A coordinate is a
quantile of the part's distribution given the parts before it under the uniform distribution on all feasible mixtures
(Rosenblatt 1952, "Remarks on a multivariate transformation"): uniform coordinates are mixtures uniform in volume,
whatever the bounds. Without tight upper bounds that distribution is Beta(1, parts still to come) (Frigyik, Kapila and
Gupta 2010, "Introduction to the Dirichlet distribution", section 3); else it is what
:class:`~codescale.mixtures.truncated_simplex.BoxVolume` knows.

A coordinate is the upper quantile (1: the smallest part, 0: the largest), since floating point resolves numbers near 0
better than near 1: a mixture and its coordinates then agree to 1e-9 everywhere. Where the later parts are nearly full
the thin end is at the smallest part, and the coordinate is the lower quantile. Parts go from the smallest room to the
largest, so that never both ends are thin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.truncated_simplex import BoxVolume

_NO_ROOM = 1e-12
"""Between bounds: a share that can vary by no more than this is fixed."""

_THIN = 1e-4
"""Of the density at the one end: what makes the other end too thin for coordinates near 1."""


@dataclass(frozen=True)
class _Rest:
    """What the later parts together may take, between ``least`` and ``most``.

    ``mirrored``: they are nearly full, so that what they leave is computed; ``flipped``: coordinates begin at ``most``.
    """

    least: float
    most: float
    mirrored: bool = False
    flipped: bool = False


class Coordinates:
    """The mixtures of ``feasible`` as points of a cube of ``size`` dimensions."""

    def __init__(self, feasible: FeasibleSet) -> None:
        self.feasible = feasible
        self._lowest, highest = feasible.totals
        self.rest = max(1.0 - float(self._lowest.sum()), 0.0)
        """What is left when every group has its least."""
        rooms = highest - self._lowest
        free = np.flatnonzero(np.minimum(rooms, self.rest) > _NO_ROOM)
        self.free = free[np.argsort(rooms[free], kind="stable")]
        """The groups whose share is not fixed, from the smallest room to the largest."""
        self.caps = np.minimum(rooms[self.free], self.rest)
        self._later = BoxVolume.of_tails(self.caps, self.rest)

    @property
    def size(self) -> int:
        """The number of coordinates: one less than the free groups."""
        return max(len(self.free) - 1, 0)

    def mixture(self, coordinates: Array) -> Mixture:
        """The mixture at ``coordinates``, (size,) numbers between 0 and 1."""
        taken = np.zeros(len(self.free))
        left = self.rest
        for k, coordinate in enumerate(coordinates):
            later = self._later_than(k, left)
            taken[k] = min(max(left - self._rest_at(k, float(coordinate), later), 0.0), self.caps[k], left)
            left -= taken[k]
        if len(taken):
            taken[-1] = min(left, self.caps[-1])
        groups = self._lowest.copy()
        groups[self.free] += taken
        shares = np.clip(self.feasible.shares(groups), self.feasible.low, self.feasible.high)
        return Mixture.from_array(self.feasible.domains, shares)

    def coordinates(self, mixture: Mixture) -> Array:
        """The coordinates (size,) of ``mixture``. Raises ``ValueError`` where it is outside bounds or ties.

        Where nothing is left to choose, any coordinate stands for the same mixture and 0.5 is given.
        """
        if not self.feasible.contains(mixture):
            raise ValueError("the mixture lies outside the bounds")
        groups = self.feasible.member @ mixture.array(self.feasible.domains)
        taken = np.clip(groups - self._lowest, 0.0, None)[self.free]
        result = np.full(self.size, 0.5)
        left = self.rest
        for k in range(self.size):
            later = self._later_than(k, left)
            if later.most > later.least:
                result[k] = self._coordinate(k, min(max(left - taken[k], later.least), later.most), later)
            left = max(left - taken[k], 0.0)
        return result

    def _later_than(self, k: int, left: float) -> _Rest:
        """What the parts after ``k`` may take of ``left``."""
        volume = self._later[k]
        most = min(left, volume.total)
        least = min(max(left - float(self.caps[k]), 0.0), most)
        if least <= 0 or most <= volume.smallest or least + most <= volume.total:
            return _Rest(least, most)
        thin = volume.log_density(volume.total - most) - volume.log_density(volume.total - least)
        return _Rest(least, most, mirrored=True, flipped=thin < math.log(_THIN))

    def _rest_at(self, k: int, coordinate: float, later: _Rest) -> float:
        """What the parts after ``k`` take together at ``coordinate``."""
        volume = self._later[k]
        if not later.mirrored:
            return volume.inverse(_between(volume.log(later.least), volume.log(later.most), coordinate))
        part = coordinate if later.flipped else 1.0 - coordinate
        low, high = volume.log(volume.total - later.most), volume.log(volume.total - later.least)
        return volume.total - volume.inverse(_between(low, high, part))

    def _coordinate(self, k: int, rest: float, later: _Rest) -> float:
        """The coordinate at which the parts after ``k`` take ``rest``."""
        volume = self._later[k]
        ends = (later.least, later.most)
        if later.mirrored:
            rest, ends = volume.total - rest, (volume.total - later.most, volume.total - later.least)
        low, here, high = (volume.log(value) for value in (ends[0], rest, ends[1]))
        below = math.exp(low - high)
        if below >= 1:
            return 0.5
        part = min(max((math.exp(here - high) - below) / (1 - below), 0.0), 1.0)
        return 1.0 - part if later.mirrored and not later.flipped else part


def _between(low: float, high: float, part: float) -> float:
    """log(W_low + part (W_high - W_low)), from and to logarithms."""
    if high == -math.inf:
        return high
    below = math.exp(low - high)
    value = below + part * (1 - below)
    return high + math.log(value) if value > 0 else -math.inf
