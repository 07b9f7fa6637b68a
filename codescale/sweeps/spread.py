"""Mixtures for a law to be fitted on: spread evenly in volume over all that there are, or over those of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from codescale.arrays import Array
from codescale.mixtures.baselines import baseline_mixtures, parse_baseline
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.coordinates import Coordinates
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.study.config import StudyConfig


def spread_mixtures(languages: Sequence[str], count: int, seed: int) -> list[Mixture]:
    """``count`` mixtures: the uniform one, then points of a scrambled Sobol sequence, uniform over the simplex.

    Minus the logarithms of uniform coordinates, scaled to sum 1, are uniform over the simplex (Dirichlet(1, …, 1)).
    """
    if len(languages) == 1:
        return [Mixture.uniform(languages)]
    weights = -np.log(_points(len(languages), count, seed))
    shares = weights / weights.sum(axis=1, keepdims=True)
    return [Mixture.uniform(languages), *(Mixture.from_array(languages, row) for row in shares)]


def spread_within(feasible: FeasibleSet, count: int, seed: int) -> list[Mixture]:
    """As :func:`spread_mixtures`, over ``feasible`` alone: first of its mixtures the one nearest to uniform, then
    points that are uniform in its volume. One mixture where there is no other.
    """
    first = feasible.nearest(Mixture.uniform(feasible.domains))
    coordinates = Coordinates(feasible)
    if not coordinates.size:
        return [first]
    return [first, *(coordinates.mixture(point) for point in _points(coordinates.size, count, seed))]


def _points(dimensions: int, count: int, seed: int) -> Array:
    """(count - 1, dimensions) inside the unit cube."""
    sobol = qmc.Sobol(dimensions, seed=np.random.default_rng(seed))
    exponent = max(1, int(np.ceil(np.log2(max(count, 2)))))
    points: NDArray[np.float64] = np.clip(sobol.random_base2(exponent)[: count - 1], 1e-9, 1 - 1e-9)
    return points


def swept_baselines(config: StudyConfig, words: Sequence[str], tokens: Mapping[str, int]) -> dict[str, Mixture]:
    """The baselines of ``words`` by their words, for the ``tokens`` that the target has of each language; none where
    tokens are not known yet. Raises :class:`~codescale.errors.UserError` for one that cannot be.
    """
    if config.trainer is None and set(tokens) < set(config.languages):
        return {}
    where, named = "study.yaml, sweep.mixtures.baselines", [parse_baseline(word) for word in words]
    available, target = target_available(config, tokens), config.target.n_tokens
    return baseline_mixtures(named, config.languages, available, config.weights(), target, where)


def target_mixtures(config: StudyConfig, tokens: Mapping[str, int]) -> FeasibleSet:
    """The mixtures that the study's target may have: its bounds, and the ``tokens`` that it has of each language, read
    as often as it allows. Raises :class:`~codescale.errors.UserError` where there are none.
    """
    target = config.target
    return FeasibleSet.within(config.languages, target.n_tokens, dict(target.bounds), target_available(config, tokens))


def target_available(config: StudyConfig, tokens: Mapping[str, int]) -> AvailableTokens:
    """The ``tokens`` that the target has of each language, and how often it may read them."""
    counted = {name: float(count) for name, count in tokens.items()}
    return AvailableTokens(max_epochs=config.target.max_epochs, tokens=counted)
