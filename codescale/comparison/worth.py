"""What a better mixture is worth in tokens: how many fewer it needs to reach the objective of another.

The law tells how a mixture's objective f falls with D, a measured difference how far it may rise until it is the
other mixture's: with f(D') - f(D) the other's objective minus the mixture's, 1 - D'/D of the tokens are saved. The
interval is of the difference's seeds (Student's t) and the law's bootstrap samples together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.allocation.problem import shares_of, weights_of
from codescale.allocation.uncertainty import sampled_interval
from codescale.arrays import Array
from codescale.artifact import Interval
from codescale.comparison.result import BaselineVerdict, PairedDifference, Worth
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture

REACH = 100.0
"""Times fewer, or more, tokens that are looked at: beyond that a worth says no more."""
_POINTS = 241
"""D between those ends, evenly in log D: 4 % apart, between which the objective is as good as straight."""
_LEAST_DRAWS = 2_000
_DRAWS = 7
"""Tells these draws from others with the same seed."""


@dataclass(frozen=True)
class WorthScales:
    """N and D of the comparison, and of the target of the study that the worth is forecast for."""

    measured: tuple[float, float]
    forecast: tuple[float, float]


def with_worth(
    verdicts: Mapping[str, BaselineVerdict],
    law: Law,
    chosen: Mixture,
    baselines: Mapping[str, Mixture],
    scales: WorthScales,
    weights: Mapping[str, float],
    seeds: int,
) -> dict[str, BaselineVerdict]:
    """``verdicts`` on the mixture ``chosen`` against each of ``baselines``, by word, with what it is worth in tokens:
    of the objective, and of each language whose loss the law knows. ``seeds``: of the comparison.
    """

    here, there = (_losses(law, *at, chosen) for at in (scales.measured, scales.forecast))

    def worth(word: str, one: BaselineVerdict) -> Worth:
        def measured(difference: PairedDifference, weights: Mapping[str, float]) -> Interval:
            return _by_seeds(_objectives(law, here, weights), difference, seeds)

        losses = {name: each for name, each in one.difference.losses.items() if name in law.targets}
        other = _losses(law, *scales.forecast, baselines[word])
        return Worth(
            objective=measured(one.difference.objective, weights),
            languages={name: measured(each, {name: 1.0}) for name, each in losses.items()},
            forecast=_by_the_law(*(_objectives(law, each, weights) for each in (there, other))),
        )

    return {word: one.model_copy(update={"worth": worth(word, one)}) for word, one in verdicts.items()}


def measured_worth(
    law: Law,
    n_params: float,
    n_tokens: float,
    mixture: Mixture,
    difference: PairedDifference,
    seeds: int,
    weights: Mapping[str, float] | None = None,
    unique_tokens: Array | None = None,
    seed: int = 0,
) -> Interval:
    """The share of its D that ``mixture`` may do without and still reach what it was compared with; negative: the
    share that it needs more.

    Parameters
    ----------
    law
        Whose curve over D is taken, not its level.
    n_params, n_tokens
        N and D of the comparison.
    mixture
        The mixture that is judged.
    difference
        Its objective minus the other's, measured with ``seeds`` seeds in the law's unit.
    weights
        Of the objective, as in :func:`~codescale.allocation.optimize.optimize_mixture`; all on one language for that
        language's worth.
    unique_tokens
        Distinct tokens (d,), for a law that knows repetition.
    seed
        Of the draws.

    Returns
    -------
    Interval
        The middle 90 %. No ends where the law has no bootstrap samples or the difference no standard error.

    Raises
    ------
    UserError
        For names outside the law.
    """
    curves = _objectives(law, _losses(law, n_params, n_tokens, mixture, unique_tokens), weights)
    return _by_seeds(curves, difference, seeds, seed)


def forecast_worth(
    law: Law,
    n_params: float,
    n_tokens: float,
    mixture: Mixture,
    reference: Mixture,
    weights: Mapping[str, float] | None = None,
    unique_tokens: Array | None = None,
) -> Interval:
    """As :func:`measured_worth` at an N and D that nobody has run: the difference too is the law's, under each of its
    bootstrap samples.
    """
    both = (_losses(law, n_params, n_tokens, one, unique_tokens) for one in (mixture, reference))
    return _by_the_law(*(_objectives(law, losses, weights) for losses in both))


def _by_seeds(curves: Array, difference: PairedDifference, seeds: int, seed: int = 0) -> Interval:
    """The worth of a measured ``difference`` on ``curves`` (1 + samples, points)."""
    value = float(_saved(curves[:1], np.array([-difference.mean]))[0])
    if len(curves) < 2 or not difference.standard_error:
        return sampled_interval(value, np.empty(0))
    generator = np.random.default_rng((seed, _DRAWS))
    draws = max(_LEAST_DRAWS, len(curves) - 1)
    gains = -difference.mean + difference.standard_error * generator.standard_t(seeds - 1, draws)
    return sampled_interval(value, _saved(curves[1 + np.arange(draws) % (len(curves) - 1)], gains))


def _by_the_law(curves: Array, others: Array) -> Interval:
    """The worth of what ``others`` (1 + samples, points) lie above ``curves`` at D itself."""
    middle = _POINTS // 2
    saved = _saved(curves, others[:, middle] - curves[:, middle])
    return sampled_interval(float(saved[0]), saved[1:])


def _log_factors() -> Array:
    """(points,): log D'/D."""
    return np.linspace(-np.log(REACH), np.log(REACH), _POINTS)


def _losses(law: Law, n_params: float, n_tokens: float, mixture: Mixture, unique_tokens: Array | None = None) -> Array:
    """(1 + samples, points, targets): the losses at each D, under the law and under its samples."""
    tokens = n_tokens * np.exp(_log_factors())
    rows = len(tokens)
    shares = np.tile(shares_of(law, mixture, "mixture"), (rows, 1))
    if unique_tokens is None:  # a shorter run of the same question reads the same tokens less often
        unique_tokens = law.distinct_tokens(np.array([n_tokens]))[0]
    unique = np.tile(unique_tokens, (rows, 1))
    return law.sampled_losses(np.full(rows, n_params), tokens, shares, unique)


def _objectives(law: Law, losses: Array, weights: Mapping[str, float] | None) -> Array:
    """(1 + samples, points): the objective of :func:`_losses` at each D; it never rises with D."""
    return np.asarray(np.minimum.accumulate(losses @ weights_of(law, weights), axis=1))


def _saved(curves: Array, gains: Array) -> Array:
    """(draws,): 1 - D'/D where each of ``curves`` (draws, points) lies ``gains`` (draws,) above its middle.

    Where no D' within reach does, the end of the reach is taken.
    """
    middle, factors = _POINTS // 2, _log_factors()
    wanted = curves[:, middle] + gains
    found = [np.interp(-one, -curve, factors) for one, curve in zip(wanted, curves, strict=True)]
    return np.asarray(1.0 - np.exp(np.array(found)))
