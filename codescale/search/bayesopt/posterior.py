"""The posterior of a search's objective at one scale: mean, standard deviation and samples."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.dataset import Dataset, LogScale, points_at_scale
from codescale.search.bayesopt.surrogate import Differences, FittedGP, Surrogate
from codescale.search.space.points import Points


class Posterior:
    """A surrogate conditioned on what was measured, asked at one scale.

    Parameters
    ----------
    fitted
        The mean and the processes.
    data
        What they are conditioned on.
    scale
        Where the objective is asked for.
    pending
        Points under way: they count as if they had ended as expected.
    """

    def __init__(self, fitted: FittedGP, data: Dataset, scale: LogScale, pending: Points | None = None) -> None:
        self.data, self.settings, self.log_losses = data, fitted.settings, fitted.log_losses
        self._scale = scale
        self._surrogate = Surrogate(fitted, data, None if pending is None else points_at_scale(scale, pending))

    def mean(self, points: Points) -> Array:
        """(m,): the objective expected under the mean as fitted."""
        return self._surrogate.mean(points_at_scale(self._scale, points))

    def mean_and_std(self, points: Points) -> tuple[Array, Array]:
        """(m,) each: the objective's expectation and standard deviation, a run's noise apart."""
        return self._surrogate.mean_and_std(points_at_scale(self._scale, points))

    def seed_deviation(self, points: Points) -> Array:
        """(m,): by how much the objective of one seed lies off that of all seeds, beside a run's noise."""
        return self._surrogate.seed_deviation(points_at_scale(self._scale, points))

    def mean_sample(self, points: Points, sample: int) -> Array:
        """(m,): the objective expected under one sample of the laws, from 1 on; 0 is the mean as fitted."""
        return self._surrogate.mean_sample(points_at_scale(self._scale, points), sample)

    def target_means(self, points: Points, sample: int) -> Array:
        """(m, targets): what is expected of each under one sample of the laws."""
        return self._surrogate.target_means(points_at_scale(self._scale, points), sample)

    def joint_samples(self, points: Points, draws: int, generator: np.random.Generator) -> Array:
        """(draws (samples + 1), m): what the objective may be at all points at once, a run's noise apart."""
        return self._surrogate.joint_samples(points_at_scale(self._scale, points), draws, generator)

    def joint_target_samples(self, points: Points, draws: int, generator: np.random.Generator) -> Array:
        """(draws (samples + 1), m, targets): the same of every target's value."""
        return self._surrogate.joint_target_samples(points_at_scale(self._scale, points), draws, generator)

    def objective(self, values: Array) -> Array:
        """(…,): the objective of targets' ``values`` (…, targets)."""
        return self._surrogate.objective(values)

    def differences(self, points: Points, reference: Points) -> Differences:
        """How every target's value at ``points`` differs from that at one ``reference``, a run's noise apart."""
        at = (points_at_scale(self._scale, one) for one in (points, reference))
        return self._surrogate.differences(*at)
