"""How much a loss varies when nothing changes but the seed: measured from runs of one recipe with several seeds."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.observations import appearance_index
from codescale.runs.seed_noise import RecipeSpread, SeedNoise, pooled_noise
from codescale.runs.table import RunsTable

_FEWEST_DEGREES = 2
"""Degrees of freedom below which a deviation between seeds is hardly known."""


def between_seeds(table: RunsTable, targets: tuple[str, ...]) -> Array:
    """(targets,): the deviation of log loss between seeds that a law's own residuals cannot show; 0 where they do.

    Runs of one seed see the same documents in the same order, so a sweep with one seed has residuals free of what a
    new seed would change. Where more than half of the rows share a seed, the replicated recipes of the most domains
    tell: they are most like the mixtures that are predicted.
    """
    _, counts = np.unique(table.seed, return_counts=True)
    if counts.max() <= len(table) / 2:
        return np.zeros(len(targets))
    support = (table.proportions > 0).sum(axis=1)
    for width in sorted(set(support.tolist()), reverse=True):
        noise = log_loss_noise(table.select(support == width), targets)
        if noise.degrees_of_freedom:
            return np.nan_to_num(np.where(np.isnan(noise.per_column), noise.pooled, noise.per_column))
    return np.zeros(len(targets))


def trunk_luck(table: RunsTable, targets: tuple[str, ...]) -> Array:
    """(targets,): the deviation of log loss between seeds, as replicated recipes tell; 0 where too few do.

    What a run owes to its seed is shared by all rows of its trunk, and no process may take it for the mixture's.
    """
    noise = log_loss_noise(table, targets)
    if noise.degrees_of_freedom < _FEWEST_DEGREES:
        return np.zeros(len(targets))
    return np.nan_to_num(np.where(np.isnan(noise.per_column), noise.pooled, noise.per_column))


def log_loss_noise(table: RunsTable, targets: tuple[str, ...]) -> SeedNoise:
    """The spread of log loss over seeds, a column for each of ``targets``; one recipe is one N, D, mixture and number
    of distinct tokens.
    """
    unique = [np.nan_to_num(np.round(np.log1p(column), 1), nan=-1.0) for column in table.unique_tokens.values()]
    recipe = appearance_index(
        np.column_stack([table.n_params, table.n_tokens, np.round(table.proportions, 6), *unique])
    )
    losses = np.log(table.losses[:, [table.targets.index(name) for name in targets]])
    return pooled_noise((_spread(table, losses, recipe == number) for number in _replicated(recipe)), len(targets))


def _replicated(recipe: Integers) -> Integers:
    """The numbers of recipes that have several rows."""
    return np.flatnonzero(np.bincount(recipe) > 1)


def _spread(table: RunsTable, losses: Array, rows: Mask) -> RecipeSpread:
    """Of the rows of one recipe, each run once, whatever of it was measured."""
    own = np.flatnonzero(rows)
    _, first = np.unique(table.run_id[own], return_index=True)
    group = losses[own[first]]
    known = np.isfinite(group).sum(axis=0)
    squares = np.zeros(group.shape[1])
    usable = known > 1
    if usable.any():
        squares[usable] = np.nanvar(group[:, usable], axis=0) * known[usable]
    return RecipeSpread(squares, known)
