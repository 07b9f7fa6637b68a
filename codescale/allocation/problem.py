"""From what a person asks for (weights, bounds, a reference, no language harmed) to a problem that can be minimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from codescale.allocation.default_weights import weightless
from codescale.allocation.goals import Goal, KLPenalty, LawAtScale, NoHarm, WeightedMean, WorstCase, no_ceilings
from codescale.allocation.minimise import Problem, minimise_over_mixtures
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.laws.warning import DefaultWeightWarning, warn
from codescale.mixtures.baselines import baseline_mixtures, parse_baselines
from codescale.mixtures.bounds import AvailableTokens, Bounds, Ties, check_names
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture, MixtureError
from codescale.mixtures.no_harm import UNIFORM, NoHarmRule, ResolvedNoHarm, reference_mixture
from codescale.study.languages import default_weights, load_registry

GoalName = Literal["mean", "worst"]
Baselines = Sequence[str] | Mapping[str, Mixture]
"""What gains are told over: words such as ``natural`` or ``temperature:0.3``, or mixtures by name."""

_HARM = 1e-6
"""Relative excess of a loss over what a rule allows that counts as none."""
_CLOSE = 1e-5
"""Of two such excesses: languages that no mixture serves better than at the other's cost are as bad to within this."""
_WHERE = "no language harmed"


def make_problem(
    law: Law,
    n_params: float,
    n_tokens: float,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    goal: GoalName = "mean",
    reference: Mixture | None = None,
    kl: float = 0.0,
    no_harm: ResolvedNoHarm | None = None,
    ties: Ties = (),
) -> Problem:
    """What :func:`~codescale.allocation.optimize.optimize_mixture` minimises.

    Parameters
    ----------
    law, n_params, n_tokens, weights, bounds, available, goal, reference, kl
        As there.
    no_harm
        The same with its reference found.
    ties
        Groups of languages that keep their ratios, each varied as one.

    Raises
    ------
    UserError
        As there, and where bounds cannot hold at the ratios of the ties.
    """
    point = law_at_scale(law, n_params, n_tokens, available)
    weight = weights_of(law, weights)
    feasible, axes = FeasibleSet.within(law.domains, n_tokens, bounds, available, ties).by_groups()
    trusted = uniform_of(law) if reference is None else shares_of(law, reference, "reference")
    wanted: Goal = WeightedMean(weight) if goal == "mean" else WorstCase.against(trusted, weight, point)
    if not (np.isfinite(kl) and kl >= 0):
        raise UserError("kl", f"{kl:g} is not a weight", "give a number of at least 0")
    penalty = KLPenalty(trusted, kl) if kl > 0 else None
    problem = Problem(point, wanted, feasible, no_ceilings(len(law.targets)), penalty, axes)
    if no_harm is None:
        return problem
    protected = np.array([law.targets.index(name) for name in no_harm.protected], dtype=np.intp)
    beside = shares_of(law, no_harm.reference, _WHERE)
    return replace(problem, ceilings=NoHarm.against(beside, protected, no_harm.rule, point))


def resolved_rule(
    law: Law, no_harm: NoHarmRule | float, available: AvailableTokens | None, weight: Array, n_tokens: float
) -> ResolvedNoHarm:
    """The rule with its reference, a mixture of the law's domains at a budget of ``n_tokens``, for the law's targets. A
    number alone is the part by which a loss may be above that under equal shares. ``weight`` (targets,): the
    objective's.

    Raises :class:`UserError` for a number that is none, languages outside the law, and a reference that is none or
    needs tokens nobody named.
    """
    if isinstance(no_harm, NoHarmRule):
        protected = no_harm.protected(law.targets, f"{_WHERE}, languages")
        reference = reference_mixture(
            no_harm.reference,
            law.domains,
            available.tokens if available else None,
            _WHERE,
            weights=dict(zip(law.targets, weight.tolist(), strict=True)),
            n_tokens=n_tokens,
            max_epochs=available.max_epochs if available else 1.0,
        )
        return ResolvedNoHarm(no_harm, reference, protected)
    if not (np.isfinite(no_harm) and no_harm >= 0):
        raise UserError(_WHERE, f"a tolerance of {no_harm:g} is no fraction", "give 0, or such as 0.001")
    rule = NoHarmRule(UNIFORM, no_harm, relative=True)
    return ResolvedNoHarm(rule, Mixture.uniform(law.domains), law.targets)


