"""Points of a search space as arrays: what is sampled, what acquisitions and surrogates are asked for.

n  points;  d  domains;  h  hyperparameters
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Integers, Mask


@dataclass(frozen=True)
class Points:
    """``shares`` (n, d), which sum to 1, and ``hyper`` (n, h), from 0 to 1 over each hyperparameter's range. One point
    is as good as many: n is 1 then.
    """

    shares: Array
    hyper: Array

    def __len__(self) -> int:
        return len(self.shares)

    def select(self, rows: Integers | Mask) -> Points:
        """The points that ``rows`` (indices or a mask) names."""
        return Points(self.shares[rows], self.hyper[rows])

    def row(self, k: int) -> Points:
        """The ``k``-th point."""
        return Points(self.shares[k][None], self.hyper[k][None])

    def split(self, parts: int) -> list[Points]:
        """As many points each, in order."""
        halves = zip(np.split(self.shares, parts), np.split(self.hyper, parts), strict=True)
        return [Points(shares, hyper) for shares, hyper in halves]

    @staticmethod
    def concatenate(several: Sequence[Points]) -> Points:
        """All of ``several`` in one, in order."""
        return Points(np.vstack([one.shares for one in several]), np.vstack([one.hyper for one in several]))

    @staticmethod
    def empty(domains: int, hyper: int) -> Points:
        """No points at all."""
        return Points(np.empty((0, domains)), np.empty((0, hyper)))
