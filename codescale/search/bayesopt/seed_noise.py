"""What a seed does to losses, as a surrogate reckons with it: known beforehand, of every target by itself.

    t  targets

Trials share a seed, and what it does to similar mixtures looks like the mixtures' own doing: laws and processes take it
for that, and no likelihood of the trials can tell the two apart. So residuals show less noise than replicates do
(:mod:`codescale.laws.replicates`), and what they do not show is in the fit: of least squares the variance of a fit's
errors is that of the noise less that of the residuals. One part of a seed's luck is the same whatever the mixture: it
cancels in differences between mixtures, and not in what is claimed of the truth. The rest is of one seed and one
mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array


@dataclass(frozen=True)
class TargetNoise:
    """What replicates told: the standard ``deviation`` of each target's log loss between seeds, and the part of its
    variance that is ``shared`` by all mixtures of a seed, from 0 to 1.
    """

    deviation: Mapping[str, float]
    shared: float = 0.0


@dataclass(frozen=True)
class SeedNoise:
    """How much a seed changes.

    Parameters
    ----------
    deviation : (t,) array
        Standard deviation of each target's value (log loss) between seeds.
    shared
        The part of its variance that all mixtures of a seed have in common, from 0 to 1.
    correlation : (t, t) array
        Of the targets' errors in one run.
    """

    deviation: Array
    shared: float
    correlation: Array

    def own(self, shown: Array) -> Array:
        """(t,): the deviation of what is of one seed and one mixture, beside the noise that residuals have ``shown``
        (t,).
        """
        return np.sqrt(np.maximum((1.0 - self.shared) * self.deviation**2 - shown**2, 0.0))

    def all(self, shown: Array) -> Array:
        """(t,): the deviation of everything that one seed does, beside what residuals have ``shown`` (t,)."""
        return np.sqrt(self.own(shown) ** 2 + self.shared * self.deviation**2)


def seed_noise(told: TargetNoise, targets: Sequence[str], weights: Array, objective: float | None) -> SeedNoise:
    """The noise of ``targets``, whose errors go together as much as makes the objective vary by its own deviation.

    Parameters
    ----------
    weights : (t,) array
        What of each target's deviation enters the objective: its weight times its loss.
    objective
        The objective's standard deviation between seeds; None: not known, and errors count as independent.
    """
    deviation = np.array([told.deviation[name] for name in targets])
    if objective is None:
        return SeedNoise(deviation, told.shared, np.eye(len(deviation)))
    parts = weights * deviation
    apart, together = float((parts**2).sum()), float(parts.sum() ** 2)
    least = -0.5 / max(len(parts) - 1, 1)
    found = (objective**2 - apart) / max(together - apart, 1e-18)
    correlation = np.full((len(parts), len(parts)), float(np.clip(found, least, 0.95)))
    np.fill_diagonal(correlation, 1.0)
    return SeedNoise(deviation, told.shared, correlation)
