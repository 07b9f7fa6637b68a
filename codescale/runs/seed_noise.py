"""How much a measurement varies when nothing changes but the seed, pooled over recipes that were run with several.

The one estimator of laws, search and comparison. What counts as one recipe, and what is measured, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codescale.arrays import Array, Integers

PRIOR_FREEDOM = 3.0
"""What the pool counts for beside a column's own degrees of freedom: as much as four runs of one recipe.

Smyth estimates it from how far the variances differ, which takes hundreds of columns: from the few of a study the
estimate is often infinite, and a language three times as noisy as the others passes for one of them. 3 expects the
deviations of columns to differ by a factor of 1.6. Intervals hardly change between 2 and 4 (docs/synergy.md).
"""


class RecipeSpread(NamedTuple):
    """The runs of one recipe: for each column the sum of squared deviations from their mean, and how many there are."""

    squares: Array
    runs: Integers

    @classmethod
    def of(cls, values: Array) -> RecipeSpread:
        """Of one column: the ``values`` (runs,) that the runs of a recipe have in it."""
        return cls(np.array([((values - values.mean()) ** 2).sum()]), np.array([len(values)]))


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
    column_freedom
        (columns,): the same of each column on its own.
    """

    per_column: Array
    pooled: float
    degrees_of_freedom: int
    column_freedom: Array

    @property
    def moderated(self) -> ModeratedNoise:
        """Each column's noise shrunk to the pool's (:func:`moderate`)."""
        return moderate(
            self.column_freedom * np.nan_to_num(self.per_column) ** 2, self.column_freedom, self.degrees_of_freedom
        )

    @property
    def interval(self) -> tuple[float, float]:
        """90 % of the pooled deviation (chi-squared): few seeds leave it wide."""
        from scipy.special import chdtri

        ends = chdtri(self.degrees_of_freedom, [0.05, 0.95])
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
    return SeedNoise(per_column, pooled, counted, freedom.astype(float))


def doubly_centred(block: Array) -> Array:
    """``block`` (mixtures, seeds, …) less the means of its mixtures and of its seeds: what is of one mixture and one
    seed, with (mixtures - 1) (seeds - 1) degrees of freedom.
    """
    centred = block - block.mean(axis=1, keepdims=True)
    return np.asarray(centred - centred.mean(axis=0))


@dataclass(frozen=True)
class ModeratedNoise:
    """``deviation`` (columns,) between seeds, and ``freedom`` (columns,): the degrees of freedom of Student's t for
    what is judged by it. NaN and 0 where nothing was repeated.
    """

    deviation: Array
    freedom: Array


def moderate(squares: Array, freedom: Array, independent: float) -> ModeratedNoise:
    """The noise of each column, shrunk to the pool's: empirical Bayes with a scaled inverse chi-squared prior.

    One noise for all columns makes the intervals of a noisy one too narrow, and its luck a discovery; each column's own
    noise, of few runs, has hardly any degrees of freedom.

    Parameters
    ----------
    squares
        (columns,): sums of squared deviations, with an expectation of ``freedom`` times the column's variance.
    freedom
        (columns,): their degrees of freedom; 0 for a column that was not repeated.
    independent
        Degrees of freedom of the pool, which no column can exceed: those of one run's columns are partly the same luck.

    References
    ----------
    Smyth 2004, "Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments", Statistical Applications in Genetics and Molecular Biology 3(1).
    """
    total = float(freedom.sum())
    if total <= 0 or independent <= 0:
        return ModeratedNoise(np.full(len(squares), np.nan), np.zeros(len(squares)))
    prior = float(squares.sum()) / total
    variance = (PRIOR_FREEDOM * prior + squares) / (PRIOR_FREEDOM + freedom)
    return ModeratedNoise(np.sqrt(variance), np.minimum(PRIOR_FREEDOM + freedom, independent))
