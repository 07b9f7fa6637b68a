"""How well a law would know the best mixture after runs that are not trained yet.

A few worlds are drawn: from the law's prior, or around a fit to runs that are there. In each, laws that the runs may
lead to are drawn from the covariance that they leave, as a bootstrap draws them, and asked for their optima.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.allocation.optimize import best_mixture, bootstrap_optima
from codescale.arrays import Array
from codescale.designs.choice import LawToFit
from codescale.designs.information import Posterior
from codescale.laws.fitting.noise import fitted_range
from codescale.laws.law import Law
from codescale.laws.observations import Observations
from codescale.mixtures.mixture import Mixture
from codescale.search.space.space import SearchSpace

WORLDS = 4
"""Of which the forecast is the mean: one alone may have a flat optimum."""
USUAL_DEVIATIONS = 0.5
"""Of a law's prior, within which worlds are drawn where nothing was run: the prior itself is wide, so that it forbids a
fit nothing, and most of what it allows is unlike any table."""
_DRAWS = 20
"""Laws of each world."""


@dataclass(frozen=True)
class OptimumForecast:
    """What is expected of the optimum that a law fitted to the runs would find.

    ``widths``: language to the width of the middle 90 % of its share. ``regret``: by how much the objective at that
    optimum is expected to lie above the least one, and ``regret_high``, what it lies below in 90 % of cases; ``gain``:
    what the least one gains over the mixture of the space nearest to equal shares. All three in the losses' unit (nats
    per token where no table says another) at a usual level of the losses.
    """

    widths: Mapping[str, float]
    regret: float
    regret_high: float
    gain: float

    @property
    def width(self) -> float:
        """The mean over languages that may vary."""
        varied = [width for width in self.widths.values() if width > 0]
        return float(np.mean(varied)) if varied else 0.0


def forecast_optimum(
    fitted: LawToFit,
    rows: Observations,
    worlds: Array,
    space: SearchSpace,
    target: tuple[float, float],
    seed: int,
) -> OptimumForecast:
    """The optimum that is expected after ``rows`` were run.

    Parameters
    ----------
    fitted
        The law that is to be fitted.
    rows
        All runs, those that are there and those that are planned, as the law would be fitted to them.
    worlds : (worlds, targets, parameters) array
        Laws that may be true.
    target
        N and D that the mixture is for.
    """
    weights = dict(zip(fitted.targets, fitted.weights.tolist(), strict=True))
    widths, regrets, gains = [], [], []
    for number, values in enumerate(worlds):
        law = law_after(fitted, rows, values, _DRAWS, seed + number)
        width, regret, gain = _of_world(law, space, target, weights, seed)
        widths.append(width)
        regrets += regret
        gains.append(gain)
    mean = {name: float(np.mean([one[name] for one in widths])) for name in space.bounds}
    return OptimumForecast(mean, float(np.mean(regrets)), float(np.quantile(regrets, 0.9)), float(np.mean(gains)))


def law_after(fitted: LawToFit, rows: Observations, values: Array, draws: int, seed: int) -> Law:
    """The law ``values`` (targets, parameters) as ``rows`` would leave it known: its samples are drawn from the
    covariance that they leave around it.
    """
    form = fitted.form
    covariance = Posterior.given(fitted.tangents(rows, values)).covariance
    samples = form.posterior_draws(rows, values, covariance, np.random.default_rng(seed), draws)
    names = [form.parameter_names(rows.domains, target) for target in rows.targets]
    return Law(
        name=form.name,
        formula=form.formula,
        domains=rows.domains,
        targets=rows.targets,
        parameters={
            target: dict(zip(names[k], values[k].tolist(), strict=True)) for k, target in enumerate(rows.targets)
        },
        fitted_range=fitted_range(rows, rows.usable),
        noise=dict.fromkeys(rows.targets, fitted.deviation),
        correlation=np.eye(len(rows.targets)).tolist(),
        loss_unit=rows.loss_unit,
        seed=seed,
        fitted_rows=len(rows),
        trunks=len(rows),
        runs="a design",
        bootstrap={
            target: {name: samples[:, k, p].tolist() for p, name in enumerate(names[k])}
            for k, target in enumerate(rows.targets)
        },
    )


def _of_world(
    law: Law, space: SearchSpace, target: tuple[float, float], weights: Mapping[str, float], seed: int
) -> tuple[dict[str, float], list[float], float]:
    """Widths of shares, regrets of the sampled laws' optima under ``law``, and what its own gains over even shares."""
    bounds, ties = dict(space.bounds), list(space.ties)
    best = best_mixture(law, *target, weights, bounds, seed=seed, ties=ties)
    found = bootstrap_optima(law, *target, len(law.samples), weights, bounds, seed=seed, ties=ties)
    drawn = np.array([space.inside(one).array(law.domains) for one in found])
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    even = space.inside(Mixture.uniform(law.domains)).array(law.domains)
    points = np.vstack([best.array(law.domains), even, drawn])
    ones = np.ones(len(points))
    losses = np.exp(law.surface().log_losses(np.log(target[0]) * ones, np.log(target[1]) * ones, points))
    weight = np.array([weights.get(name, 0.0) for name in law.targets])
    values = losses @ (weight / weight.sum())
    widths = dict(zip(law.domains, (high - low).tolist(), strict=True))
    return widths, np.maximum(values[2:] - values[0], 0.0).tolist(), float(max(values[1] - values[0], 0.0))
