"""How much the objective varies between seeds: runs of one recipe that differ in their seed alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from codescale.mixtures.mixture import Mixture
from codescale.runs.records import SWEEP_STAGES, RunRecord
from codescale.runs.seed_noise import RecipeSpread, SeedNoise, pooled_noise
from codescale.search.objective.objective import Objective


@dataclass(frozen=True)
class Recipe:
    """Runs that differ in their seed alone: their ``mixture``, their ``seeds``, and the objective's ``values``."""

    mixture: Mixture
    seeds: tuple[int, ...]
    values: tuple[float, ...]


def recipes_of(records: Iterable[RunRecord], objective: Objective, n_params: int) -> list[Recipe]:
    """The recipes among finished runs of ``n_params`` parameters that were judged at the objective's D, in the order of
    the records.
    """
    recipes: dict[tuple[object, ...], list[tuple[int, float]]] = {}
    mixtures: dict[tuple[object, ...], Mixture] = {}
    for record in records:
        spec = record.spec
        if record.status != "ok" or spec.n_params != n_params:
            continue
        final = objective.curve(record).final
        if final is None:
            continue
        shares = tuple(sorted((name, round(share, 9)) for name, share in spec.proportions.items() if share))
        key = (shares, tuple(sorted(spec.hyper.items())), str(spec.unique_tokens), spec.organisation, record.corpus_id)
        recipes.setdefault(key, []).append((spec.seed, final))
        mixtures.setdefault(key, spec.mixture)
    return [Recipe(mixtures[key], *zip(*runs, strict=True)) for key, runs in recipes.items()]


def objective_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """The noise of ``objective`` (nats per token) between seeds, in one column.

    Pooled over runs of ``n_params`` parameters that differ in their seed alone, each judged at the objective's D. None
    where no two such runs have finished.
    """
    noise = pooled_noise(
        (RecipeSpread.of(np.array(recipe.values)) for recipe in recipes_of(records, objective, n_params)), 1
    )
    return noise if noise.degrees_of_freedom else None


def sweep_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """Pooled over the sweep's runs alone: all that there is when a search begins. One that is taken up again after the
    comparison has to believe what it believed, or it would recommend another mixture.
    """
    return objective_noise((one for one in records if one.spec.stage in SWEEP_STAGES), objective, n_params)
