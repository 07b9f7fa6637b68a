"""What the best mixture under a law is expected to gain over others, and all that the law holds possible of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.allocation.optimize import optimum_of
from codescale.allocation.problem import make_problem, shares_of
from codescale.allocation.uncertainty import FEWER_SAMPLES, MOST_SAMPLES, gain_draws, sample_optima, sampled_laws
from codescale.arrays import Array
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens, Bounds, Ties
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm


@dataclass(frozen=True)
class ExpectedGains:
    """Of the best ``mixture`` over each of ``names``: ``draws`` (samples, names) that the law holds possible, less the
    optimism of an optimum (:func:`~codescale.allocation.uncertainty.gain_draws`), in the law's unit. One row, the law's
    own word, where it has no bootstrap samples.
    """

    mixture: Mixture
    names: tuple[str, ...]
    draws: Array
    sampled: bool


def expected_gains(
    law: Law,
    n_params: float,
    n_tokens: float,
    others: Mapping[str, Mixture],
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    seed: int = 0,
    ties: Ties = (),
    no_harm: ResolvedNoHarm | None = None,
) -> ExpectedGains:
    """What the best mixture gains over each of ``others``, by name; the other parameters are as in
    :func:`~codescale.allocation.optimize.best_mixture`, which also says what is raised.
    """
    problem = make_problem(law, n_params, n_tokens, weights, bounds, available, no_harm=no_harm, ties=ties)
    samples = sampled_laws(law, problem.point, MOST_SAMPLES if no_harm is None else FEWER_SAMPLES)
    optimum = optimum_of(problem, law, seed)
    best = problem.mixtures(optimum)
    shares = {name: shares_of(law, mixture, name) for name, mixture in others.items()}
    if samples:
        optima = sample_optima(problem, samples, optimum)
        drawn = [gain_draws(problem, samples, optima, optimum, one) for one in shares.values()]
    else:
        values = problem.goal.values(problem.point.losses(np.stack([best, *shares.values()])))
        drawn = [np.array([value - values[0]]) for value in values[1:]]
    return ExpectedGains(Mixture.from_array(law.domains, best), tuple(shares), np.column_stack(drawn), bool(samples))
