"""How much the objective varies between seeds, and what differences that lets a budget resolve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from codescale.runs.records import SWEEP_STAGES, RunRecord
from codescale.search.objective.objective import Objective

LEVEL, POWER = 0.05, 0.8
"""A difference counts as resolved where a two-sided t test at 5 % finds it in four of five repetitions."""


@dataclass(frozen=True)
class SeedNoise:
    """The standard deviation of the objective (nats per token) between seeds, with its degrees of freedom."""

    deviation: float
    freedom: int

    @property
    def interval(self) -> tuple[float, float]:
        """90 % of the deviation: few seeds leave it wide."""
        ends = stats.chi2.ppf([0.95, 0.05], self.freedom)
        low, high = (float(self.deviation * np.sqrt(self.freedom / end)) for end in ends)
        return low, high


def seed_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """Pooled over runs of ``n_params`` that differ in their seed alone, each judged at the objective's D.

    None where no two such runs have finished.
    """
    groups: dict[tuple[object, ...], list[float]] = {}
    for record in records:
        spec = record.spec
        if record.status != "ok" or spec.n_params != n_params:
            continue
        final = objective.curve(record).final
        if final is None:
            continue
        shares = tuple(sorted((name, round(share, 9)) for name, share in spec.proportions.items() if share))
        key = (shares, tuple(sorted(spec.hyper.items())), str(spec.unique_tokens), spec.organisation, record.corpus_id)
        groups.setdefault(key, []).append(final)
    repeated = [np.array(values) for values in groups.values() if len(values) > 1]
    freedom = sum(len(values) - 1 for values in repeated)
    if not freedom:
        return None
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in repeated)
    return SeedNoise(float(np.sqrt(squares / freedom)), freedom)


def sweep_noise(records: Iterable[RunRecord], objective: Objective, n_params: int) -> SeedNoise | None:
    """Pooled over the sweep's runs alone: all that there is when a search begins. One that is taken up again after the
    comparison has to believe what it believed, or it would recommend another mixture.
    """
    return seed_noise((one for one in records if one.spec.stage in SWEEP_STAGES), objective, n_params)


def minimum_detectable_difference(deviation: float, seeds: int) -> float:
    """The smallest difference (nats per token) between two mixtures of ``seeds`` runs each that is resolved.

    The t test's critical value plus the one for its power, times the difference's standard error (the usual
    approximation of the noncentral t); infinite for one seed, which leaves no degree of freedom.
    """
    if seeds < 2:
        return float("inf")
    freedom = 2 * seeds - 2
    factor = stats.t.ppf(1 - LEVEL / 2, freedom) + stats.t.ppf(POWER, freedom)
    return float(factor * deviation * np.sqrt(2 / seeds))


def seeds_needed(deviation: float, difference: float, most: int = 1000) -> int | None:
    """Seeds of each of two mixtures that resolve ``difference``; None where ``most`` do not."""
    return next(
        (seeds for seeds in range(2, most + 1) if minimum_detectable_difference(deviation, seeds) <= difference), None
    )
