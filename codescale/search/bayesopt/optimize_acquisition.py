"""The best point of an acquisition over the feasible mixtures: many at random, then random local search from the best.

Over mixtures, not over Optuna's cube, in which a small step moves every later share. The acquisition is asked for
hundreds of points at once, as the laws like it; and it has no gradient where a share is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.acquisition import Acquisition
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS, BayesOptSettings
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points


def optimize_acquisition(
    acquisition: Acquisition,
    region: FeasibleRegion,
    starts: Points,
    generator: np.random.Generator,
    evaluations: float | None = None,
    settings: BayesOptSettings = DEFAULT_SETTINGS,
) -> tuple[Points, float]:
    """The point of ``region`` with the least ``acquisition`` that was found, and its value there.

    Parameters
    ----------
    starts
        Points that are tried beside random ones.
    evaluations
        About how many points the acquisition may be asked for; by default as many as a recommendation may.
    """
    budget = settings.recommendation_budget if evaluations is None else evaluations
    screened = int(min(max(budget / 4, settings.fewest_candidates), settings.candidates))
    rounds = (budget - screened) / (settings.starts * settings.neighbours)
    searches = _starts(acquisition, Points.concatenate([starts, region.sample(screened, generator)]), settings)
    for _ in range(int(min(max(rounds, settings.fewest_rounds), settings.rounds))):  # side by side: one call for all
        around = [region.perturb(one.point, one.step, settings.neighbours, generator) for one in searches]
        values = np.split(acquisition(Points.concatenate(around)), len(searches))
        for one, neighbours, own in zip(searches, around, values, strict=True):
            one.move(neighbours, own, settings)
    for one in searches:
        feasible = region.project_point(one.point)
        if np.abs(feasible.shares - one.point.shares).max() > 1e-9:
            one.value = float(acquisition(feasible)[0])
        one.point = feasible
    best = min(searches, key=lambda one: one.value)
    return best.point, best.value


@dataclass
class _LocalSearch:
    """A random local search: where it stands, the acquisition there, and how far it looks."""

    point: Points
    value: float
    step: float

    def move(self, neighbours: Points, values: Array, settings: BayesOptSettings) -> None:
        """To the best of ``neighbours``, the first of which is where it stands."""
        best = int(np.argmin(values))
        grown, shrunk = self.step * settings.step_growth, self.step * settings.step_shrinkage
        self.step = min(grown, settings.longest_step) if best else max(shrunk, settings.shortest_step)
        self.point, self.value = neighbours.row(best), float(values[best])


def _starts(acquisition: Acquisition, candidates: Points, settings: BayesOptSettings) -> list[_LocalSearch]:
    """From the best of ``candidates``."""
    values = acquisition(candidates)
    order = np.argsort(values, kind="stable")[: settings.starts]
    return [_LocalSearch(candidates.row(int(k)), float(values[k]), settings.first_step) for k in order]
