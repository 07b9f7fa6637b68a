"""What a law says of the search's question: the best mixture among those that the search space allows.

The search begins with it, and the comparison holds what the search found against it, so both have it from here. Bounds,
floors and ties are the space's, weights those of the search, and no share asks for more tokens than the target has.
"""

from __future__ import annotations

from typing import Any

from codescale.allocation.optimize import best_mixture, bootstrap_optima
from codescale.laws.law import Law
from codescale.mixtures.bounds import Available
from codescale.mixtures.coordinates import Coordinates
from codescale.mixtures.mixture import Mixture
from codescale.search.objective.weights import search_weights
from codescale.search.space.space import SearchSpace
from codescale.study.config import StudyConfig

_UNLIMITED = 1e12
"""Epochs: as many as it takes."""


def law_optimum(law: Law, config: StudyConfig, space: SearchSpace, available: Available) -> Mixture:
    """The mixture of ``space`` that ``law`` predicts to be best at the target of ``config`` (settled), with no share
    above what ``available`` fills in its epochs; where no mixture of the space could do with those, they do not count.
    """
    n_params, n_tokens = config.target_params(), config.target.n_tokens
    known = _where_possible(available, space, n_tokens)
    rules = _rules(law, space)
    best = best_mixture(
        law, n_params, n_tokens, search_weights(config, space), available=known, seed=config.seed, **rules
    )
    return space.inside(best)


def law_draws(law: Law, config: StudyConfig, space: SearchSpace, count: int) -> list[Mixture]:
    """The best mixtures of ``space`` at the trials' scale under ``count`` of the law's bootstrap samples: Thompson
    draws, which spread as far as the law is unsure.
    """
    n_params, n_tokens = config.sizes[config.search.size].n_params, config.search.tokens
    weights, rules = search_weights(config, space), _rules(law, space)
    drawn = bootstrap_optima(law, n_params, n_tokens, count, weights, seed=config.seed, **rules)
    return [space.inside(mixture) for mixture in drawn]


def _rules(law: Law, space: SearchSpace) -> dict[str, Any]:
    """Bounds and ties of ``space`` over the languages that ``law`` knows; one that the space leaves out has no share.

    A law of another study may lack some: what it proposes is then moved into the space.
    """
    bounds = {name: space.bounds.get(name, (0.0, 0.0)) for name in law.domains}
    return {"bounds": bounds, "ties": [group for group in space.ties if set(group) <= set(law.domains)]}


def _where_possible(available: Available, space: SearchSpace, n_tokens: float) -> Available:
    capped = {
        name: (low, min(high, available.largest_share(name, n_tokens))) for name, (low, high) in space.bounds.items()
    }
    try:
        Coordinates(capped, space.ties)
    except ValueError:
        return available.model_copy(update={"max_epochs": _UNLIMITED})
    return available
