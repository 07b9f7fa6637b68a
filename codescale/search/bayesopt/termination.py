"""When to end a search: where all that more trials are expected to gain is less than what seeds change by chance.

What is left to gain: how much less the objective may be elsewhere than at the point that is recommended.

An expected improvement is about one trial; many points that each promise little may together promise much. So the laws
and the processes are drawn at many points at once, and of every draw the least value is set against the recommended
point's: its simple regret, which Makarova et al. (2022, "Automatic termination for hyperparameter optimization") set
against the noise too. It is as good as what is believed: a landscape rougher than the processes hold likely has more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.mean_functions import SAMPLES
from codescale.search.bayesopt.optimize_acquisition import optimize_acquisition
from codescale.search.bayesopt.posterior import Belief
from codescale.search.space.feasible_region import FeasibleRegion

PATIENCE = 3
"""Trials in a row of which too little is expected; one alone may be the surrogate's whim."""


@runtime_checkable
class ReportsExpectedImprovement(Protocol):
    """A sampler that can say what it expects of the trial that it suggested last."""

    def expected_improvement(self) -> float | None:
        """E[max(best - y, 0)] in the objective's units (nats per token); None where it cannot be told yet."""
        ...


@runtime_checkable
class ReportsExpectedRegret(Protocol):
    """A sampler that can also say what all further trials together may gain."""

    def expected_regret(self) -> ExpectedRegret | None:
        """In the objective's units (nats per token); None where it cannot be told yet."""
        ...


class Terminator:
    """Asks a sampler after every suggestion and counts how often in a row it expected less than ``noise``. Then it asks
    what is left for all further trials together, and once more after as many trials where that is more.

    ``noise``: the standard deviation of the objective between seeds; None: not measured, so nothing is ended.
    """

    def __init__(self, noise: float | None) -> None:
        self.noise = noise
        self.verdict = ""
        """Why the search ends; empty while it goes on."""
        self._poor = 0

    def observe(self, sampler: ReportsExpectedImprovement) -> None:
        """``sampler`` has suggested another trial."""
        if self.noise is None or self.verdict:
            return
        improvement = sampler.expected_improvement()
        if improvement is None or improvement >= self.noise:
            self._poor = 0
            return
        self._poor += 1
        if self._poor >= PATIENCE:
            self._poor = 0
            self._judge(sampler, improvement, self.noise)

    def _judge(self, sampler: ReportsExpectedImprovement, improvement: float, noise: float) -> None:
        left = sampler.expected_regret() if isinstance(sampler, ReportsExpectedRegret) else None
        if left is not None and left.expected >= noise:
            return
        further = f", all further ones together {left}" if left is not None else ""
        self.verdict = (
            f"another trial is expected to gain {improvement:.2g} nats per token{further}; "
            f"seeds alone change {noise:.2g}"
        )


_EFFORT = 500.0
"""Points looked at for the optimum of one sample of the laws."""
_STEP = 0.05
"""About each optimum, points about so far away are drawn too."""
_DRAWS = 16
"""Of the processes, under every sample of the laws."""


@dataclass(frozen=True)
class ExpectedRegret:
    """In the objective's units, a run's noise apart: ``expected``, and the 5th and 95th percentile of the draws."""

    expected: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.expected:.2g} ({self.low:.2g} to {self.high:.2g})"


def remaining(
    belief: Belief, region: FeasibleRegion, point: tuple[Array, Array], starts: tuple[Array, Array], seed: int
) -> ExpectedRegret:
    """What any number of trials may still gain over ``point``, shares (domains,) and hyperparameters.

    ``starts``: shares (rows, domains) and hyperparameters of measured points, from which optima are looked for.
    """
    generator = np.random.default_rng(seed)
    optima = [point]
    for sample in range(SAMPLES + 1):
        drawn = partial(belief.draw, sample=sample)
        shares, hyper, _ = optimize_acquisition(drawn, region, *starts, generator, _EFFORT)
        optima.append((shares, hyper))
    around = [region.perturb(*one, _STEP, generator) for one in optima]
    together = belief.together(
        np.vstack([point[0], *(near[0] for near in around)]), np.vstack([point[1], *(near[1] for near in around)]),
        _DRAWS, generator,
    )  # fmt: skip
    gains = together[:, 0] - together.min(axis=1)
    low, high = np.quantile(gains, [0.05, 0.95])
    return ExpectedRegret(float(gains.mean()), float(low), float(high))
