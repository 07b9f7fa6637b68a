"""The posterior of a search's objective at one scale: mean, deviation and samples."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.dataset import Measured, Points
from codescale.search.bayesopt.surrogate import Fitted, Surrogate

Scale = tuple[float, float]
"""Natural logarithms of N and D."""


class Belief:
    """``fitted`` conditioned on ``rows``, asked at one ``scale``: by shares (rows, domains) and hyperparameters (rows,
    hyperparameters). ``pending`` points are under way and count as if they had ended as expected.
    """

    def __init__(
        self, fitted: Fitted, rows: Measured, scale: Scale, pending: tuple[Array, Array] | None = None
    ) -> None:
        self.rows, self._scale = rows, scale
        self._surrogate = Surrogate(fitted, rows, None if pending is None else self._points(*pending))

    def expected(self, shares: Array, hyper: Array) -> Array:
        """(rows,): the objective expected under the mean as fitted."""
        return self._surrogate.expected(self._points(shares, hyper))

    def believed(self, shares: Array, hyper: Array) -> tuple[Array, Array]:
        """(rows,): the objective's expectation and standard deviation, a run's noise apart."""
        return self._surrogate.believed(self._points(shares, hyper))

    def draw(self, shares: Array, hyper: Array, sample: int) -> Array:
        """(rows,): the objective under one sample of the mean."""
        return self._surrogate.draw(self._points(shares, hyper), sample)

    def values(self, shares: Array, hyper: Array, sample: int) -> Array:
        """(rows, targets): what is expected under one sample of the mean."""
        return self._surrogate.values(self._points(shares, hyper), sample)

    def together(self, shares: Array, hyper: Array, draws: int, generator: np.random.Generator) -> Array:
        """(draws, rows): what the objective may be at all points at once, a run's noise apart."""
        return self._surrogate.together(self._points(shares, hyper), draws, generator)

    def _points(self, shares: Array, hyper: Array) -> Points:
        ones = np.ones(len(shares))
        return Points(self._scale[0] * ones, self._scale[1] * ones, shares, hyper)
