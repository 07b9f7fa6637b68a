"""How much the objective varies between seeds, and what differences that lets a budget resolve."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import stats

from codescale.arrays import Array
from codescale.runs.records import SWEEP_STAGES, RunRecord
from codescale.runs.seed_noise import RecipeSpread, SeedNoise, pooled_noise
from codescale.search.objective.objective import Objective

LEVEL, POWER = 0.05, 0.8
"""A difference counts as resolved where a two-sided t test at 5 % finds it in four of five repetitions."""


def objective_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """The noise of ``objective`` (nats per token) between seeds, in one column.

    Pooled over runs of ``n_params`` parameters that differ in their seed alone, each judged at the objective's D. None
    where no two such runs have finished.
    """
    recipes: dict[tuple[object, ...], list[float]] = {}
    for record in records:
        spec = record.spec
        if record.status != "ok" or spec.n_params != n_params:
            continue
        final = objective.curve(record).final
        if final is None:
            continue
        shares = tuple(sorted((name, round(share, 9)) for name, share in spec.proportions.items() if share))
        key = (shares, tuple(sorted(spec.hyper.items())), str(spec.unique_tokens), spec.organisation, record.corpus_id)
        recipes.setdefault(key, []).append(final)
    noise = pooled_noise((_spread(np.array(values)) for values in recipes.values()), 1)
    return noise if noise.degrees_of_freedom else None


def _spread(values: Array) -> RecipeSpread:
    return RecipeSpread(np.array([((values - values.mean()) ** 2).sum()]), np.array([len(values)]))


def sweep_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """Pooled over the sweep's runs alone: all that there is when a search begins. One that is taken up again after the
    comparison has to believe what it believed, or it would recommend another mixture.
    """
    return objective_noise((one for one in records if one.spec.stage in SWEEP_STAGES), objective, n_params)


def minimum_detectable_difference(deviation: float, seeds: int, comparisons: int = 1) -> float:
    """The smallest difference between two mixtures that a two-sided t test finds at the level 5 % with a power of 80 %.

    The test's critical value plus the one for its power, times the difference's standard error (the usual approximation
    of the noncentral t).

    Parameters
    ----------
    deviation
        Of the objective between seeds (nats per token).
    seeds
        Runs of each mixture.
    comparisons
        How many such tests are made together: the level is shared out among them (Bonferroni's bound, which Holm's
        correction never falls short of).

    Returns
    -------
    float
        In nats per token; infinite for one seed, which leaves no degree of freedom.
    """
    if seeds < 2:
        return float("inf")
    freedom = 2 * seeds - 2
    factor = stats.t.ppf(1 - LEVEL / 2 / comparisons, freedom) + stats.t.ppf(POWER, freedom)
    return float(factor * deviation * np.sqrt(2 / seeds))


def seeds_needed(deviation: float, difference: float, most: int = 1000, comparisons: int = 1) -> int | None:
    """Seeds of each mixture that resolve ``difference`` among ``comparisons``; None where ``most`` do not."""
    return next(
        (
            seeds
            for seeds in range(2, most + 1)
            if minimum_detectable_difference(deviation, seeds, comparisons) <= difference
        ),
        None,
    )
