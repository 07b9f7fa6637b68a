"""What a law says of the search's question: the best mixture among those that the search space allows.

The search begins with it, and the comparison holds what the search found against it, so both have it from here. Bounds,
floors and ties are the space's, weights those of the search, and no share asks for more tokens than the target has.
"""

from __future__ import annotations

from typing import Any

from codescale.allocation.optimize import best_mixture, bootstrap_optima
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.search.objective.problem import SearchProblem
from codescale.search.space.space import SearchSpace

_UNLIMITED = 1e12
"""Epochs: as many as it takes."""


def law_optimum(law: Law, problem: SearchProblem, available: AvailableTokens) -> Mixture:
    """The mixture of the problem's space that ``law`` predicts to be best at its target.

    Parameters
    ----------
    law
        The study's law, or another's, which may lack some of the space's languages.
    problem
        The search's question.
    available
        No share is above what this fills in its epochs; where no mixture of the space could do with those, they do not
        count.
    """
    n_params, n_tokens = problem.target
    known = _where_possible(available, problem.space, n_tokens)
    best = best_mixture(
        law,
        n_params,
        n_tokens,
        problem.weights,
        available=known,
        seed=problem.config.seed,
        no_harm=_known_rule(law, problem),
        **_rules(law, problem.space),
    )
    return problem.space.inside(best)


def law_draws(law: Law, problem: SearchProblem, count: int) -> list[Mixture]:
    """The best mixtures of the problem's space at the trials' scale under ``count`` of the law's bootstrap samples:
    Thompson draws, which spread as far as the law is unsure.
    """
    (n_params, n_tokens), rules = problem.proxy, _rules(law, problem.space)
    rules["no_harm"] = _known_rule(law, problem)
    drawn = bootstrap_optima(law, n_params, n_tokens, count, problem.weights, seed=problem.config.seed, **rules)
    return [problem.space.inside(mixture) for mixture in drawn]


def _rules(law: Law, space: SearchSpace) -> dict[str, Any]:
    """Bounds and ties of ``space`` over the languages that ``law`` knows; one that the space leaves out has no share.

    A law of another study may lack some: what it proposes is then moved into the space.
    """
    bounds = {name: space.bounds.get(name, (0.0, 0.0)) for name in law.domains}
    return {"bounds": bounds, "ties": [group for group in space.ties if set(group) <= set(law.domains)]}


def _known_rule(law: Law, problem: SearchProblem) -> ResolvedNoHarm | None:
    """The problem's rule of no harm, where ``law`` knows every language of its reference."""
    rule = problem.no_harm
    return rule if rule is not None and set(rule.reference.support) <= set(law.domains) else None


def _where_possible(available: AvailableTokens, space: SearchSpace, n_tokens: float) -> AvailableTokens:
    capped = {
        name: (low, min(high, available.largest_share(name, n_tokens))) for name, (low, high) in space.bounds.items()
    }
    try:
        FeasibleSet.of(capped, space.ties)
    except ValueError:
        return available.model_copy(update={"max_epochs": _UNLIMITED})
    return available
