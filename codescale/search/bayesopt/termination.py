"""When to end a search: where all that more trials are expected to gain is less than what seeds change by chance.

An expected improvement is about one trial; many points that each promise little may together promise much. So the laws
and the processes are sampled at many points at once, and of every sample the least value is set against the recommended
point's: its simple regret, which Makarova et al. (2022, "Automatic termination for hyperparameter optimization") set
against the noise too. It is as good as the posterior: a landscape rougher than the processes hold likely has more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from codescale.arrays import Array
from codescale.search.bayesopt.acquisition import Acquisition
from codescale.search.bayesopt.no_harm import Constraint, within_sample
from codescale.search.bayesopt.optimize_acquisition import optimize_acquisition
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points


@dataclass(frozen=True)
class ExpectedRegret:
    """What the recommended point is expected to leave, in the objective's units, a run's noise apart: ``expected``, and
    the 5th and 95th percentile of the samples.
    """

    expected: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.expected:.2g} ({self.low:.2g} to {self.high:.2g})"


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
    what all further trials together may gain, and once more after as many trials where that is more.

    Parameters
    ----------
    noise
        The standard deviation of the objective between seeds; None: not measured, so nothing is ended.
    patience
        Trials in a row of which too little is expected.
    unit
        The objective's, as a person reads it; empty where it has none.
    """

    def __init__(
        self, noise: float | None, patience: int = DEFAULT_SETTINGS.patience, unit: str = "nats per token"
    ) -> None:
        self.noise, self.patience, self.unit = noise, patience, unit
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
        if self._poor >= self.patience:
            self._poor = 0
            self._judge(sampler, improvement, self.noise)

    def _judge(self, sampler: ReportsExpectedImprovement, improvement: float, noise: float) -> None:
        regret = sampler.expected_regret() if isinstance(sampler, ReportsExpectedRegret) else None
        if regret is not None and regret.expected >= noise:
            return
        further = f", all further ones together {regret}" if regret is not None else ""
        self.verdict = (
            f"another trial is expected to gain {f'{improvement:.2g} {self.unit}'.rstrip()}{further}; "
            f"seeds alone change {noise:.2g}"
        )


def expected_regret(
    posterior: Posterior,
    region: FeasibleRegion,
    recommended: Points,
    starts: Points,
    seed: int,
    constraint: Constraint | None = None,
) -> ExpectedRegret:
    """What any number of trials may still gain over one ``recommended`` point.

    ``starts``: measured points, from which optima are looked for. With a ``constraint`` only what keeps it under a draw
    counts as a gain of that draw.
    """
    settings, generator = posterior.settings, np.random.default_rng(seed)
    optima = [recommended]
    for sample in range(settings.law_samples + 1):
        drawn = _sampled(posterior, sample, constraint)
        optimum, _ = optimize_acquisition(drawn, region, starts, generator, settings.regret_budget, settings)
        optima.append(optimum)
    around = [region.perturb(one, settings.regret_step, settings.neighbours, generator) for one in optima]
    points = Points.concatenate([recommended, *around])
    gains = _gains(posterior, points, generator, constraint)
    low, high = np.quantile(gains, [0.05, 0.95])
    return ExpectedRegret(float(gains.mean()), float(low), float(high))


def _sampled(posterior: Posterior, sample: int, constraint: Constraint | None) -> Acquisition:
    """The objective under one sample of the laws."""
    if constraint is None:
        return partial(posterior.mean_sample, sample=sample)
    return within_sample(posterior, constraint, sample)


def _gains(
    posterior: Posterior, points: Points, generator: np.random.Generator, constraint: Constraint | None
) -> Array:
    """(draws,): what the best of ``points`` gains over the first of them, in draws of all at once."""
    draws = posterior.settings.regret_draws
    if constraint is None:
        sampled = posterior.joint_samples(points, draws, generator)
        return np.asarray(sampled[:, 0] - sampled.min(axis=1))
    values = posterior.joint_target_samples(Points.concatenate([points, constraint.reference]), draws, generator)
    sampled = posterior.objective(values[:, :-1])
    allowed = constraint.allowed(posterior, values)
    allowed[:, 0] = True  # what is recommended stays so whatever a draw says of it: no gain is below 0
    return np.asarray(sampled[:, 0] - np.where(allowed, sampled, np.inf).min(axis=1))
