"""How much a loss varies when nothing changes but the seed: measured from runs of one recipe with several seeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.laws.observations import appearance_index
from codescale.runs.table import RunsTable


@dataclass(frozen=True)
class SeedNoise:
    """Standard deviation of log loss over seeds: ``per_target`` (targets,), NaN where unknown, and ``pooled`` over
    targets.

    ``degrees_of_freedom`` counts replicated recipes' runs less one each; targets of one run are not independent and
    count once. 0: nothing was replicated, and the deviations are NaN.
    """

    per_target: Array
    pooled: float
    degrees_of_freedom: int


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
        noise = seed_noise(table.select(support == width), targets)
        if noise.degrees_of_freedom:
            return np.nan_to_num(np.where(np.isnan(noise.per_target), noise.pooled, noise.per_target))
    return np.zeros(len(targets))


def seed_noise(table: RunsTable, targets: tuple[str, ...]) -> SeedNoise:
    """The spread over seeds within recipes of ``table`` (one N, D, mixture and number of distinct tokens)."""
    unique = [np.nan_to_num(np.round(np.log1p(column), 1), nan=-1.0) for column in table.unique_tokens.values()]
    recipe = appearance_index(
        np.column_stack([table.n_params, table.n_tokens, np.round(table.proportions, 6), *unique])
    )
    losses = np.log(table.losses[:, [table.targets.index(name) for name in targets]])
    squares, freedom = np.zeros(len(targets)), np.zeros(len(targets), dtype=int)
    counted = 0
    for number in np.flatnonzero(np.bincount(recipe) > 1):
        rows = np.flatnonzero(recipe == number)
        _, first = np.unique(table.run_id[rows], return_index=True)
        group = losses[rows[first]]
        known = np.isfinite(group).sum(axis=0)
        usable = known > 1
        if not usable.any():
            continue
        squares[usable] += np.nanvar(group[:, usable], axis=0) * known[usable]
        freedom[usable] += known[usable] - 1
        counted += int(known.max()) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        per_target = np.sqrt(squares / freedom)
        pooled = float(np.sqrt(squares.sum() / freedom.sum()))
    return SeedNoise(per_target, pooled, counted)