def law_at_scale(law: Law, n_params: float, n_tokens: float, available: AvailableTokens | None = None) -> LawAtScale:
    """``law`` at N and D; one that knows repetition counts tokens beyond those ``available`` for less."""
    unique = None
    if law.half_life is not None and available is not None:
        unique = np.array([available.tokens.get(name, np.inf) for name in law.domains])
    return LawAtScale(law.surface(unique_tokens=unique), float(np.log(n_params)), float(np.log(n_tokens)), unique)


def safest(problem: Problem, law: Law, rule: NoHarm, begin: list[Array]) -> Array:
    """The feasible point (varied,) that keeps ``rule``, the problem's ceilings, best.

    Raises :class:`UserError` that names the languages which every feasible mixture harms.
    """
    losses = rule.matrix.T @ rule.ceiling + (rule.matrix.sum(axis=0) == 0)
    worst = WorstCase(rule.matrix.sum(axis=0), np.empty(0), losses)
    found = minimise_over_mixtures(
        replace(problem, goal=worst, ceilings=no_ceilings(len(law.targets)), penalty=None), begin
    )
    ratios = (problem.point.losses(problem.mixtures(found[None])) @ rule.matrix.T / rule.ceiling)[0]
    if ratios.max() > 1.0 + _HARM:
        named = [law.targets[int(np.argmax(row))] for row in rule.matrix[ratios > ratios.max() - _CLOSE]]
        raise UserError(
            _WHERE,
            f"within the bounds no mixture keeps {_listed(named)} at {_allowed(rule.rule)}: the best for "
            f"{'it' if len(named) == 1 else 'them'} is {ratios.max() - 1.0:.2%} above that",
            "widen the bounds, allow a larger margin, or do without this rule",
        )
    return found


def baselines_of(
    law: Law,
    given: Baselines,
    n_tokens: float,
    weight: Array,
    available: AvailableTokens | None = None,
    where: str = "--baseline",
) -> dict[str, Mixture]:
    """The baselines of ``given`` by word or name, as mixtures of the law's domains at a budget of ``n_tokens``.

    ``weight`` (targets,): the objective's. Raises :class:`UserError` for a word that is none, is given twice or needs
    tokens that ``available`` does not have, and for a mixture of languages outside the law.
    """
    if isinstance(given, Mapping):
        for name, mixture in given.items():
            shares_of(law, mixture, f"{where}, {name}")
        return dict(given)
    weights = dict(zip(law.targets, weight.tolist(), strict=True))
    return baseline_mixtures(parse_baselines(given, where), law.domains, available, weights, n_tokens, where)


def _allowed(rule: NoHarmRule) -> str:
    under = f"the loss under {'equal shares' if rule.reference == UNIFORM else rule.reference}"
    return f"{under} and {rule.amount} more" if rule.margin else under


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def uniform_of(law: Law) -> Array:
    """(domains,): equal shares."""
    return np.full(len(law.domains), 1.0 / len(law.domains))


def shares_of(law: Law, mixture: Mixture, where: str) -> Array:
    """(domains,): ``mixture`` in the law's order. Raises :class:`UserError` where it holds a language outside the
    law.
    """
    try:
        return mixture.array(law.domains)
    except MixtureError as error:
        raise UserError(where, str(error), f"the law knows {', '.join(law.domains)}") from None


def weights_of(law: Law, weights: Mapping[str, float] | None) -> Array:
    """(targets,) summing to 1. A law of one loss over all domains has nothing to weigh.

    Warns of what weighs nothing though nobody said so. Raises :class:`UserError` for names outside the law, a weight
    that is none, and weights that are all 0.
    """
    whole = law.form.one_loss
    if weights is None:
        for line in weightless(law, weights).lines("weights"):
            warn(line, DefaultWeightWarning)
        weights = dict.fromkeys(law.targets, 1.0) if whole else default_weights(law.targets, load_registry())
    else:
        check_names(weights, law.domains if whole else law.targets, "weights")
        for name, value in weights.items():
            if not (np.isfinite(value) and value >= 0):
                raise UserError(f"weights, {name}", f"{value} is not a weight", "give a number of at least 0")
        if whole:
            warn(f"{law.name} predicts one loss of the whole mixture: weights do not apply to it")
            weights = dict.fromkeys(law.targets, 1.0)
    return scaled([float(weights.get(name, 0.0)) for name in law.targets], law)


def scaled(weights: Sequence[float], law: Law) -> Array:
    """(targets,): ``weights`` scaled to sum 1. Raises :class:`UserError` where all are 0."""
    result = np.array(weights)
    if result.sum() <= 0:
        raise UserError("weights", "all are 0", f"give one of {', '.join(law.targets)} a weight above 0")
    return np.asarray(result / result.sum())
