"""How much a measurement varies when nothing changes but the seed, pooled over recipes that were run with several.

The one estimator of laws, search and comparison. What counts as one recipe, and what is measured, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from codescale.arrays import Array, Integers


class RecipeSpread(NamedTuple):
    """The runs of one recipe: for each column the sum of squared deviations from their mean, and how many there are."""

    squares: Array
    runs: Integers


@dataclass(frozen=True)
class SeedNoise:
    """The standard deviation between seeds.

    Parameters
    ----------
    per_column
        (columns,): of each column, in its own unit; NaN where no recipe has two runs.
    pooled
        Over all columns; NaN where nothing was repeated.
    degrees_of_freedom
        The runs of recipes that were repeated, less one each. Columns of one run are not independent and count once.
        0: nothing was repeated.
    """

    per_column: Array
    pooled: float
    degrees_of_freedom: int

    @property
    def interval(self) -> tuple[float, float]:
        """90 % of the pooled deviation (chi-squared): few seeds leave it wide."""
        ends = stats.chi2.ppf([0.95, 0.05], self.degrees_of_freedom)
        low, high = (float(self.pooled * np.sqrt(self.degrees_of_freedom / end)) for end in ends)
        return low, high


def pooled_noise(recipes: Iterable[RecipeSpread], columns: int) -> SeedNoise:
    """The noise of ``columns`` measurements, from the spread within ``recipes``; one run alone tells nothing."""
    squares, freedom = np.zeros(columns), np.zeros(columns, dtype=int)
    counted = 0
    for recipe in recipes:
        repeated = recipe.runs > 1
        if not repeated.any():
            continue
        squares[repeated] += recipe.squares[repeated]
        freedom[repeated] += recipe.runs[repeated] - 1
        counted += int(recipe.runs.max()) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        per_column = np.sqrt(squares / freedom)
        pooled = float(np.sqrt(squares.sum() / freedom.sum()))
    return SeedNoise(per_column, pooled, counted)
