"""What a law says of the search's question: the best mixture among those that the search space allows.

The search begins with it, and the comparison holds what the search found against it, so both have it from here. Bounds,
floors and ties are the space's, weights those of the search, and no share asks for more tokens than the target has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from codescale.allocation.optimize import best_mixture, bootstrap_optima
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens, Ties
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.search.objective.problem import ModelScale, SearchProblem
from codescale.search.space.space import SearchSpace, ShareBounds

_UNLIMITED = 1e12
"""Epochs: as many as it takes."""


class MixtureQuestion(Protocol):
    """What a law is asked: the best mixture of ``space`` at ``target`` by ``weights``, under a rule of ``no_harm``
    where there is one. ``seed``: of the starts from which it is looked for.
    """

    @property
    def space(self) -> SearchSpace: ...
    @property
    def weights(self) -> Mapping[str, float]: ...
    @property
    def target(self) -> ModelScale: ...
    @property
    def no_harm(self) -> ResolvedNoHarm | None: ...
    @property
    def seed(self) -> int: ...


def law_optimum(law: Law, problem: MixtureQuestion, available: AvailableTokens) -> Mixture:
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
    space = problem.space
    known = where_possible(available, space.bounds, space.ties, n_tokens)
    best = best_mixture(
        law,
        n_params,
        n_tokens,
        problem.weights,
        available=known,
        seed=problem.seed,
        **law_rules(law, problem),
    )
    return problem.space.inside(best)


def law_draws(law: Law, problem: SearchProblem, count: int) -> list[Mixture]:
    """The best mixtures of the problem's space at the trials' scale under ``count`` of the law's bootstrap samples:
    Thompson draws, which spread as far as the law is unsure.
    """
    (n_params, n_tokens), rules = problem.proxy, law_rules(law, problem)
    drawn = bootstrap_optima(law, n_params, n_tokens, count, problem.weights, seed=problem.config.seed, **rules)
    return [problem.space.inside(mixture) for mixture in drawn]


def law_rules(law: Law, problem: MixtureQuestion) -> dict[str, Any]:
    """Bounds and ties of the problem's space over the languages that ``law`` knows, and its rule of no harm, as
    :func:`~codescale.allocation.optimize.best_mixture` takes them; a language that the space leaves out has no share.

    A law of another study may lack some: what it proposes is then moved into the space. The rule is left out where it
    lacks one of its reference.
    """
    space, rule = problem.space, problem.no_harm
    known = rule is not None and set(rule.reference.support) <= set(law.domains)
    return {
        "bounds": {name: space.bounds.get(name, (0.0, 0.0)) for name in law.domains},
        "ties": [group for group in space.ties if set(group) <= set(law.domains)],
        "no_harm": rule if known else None,
    }


def where_possible(available: AvailableTokens, bounds: ShareBounds, ties: Ties, n_tokens: float) -> AvailableTokens:
    """``available``; its epochs do not count where no mixture within ``bounds`` and ``ties`` could do with them."""
    capped = {name: (low, min(high, available.largest_share(name, n_tokens))) for name, (low, high) in bounds.items()}
    try:
        FeasibleSet.of(capped, ties)
    except ValueError:
        return available.model_copy(update={"max_epochs": _UNLIMITED})
    return available
