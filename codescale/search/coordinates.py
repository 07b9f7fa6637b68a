"""Coordinates in the unit cube for mixtures with bounds: every point of the cube is a feasible mixture.

Optuna and Tune search cubes, not simplices. Stick-breaking goes through the free languages in order: each takes a part
of what is left, the last one takes the rest. Where the parts follow Beta(1, number of languages still to come), the
mixture is uniform on the simplex (Frigyik, Kapila and Gupta 2010, "Introduction to the Dirichlet distribution",
section 3), so a coordinate is a quantile of that distribution. Lower bounds shift the simplex. Upper bounds cut the
distribution to the interval that leaves the later languages feasible, which keeps every point feasible, and uniform in
volume only where no upper bound is tighter than what the lower bounds leave.

A coordinate is the upper quantile (1: the smallest part, 0: the largest), since floating point resolves numbers near 0
better than near 1: a mixture and its coordinates then agree to 1e-9 everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from codescale.mixture import Mixture

TOLERANCE = 1e-9
"""How far a mixture may lie outside its bounds and still count as inside."""


class Coordinates:
    """Mixtures of ``bounds`` (language to lowest and highest share) as points of a cube of ``size`` dimensions.

    Raises ``ValueError`` where no mixture satisfies the bounds.
    """

    def __init__(self, bounds: Mapping[str, tuple[float, float]]) -> None:
        self.languages = tuple(bounds)
        self.low = np.array([low for low, _ in bounds.values()], dtype=float)
        self.high = np.array([high for _, high in bounds.values()], dtype=float)
        if (self.low < 0).any() or (self.high > 1).any() or (self.low > self.high).any():
            raise ValueError("bounds lie between 0 and 1, the lower one first")
        self.rest = 1.0 - float(self.low.sum())
        if self.rest < -TOLERANCE or self.high.sum() < 1 - TOLERANCE:
            raise ValueError(f"the bounds allow sums from {self.low.sum():.6g} to {self.high.sum():.6g}, not 1")
        self.rest = max(self.rest, 0.0)
        self.free = np.flatnonzero(self.high - self.low > 0)
        self.caps = (self.high - self.low)[self.free]

    @property
    def size(self) -> int:
        """The number of coordinates: one less than the free languages."""
        return max(len(self.free) - 1, 0)

    def contains(self, mixture: Mixture) -> bool:
        """Whether ``mixture`` has no other language and keeps the bounds to 1e-9."""
        if any(language not in self.languages for language in mixture.support):
            return False
        shares = mixture.array(self.languages)
        return bool((shares >= self.low - TOLERANCE).all() and (shares <= self.high + TOLERANCE).all())

    def mixture(self, coordinates: NDArray[np.float64]) -> Mixture:
        """The mixture at ``coordinates``, (size,) numbers between 0 and 1."""
        parts = np.zeros(len(self.free))
        left = self.rest
        for k, coordinate in enumerate(coordinates):
            smallest, largest, later = self._survival(k, left)
            survival = largest + coordinate * (smallest - largest)
            part = left * (1.0 - survival ** (1.0 / later))
            parts[k] = min(max(part, 0.0), self.caps[k], left)
            left -= parts[k]
        if len(parts):
            parts[-1] = min(left, self.caps[-1])
        shares = self.low.copy()
        shares[self.free] += parts
        return Mixture.from_array(self.languages, np.clip(shares, self.low, self.high))

    def coordinates(self, mixture: Mixture) -> NDArray[np.float64]:
        """The coordinates (size,) of ``mixture``. Raises ``ValueError`` where it is outside the bounds.

        Where nothing is left to choose, any coordinate stands for the same mixture and 0.5 is given.
        """
        if not self.contains(mixture):
            raise ValueError("the mixture lies outside the bounds")
        parts = np.clip(mixture.array(self.languages) - self.low, 0.0, None)[self.free]
        result = np.full(self.size, 0.5)
        left = self.rest
        for k in range(self.size):
            smallest, largest, later = self._survival(k, left)
            if smallest > largest:
                survival = (max(left - parts[k], 0.0) / left) ** later
                result[k] = min(max((survival - largest) / (smallest - largest), 0.0), 1.0)
            left = max(left - parts[k], 0.0)
        return result

    def nearest(self, mixture: Mixture) -> Mixture:
        """The feasible mixture nearest to ``mixture`` (Euclidean): shares shifted equally and cut to their bounds.

        (Michelot 1986.) Languages outside the space lose their share.
        """
        shares = np.array([mixture.get(language, 0.0) for language in self.languages])
        below, above = -1.0 - shares.max(), 2.0
        for _ in range(100):
            shift = (below + above) / 2
            if np.clip(shares + shift, self.low, self.high).sum() < 1:
                below = shift
            else:
                above = shift
        return Mixture.from_array(self.languages, np.clip(shares + above, self.low, self.high))

    def _survival(self, k: int, left: float) -> tuple[float, float, int]:
        """P(part > x) of Beta(1, later) at the smallest and the largest part that free language ``k`` can take.

        Third the number of free languages after it. With nothing left the interval is a point.
        """
        later = len(self.free) - 1 - k
        if left <= 0:
            return 0.0, 0.0, later
        after = min(float(self.caps[k + 1 :].sum()), left) / left
        own = (left - min(float(self.caps[k]), left)) / left
        return max(after, own) ** later, own**later, later
