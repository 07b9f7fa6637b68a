"""What is left to gain: how much less the objective may be elsewhere than at the point that is recommended.

An expected improvement is about one trial; many points that each promise little may together promise much. So the laws
and the processes are drawn at many points at once, and of every draw the least value is set against the recommended
point's: its simple regret, which Makarova et al. (2022, "Automatic termination for hyperparameter optimization") set
against the noise too. It is as good as what is believed: a landscape rougher than the processes hold likely has more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from codescale.laws.observations import Array
from codescale.search.belief import Belief
from codescale.search.descent import minimise
from codescale.search.means import SAMPLES
from codescale.search.region import Region

_EFFORT = 500.0
"""Points looked at for the optimum of one sample of the laws."""
_STEP = 0.05
"""About each optimum, points about so far away are drawn too."""
_DRAWS = 16
"""Of the processes, under every sample of the laws."""


@dataclass(frozen=True)
class Remaining:
    """In the objective's units, a run's noise apart: ``expected``, and the 5th and 95th percentile of the draws."""

    expected: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.expected:.2g} ({self.low:.2g} to {self.high:.2g})"


def remaining(
    belief: Belief, region: Region, point: tuple[Array, Array], starts: tuple[Array, Array], seed: int
) -> Remaining:
    """What any number of trials may still gain over ``point``, shares (domains,) and hyperparameters.

    ``starts``: shares (rows, domains) and hyperparameters of measured points, from which optima are looked for.
    """
    generator = np.random.default_rng(seed)
    optima = [point]
    for sample in range(SAMPLES + 1):
        drawn = partial(belief.draw, sample=sample)
        shares, hyper, _ = minimise(drawn, region, *starts, generator, _EFFORT)
        optima.append((shares, hyper))
    around = [region.near(*one, _STEP, generator) for one in optima]
    together = belief.together(
        np.vstack([point[0], *(near[0] for near in around)]), np.vstack([point[1], *(near[1] for near in around)]),
        _DRAWS, generator,
    )  # fmt: skip
    gains = together[:, 0] - together.min(axis=1)
    low, high = np.quantile(gains, [0.05, 0.95])
    return Remaining(float(gains.mean()), float(low), float(high))
