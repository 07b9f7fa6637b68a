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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.truncated_simplex import BoxVolume

TOLERANCE = 1e-9
"""How far a mixture may lie outside its bounds and still count as inside."""

_NO_ROOM = 1e-12
"""Between bounds: a share that can vary by no more than this is fixed."""

_THIN = 1e-4
"""Of the density at the one end: what makes the other end too thin for coordinates near 1."""

Ties = Sequence[Mapping[str, float]]
"""Groups of languages whose shares stand in fixed ratios: language to its part of the group's share."""


@dataclass(frozen=True)
class _Range:
    """What the later parts together may take, between ``least`` and ``most``.

    ``mirrored``: they are nearly full, so that what they leave is computed; ``flipped``: coordinates begin at ``most``.
    """

    least: float
    most: float
    mirrored: bool = False
    flipped: bool = False


class Coordinates:
    """Mixtures of ``bounds`` (language to lowest and highest share) as points of a cube of ``size`` dimensions.

    ``ties``: groups that keep their ratios, such as ``[{"javascript": 1, "typescript": 2}]``. Raises ``ValueError``
    where no mixture satisfies bounds and ties.
    """

    def __init__(self, bounds: Mapping[str, tuple[float, float]], ties: Ties = ()) -> None:
        self.languages = tuple(bounds)
        self.low = np.array([low for low, _ in bounds.values()], dtype=float)
        self.high = np.array([high for _, high in bounds.values()], dtype=float)
        if (self.low < 0).any() or (self.high > 1).any() or (self.low > self.high).any():
            raise ValueError("bounds lie between 0 and 1, the lower one first")
        self._parts = _parts(self.languages, ties)
        self._member = self._parts > 0
        lowest, highest = self._least(self._parts)
        self.rest = 1.0 - float(lowest.sum())
        if self.rest < -TOLERANCE or highest.sum() < 1 - TOLERANCE:
            raise ValueError(f"the bounds allow sums from {lowest.sum():.6g} to {highest.sum():.6g}, not 1")
        self.rest = max(self.rest, 0.0)
        self._lowest, self._highest = lowest, highest
        rooms = highest - lowest
        free = np.flatnonzero(np.minimum(rooms, self.rest) > _NO_ROOM)
        self.free = free[np.argsort(rooms[free], kind="stable")]
        """The groups whose share is not fixed, from the smallest room to the largest."""
        self.caps = np.minimum(rooms[self.free], self.rest)
        self._later = BoxVolume.of_tails(self.caps, self.rest)

    def _least(self, parts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(groups,) twice: between what a group's share has to lie for its members to keep their bounds."""
        with np.errstate(divide="ignore", invalid="ignore"):
            low = np.where(self._member, self.low / parts, 0.0).max(axis=1)
            high = np.where(self._member, self.high / parts, np.inf).min(axis=1)
        if (low > high + TOLERANCE).any():
            tied = [self.languages[k] for k in np.flatnonzero(self._member[np.argmax(low - high)])]
            raise ValueError(f"the bounds of {' and '.join(tied)} cannot keep their tie")
        return low, np.maximum(high, low)

    @property
    def size(self) -> int:
        """The number of coordinates: one less than the free groups."""
        return max(len(self.free) - 1, 0)

    @property
    def reach(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(languages,) twice: the lowest and the highest share that a language has in any mixture."""
        low, high = self._lowest, self._highest
        least = np.maximum(low, 1.0 - (high.sum() - high))
        most = np.minimum(high, 1.0 - (low.sum() - low))
        return self._shares(least), self._shares(most)

    def contains(self, mixture: Mixture) -> bool:
        """Whether ``mixture`` has no other language and keeps bounds and ties to 1e-9."""
        if any(language not in self.languages for language in mixture.support):
            return False
        shares = mixture.array(self.languages)
        inside = bool((shares >= self.low - TOLERANCE).all() and (shares <= self.high + TOLERANCE).all())
        return inside and bool(np.abs(self._shares(self._member @ shares) - shares).max() <= TOLERANCE)

    def mixture(self, coordinates: NDArray[np.float64]) -> Mixture:
        """The mixture at ``coordinates``, (size,) numbers between 0 and 1."""
        taken = np.zeros(len(self.free))
        left = self.rest
        for k, coordinate in enumerate(coordinates):
            later = self._range(k, left)
            taken[k] = min(max(left - self._rest_at(k, float(coordinate), later), 0.0), self.caps[k], left)
            left -= taken[k]
        if len(taken):
            taken[-1] = min(left, self.caps[-1])
        groups = self._lowest.copy()
        groups[self.free] += taken
        return Mixture.from_array(self.languages, np.clip(self._shares(groups), self.low, self.high))

    def coordinates(self, mixture: Mixture) -> NDArray[np.float64]:
        """The coordinates (size,) of ``mixture``. Raises ``ValueError`` where it is outside bounds or ties.

        Where nothing is left to choose, any coordinate stands for the same mixture and 0.5 is given.
        """
        if not self.contains(mixture):
            raise ValueError("the mixture lies outside the bounds")
        groups = self._member @ mixture.array(self.languages)
        taken = np.clip(groups - self._lowest, 0.0, None)[self.free]
        result = np.full(self.size, 0.5)
        left = self.rest
        for k in range(self.size):
            later = self._range(k, left)
            if later.most > later.least:
                result[k] = self._coordinate(k, min(max(left - taken[k], later.least), later.most), later)
            left = max(left - taken[k], 0.0)
        return result

    def nearest(self, mixture: Mixture) -> Mixture:
        """The feasible mixture nearest to ``mixture`` (Euclidean): shares shifted and cut to their bounds.

        (Michelot 1986; a tied group moves as one.) Languages outside the space lose their share.
        """
        shares = np.array([mixture.get(language, 0.0) for language in self.languages])
        norms = (self._parts**2).sum(axis=1)
        wanted = self._parts @ shares / norms
        below, above = -1.0 - wanted.max(), 2.0
        for _ in range(100):
            shift = (below + above) / 2
            if np.clip(wanted + shift / norms, self._lowest, self._highest).sum() < 1:
                below = shift
            else:
                above = shift
        groups = np.clip(wanted + above / norms, self._lowest, self._highest)
        return Mixture.from_array(self.languages, np.clip(self._shares(groups), self.low, self.high))

    def _shares(self, groups: NDArray[np.float64]) -> NDArray[np.float64]:
        """(languages,): the shares where the groups have ``groups``."""
        return np.asarray(groups @ self._parts)

    def _range(self, k: int, left: float) -> _Range:
        """What the parts after ``k`` may take of ``left``."""
        volume = self._later[k]
        most = min(left, volume.total)
        least = min(max(left - float(self.caps[k]), 0.0), most)
        if least <= 0 or most <= volume.smallest or least + most <= volume.total:
            return _Range(least, most)
        thin = volume.log_density(volume.total - most) - volume.log_density(volume.total - least)
        return _Range(least, most, mirrored=True, flipped=thin < math.log(_THIN))

    def _rest_at(self, k: int, coordinate: float, later: _Range) -> float:
        """What the parts after ``k`` take together at ``coordinate``."""
        volume = self._later[k]
        if not later.mirrored:
            return volume.inverse(_between(volume.log(later.least), volume.log(later.most), coordinate))
        part = coordinate if later.flipped else 1.0 - coordinate
        low, high = volume.log(volume.total - later.most), volume.log(volume.total - later.least)
        return volume.total - volume.inverse(_between(low, high, part))

    def _coordinate(self, k: int, rest: float, later: _Range) -> float:
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


def _parts(languages: Sequence[str], ties: Ties) -> NDArray[np.float64]:
    """(groups, languages): what part of a group's share each language has; one that is not tied is a group of its own.

    Raises ``ValueError`` for ties of unknown languages, of one language twice, or without a part.
    """
    named = [name for tie in ties for name in tie]
    if any(name not in languages for name in named) or len(set(named)) != len(named):
        raise ValueError("ties are of languages with bounds, each tied once")
    groups = [dict(tie) for tie in ties] + [{name: 1.0} for name in languages if name not in named]
    if any(min(group.values()) <= 0 for group in groups):
        raise ValueError("the parts of a tie are above 0")
    groups.sort(key=lambda group: min(languages.index(name) for name in group))
    rows = np.array([[group.get(name, 0.0) for name in languages] for group in groups])
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))
