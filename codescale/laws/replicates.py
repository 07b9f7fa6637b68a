"""How much a loss varies when nothing changes but the seed: measured from runs of one recipe with several seeds."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.observations import appearance_index
from codescale.runs.seed_noise import PRIOR_FREEDOM, RecipeSpread, SeedNoise, doubly_centred, pooled_noise
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
    noise = None if counts.max() <= len(table) / 2 else mixture_noise(table, targets)
    return np.zeros(len(targets)) if noise is None else _of_each_target(noise)


def mixture_noise(table: RunsTable, targets: tuple[str, ...]) -> SeedNoise | None:
    """The spread of log loss over seeds within the replicated recipes of the most domains; None where nothing was
    replicated.
    """
    support = (table.proportions > 0).sum(axis=1)
    for width in sorted(set(support.tolist()), reverse=True):
        noise = log_loss_noise(table.select(support == width), targets)
        if noise.degrees_of_freedom:
            return noise
    return None


def shared_part(table: RunsTable, targets: tuple[str, ...], noise: SeedNoise) -> float:
    """The part of the variance between seeds, from 0 to 1, that is a seed's alone, the same whatever the mixture: what
    the difference between two runs with one seed is spared.

    Of ``table``, the runs of one N and D, those of mixtures of all ``targets`` tell that were trained with the same
    seeds, beside ``noise``, their spread. They are shrunk to none, which is all that is known without them.
    """
    squares, freedom = np.zeros(len(targets)), 0
    for block in _blocks(table, targets):
        mixtures, seeds, _ = block.shape
        squares += (doubly_centred(block) ** 2).sum(axis=(0, 1))
        freedom += (mixtures - 1) * (seeds - 1)
    own = float(np.nanmean(squares / np.maximum(noise.per_column, 1e-12) ** 2))
    return float(np.clip(1.0 - (PRIOR_FREEDOM + own) / (PRIOR_FREEDOM + freedom), 0.0, 1.0))


def _blocks(table: RunsTable, targets: tuple[str, ...]) -> list[Array]:
    """(mixtures, seeds, targets) each: log losses of mixtures that were trained with the same seeds, two of either at
    least.
    """
    recipe, losses = appearance_index(np.round(table.proportions, 6)), _trained_losses(table, targets)
    blocks: dict[tuple[float, ...], list[Array]] = {}
    for number in range(recipe.max(initial=-1) + 1):
        rows = np.flatnonzero((recipe == number) & np.isfinite(losses).all(axis=1) & np.isfinite(table.seed))
        seeds, first = np.unique(table.seed[rows], return_index=True)
        if len(seeds) > 1:
            blocks.setdefault(tuple(seeds.tolist()), []).append(losses[rows[first]])
    return [np.array(rows) for rows in blocks.values() if len(rows) > 1]


def trunk_luck(table: RunsTable, targets: tuple[str, ...]) -> Array:
    """(targets,): the deviation of log loss between seeds, as replicated recipes tell; 0 where too few do.

    What a run owes to its seed is shared by all rows of its trunk, and no process may take it for the mixture's.
    """
    noise = log_loss_noise(table, targets)
    if noise.degrees_of_freedom < _FEWEST_DEGREES:
        return np.zeros(len(targets))
    return _of_each_target(noise)


def _of_each_target(noise: SeedNoise) -> Array:
    """(targets,): each target's own deviation, or that of all where it has none."""
    return np.nan_to_num(np.where(np.isnan(noise.per_column), noise.pooled, noise.per_column))


def log_loss_noise(table: RunsTable, targets: tuple[str, ...]) -> SeedNoise:
    """The spread of log loss over seeds, a column for each of ``targets``; one recipe is one N, D, mixture and number
    of distinct tokens.

    A target that is a domain counts on the runs that train on it: elsewhere its loss strays further. Rows of one recipe
    and seed are one draw, and the recipes of one trunk, its branches, are one luck.
    """
    unique = [np.nan_to_num(np.round(np.log1p(column), 1), nan=-1.0) for column in table.unique_tokens.values()]
    recipe = appearance_index(
        np.column_stack([table.n_params, table.n_tokens, np.round(table.proportions, 6), *unique])
    )
    families = _families(recipe, appearance_index(table.trunk))
    losses = _trained_losses(table, targets)
    groups = ([recipe == number for number in family] for family in families)
    return pooled_noise((_family_spread(table, losses, rows) for rows in groups), len(targets))


def _trained_losses(table: RunsTable, targets: tuple[str, ...]) -> Array:
    """(rows, targets): log losses; NaN where the target is a domain that the row does not train on."""
    losses = np.log(table.losses[:, [table.targets.index(name) for name in targets]])
    for k, name in enumerate(targets):
        if name in table.domains:
            losses[table.proportions[:, table.domains.index(name)] <= 0, k] = np.nan
    return losses


def _families(recipe: Integers, trunk: Integers) -> list[Integers]:
    """The numbers of recipes that have several rows, those that share trunks together."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    replicated = np.flatnonzero(np.bincount(recipe) > 1)
    links = coo_matrix((np.ones(len(recipe)), (recipe, recipe.max() + 1 + trunk)), shape=(2 * len(recipe),) * 2)
    labels = connected_components(links, directed=False)[1][replicated]
    return [replicated[labels == label] for label in dict.fromkeys(labels.tolist())]


def _family_spread(table: RunsTable, losses: Array, recipes: list[Mask]) -> RecipeSpread:
    """Of recipes whose runs are branches of the same trunks: the spread of all, with the freedom of one."""
    spreads = [_spread(table, losses, rows) for rows in recipes]
    freedom = np.array([np.maximum(one.runs - 1, 0) for one in spreads])
    share = freedom.max(axis=0) / np.maximum(freedom.sum(axis=0), 1)
    return RecipeSpread(np.sum([one.squares for one in spreads], axis=0) * share, 1 + freedom.max(axis=0))


def _spread(table: RunsTable, losses: Array, rows: Mask) -> RecipeSpread:
    """Of the rows of one recipe, each seed once, whatever of it was measured."""
    group = _draws(table, losses, np.flatnonzero(rows))
    known = np.isfinite(group).sum(axis=0)
    squares = np.zeros(group.shape[1])
    usable = known > 1
    if usable.any():
        squares[usable] = np.nanvar(group[:, usable], axis=0) * known[usable]
    return RecipeSpread(squares, known)


def _draws(table: RunsTable, losses: Array, rows: Integers) -> Array:
    """(draws, targets): the mean of ``losses`` over each seed's rows; runs that name no seed are one draw each."""
    seeds = [table.seed[k] if np.isfinite(table.seed[k]) else table.run_id[k] for k in rows]
    draws = [losses[rows[[one == seed for one in seeds]]] for seed in dict.fromkeys(seeds)]
    with np.errstate(invalid="ignore"):  # 0 / 0: what no row of the seed measured stays NaN
        return np.array([np.nansum(draw, axis=0) / np.isfinite(draw).sum(axis=0) for draw in draws])
