"""Points the optimizer must not propose again: those that were evaluated, and more widely those that diverged.

With one seed a repeated trial ends exactly as the first one did: it costs a run and tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.search.bayesopt.acquisition import Acquisition
from codescale.search.bayesopt.settings import BayesOptSettings
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points


@dataclass(frozen=True)
class ExcludedPoints:
    """``points`` (n) with ``radius`` (n,): the exclusion distance of each in the maximum norm over shares and scaled
    hyperparameters.
    """

    region: FeasibleRegion
    points: Points
    radius: Array
    settings: BayesOptSettings

    def contains(self, points: Points) -> Mask:
        """(m,): whether each of ``points`` is within the radius of an excluded one."""
        asked, excluded = self._coordinates(points), self._coordinates(self.points)
        distance = np.abs(asked[:, None, :] - excluded[None]).max(axis=2, initial=0.0)
        return np.asarray((distance <= self.radius).any(axis=1))

    def nearest_allowed(self, point: Points, acquisition: Acquisition, generator: np.random.Generator) -> Points:
        """One ``point`` itself, or where it is excluded the one with the least ``acquisition`` of some near it that are
        not; the point itself where all are.
        """
        if not self.contains(point)[0]:
            return point
        for step in self.settings.escape_steps:
            near = self.region.perturb(point, step, self.settings.neighbours, generator)
            allowed = ~self.contains(near)
            if allowed.any():
                near = near.select(allowed)
                return self.region.project_point(near.row(int(np.argmin(acquisition(near)))))
        return point

    def _coordinates(self, points: Points) -> Array:
        """(n, d + h): as trials have them."""
        return np.hstack([points.shares, self.region.round(points.hyper)])


def excluded_points(
    region: FeasibleRegion, evaluated: Points, diverged: Points, settings: BayesOptSettings
) -> ExcludedPoints:
    """Points that were ``evaluated`` or are under way, and those that ``diverged``."""
    radius = np.concatenate(
        [np.full(len(evaluated), settings.repeat_radius), np.full(len(diverged), settings.diverged_radius)]
    )
    return ExcludedPoints(region, Points.concatenate([evaluated, diverged]), radius, settings)
