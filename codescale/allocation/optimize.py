"""The best mixture under a law at N and D, and how sure that is: what `codescale optimize` answers.

The goal is a weighted mean of the predicted losses, or the worst of them against a reference; bounds, the tokens
available, a penalty on leaving a mixture that is trusted and "no language harmed" narrow it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from codescale.allocation.default_weights import NOTHING, Weightless, weightless
from codescale.allocation.goals import LawAtScale, NoHarm
from codescale.allocation.minimise import Problem, minimise_over_mixtures, starts
from codescale.allocation.problem import (
    Baselines,
    GoalName,
    baselines_of,
    law_at_scale,
    make_problem,
    resolved_rule,
    safest,
    shares_of,
    uniform_of,
    weights_of,
)
from codescale.allocation.reuse import Reuse, reused
from codescale.allocation.uncertainty import (
    FEWER_SAMPLES,
    MOST_SAMPLES,
    BaselineGain,
    flatness,
    gain_draws,
    gains_over,
    marginal_values,
    middle_90,
    sample_optima,
    sampled_law,
    sampled_laws,
    standard_error,
)
from codescale.allocation.whole_sequences import in_whole_sequences
from codescale.arrays import Array
from codescale.laws.intervals import NORMAL_90
from codescale.laws.law import Law
from codescale.laws.warning import warn
from codescale.mixtures.bounds import AvailableTokens, Bounds, Ties
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm
from codescale.mixtures.smallest_share import SEQUENCE_LENGTH
from codescale.runs.units import LossUnit


@dataclass(frozen=True)
class Allocation:
    """The best mixture and what the law predicts for it: losses in the law's unit, intervals of 90 %, NaN where the law
    cannot tell.

    Attributes
    ----------
    mixture
        The optimum.
    objective, interval
        The weighted mean of its losses, whatever the goal, and low and high of one new run.
    losses
        Target to value, low and high of one new run.
    share_intervals
        Language to the middle 90 % of its share over the optima of the bootstrap samples.
    objective_uniform
        The objective of equal shares, bounds or not.
    improvement
        The middle 90 % of (uniform - best), less the optimism of an optimum, in the goal's unit.
    goal, value, value_uniform
        The goal's name, and its value at the optimum and at equal shares, without the penalty: a loss for
        ``mean``, a ratio to the loss under the reference for ``worst``.
    standard_error
        What not knowing the law better may cost, in the goal's unit.
    flat
        Language to the range of its share over all mixtures within a standard error of the best.
    marginal
        Language to what 1 % more of its tokens change the goal by: value, low and high; negative is a gain.
    harmed
        Targets that weigh and that the law puts above their loss under equal shares.
    refitted
        The languages that varied where an earlier mixture was kept, else all.
    weights
        Target to weight; they sum to 1.
    n_params, n_tokens
        The N and D asked for.
    extrapolated
        Whether N, D or the optimum lie outside what the law was fitted on.
    loss_unit
        The law's unit, which that of every loss is.
    weightless
        What weighs nothing though nobody said so (:func:`~codescale.allocation.default_weights.weightless`).
    gains
        The word of each baseline that was asked for to what the optimum gains over it.
    no_harm, no_harm_kept
        The rule that the optimum keeps, and the part of the law's bootstrap samples in which it does too; NaN without
        a rule or samples.
    """

    mixture: Mixture
    objective: float
    interval: tuple[float, float]
    losses: dict[str, tuple[float, float, float]]
    share_intervals: dict[str, tuple[float, float]]
    objective_uniform: float
    improvement: tuple[float, float]
    goal: GoalName
    value: float
    value_uniform: float
    standard_error: float
    flat: dict[str, tuple[float, float]]
    marginal: dict[str, tuple[float, float, float]]
    harmed: tuple[str, ...]
    refitted: tuple[str, ...]
    weights: dict[str, float]
    n_params: float
    n_tokens: float
    extrapolated: bool
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    weightless: Weightless = NOTHING
    gains: dict[str, BaselineGain] = field(default_factory=dict)
    no_harm: NoHarmRule | None = None
    no_harm_kept: float = float("nan")


def optimize_mixture(
    law: Law,
    n_params: float,
    n_tokens: float,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    seed: int = 0,
    *,
    goal: GoalName = "mean",
    reference: Mixture | None = None,
    kl: float = 0.0,
    no_harm: NoHarmRule | float | None = None,
    reuse: Reuse | None = None,
    sequence_length: int = SEQUENCE_LENGTH,
    baselines: Baselines = (),
) -> Allocation:
    """The best mixture of a law's domains at N and D, and how sure that is.

    Parameters
    ----------
    law
        What predicts the losses.
    n_params
        N: parameters without embeddings.
    n_tokens
        D: the budget in tokens.
    weights
        Target to weight; absent ones weigh 0, and all are scaled to sum 1. None: equal over programming languages (and
        over targets that are no languages), 0 for natural-language text.
    bounds
        Language to an interval of its share, or to the share that it is fixed at.
    available
        Tokens that exist: a share is at most max_epochs * tokens / D.
    seed
        Of the random mixtures that the search for the optimum starts from.
    goal
        ``mean``: the weighted mean of the losses, in the law's unit. ``worst``: the largest ratio of a loss to its
        value under ``reference``.
    reference
        The mixture that is trusted; None: equal shares.
    kl
        What a divergence KL(p || reference) of 1 nat costs, in the goal's unit.
    no_harm
        No target that the rule protects (all, unless it names some) may be predicted above its loss under its
        reference by more than its margin; a number alone is a part of the loss under equal shares; None: no such rule.
    reuse
        An earlier mixture whose ratios are kept.
    sequence_length
        Tokens of a training sequence: a share that buys less than one of ``n_tokens`` becomes 0, where bounds allow it.
    baselines
        Words of :func:`~codescale.mixtures.baselines.parse_baseline`, such as ``natural`` or ``temperature:0.3``, or
        mixtures by name: the gain over each is told, beside that over equal shares.

    Returns
    -------
    Allocation
        The mixture, its predicted losses and their intervals, and how well its shares are known.

    Raises
    ------
    UserError
        For names outside the law, bounds in conflict, and where no feasible mixture leaves every language unharmed: it
        names those that would be. For a baseline that needs tokens which ``available`` does not have.

    References
    ----------
    SLSQP: Kraft 1988, "A software package for sequential quadratic programming", DFVLR-FB 88-28. Mixture reuse: Chen
    et al. 2026, "Olmix", arXiv 2602.12237.
    """
    weight = weights_of(law, weights)
    rule = None if no_harm is None else resolved_rule(law, no_harm, available, weight, n_tokens)
    problem = make_problem(law, n_params, n_tokens, weights, bounds, available, goal, reference, kl, rule)
    compared = baselines_of(law, baselines, n_tokens, weight, available)
    if law.form.ignores_shares:
        warn(f"{law.name} ignores the shares: to it every mixture is as good, so this one means nothing")
    simple = len(problem.goal.pieces) == 1 and len(problem.ceilings.ceiling) == 0
    samples = sampled_laws(law, problem.point, MOST_SAMPLES if simple else FEWER_SAMPLES)
    refitted = law.domains
    if reuse is not None:
        problem, refitted = reused(problem, law, reuse, samples)
    optimum = optimum_of(problem, law, seed)
    best = in_whole_sequences(
        problem.mixtures(optimum),
        FeasibleSet.within(law.domains, n_tokens, bounds, available),
        n_tokens,
        sequence_length,
    )
    optima = sample_optima(problem, samples, optimum)
    error = standard_error(problem, samples, optima, optimum)
    prediction = law.predict(np.array([n_params]), np.array([n_tokens]), best[None], problem.point.row)
    if prediction.extrapolated[0]:
        warn(f"N = {n_params:.4g}, D = {n_tokens:.4g} or the best mixture lie outside what the law was fitted on")
    uniform = uniform_of(law)
    losses = problem.point.losses(np.stack([best, uniform]))
    value, value_uniform = problem.goal.values(losses)
    harmed = (weight > 0) & (losses[0] > losses[1] * (1.0 + 1e-6))
    return Allocation(
        mixture=Mixture.from_array(law.domains, best),
        objective=float(losses[0] @ weight),
        interval=_interval(law, weight, problem.point, samples, best),
        losses={
            name: (float(prediction.losses[0, k]), float(prediction.low[0, k]), float(prediction.high[0, k]))
            for k, name in enumerate(law.targets)
        },
        share_intervals=_share_intervals(law, problem.mixtures(optima), best),
        objective_uniform=float(losses[1] @ weight),
        improvement=middle_90(gain_draws(problem, samples, optima, optimum, uniform)),
        goal=goal,
        value=float(value),
        value_uniform=float(value_uniform),
        standard_error=error,
        flat=flatness(problem, law.domains, optimum, error),
        marginal=marginal_values(law, problem, samples, best),
        harmed=tuple(name for name, worse in zip(law.targets, harmed, strict=True) if worse),
        refitted=refitted,
        weights=dict(zip(law.targets, weight.tolist(), strict=True)),
        n_params=float(n_params),
        n_tokens=float(n_tokens),
        extrapolated=bool(prediction.extrapolated[0]),
        loss_unit=law.loss_unit,
        weightless=weightless(law, weights),
        gains=gains_over(problem, samples, optima, optimum, best, law.domains, compared),
        no_harm=problem.ceilings.rule if isinstance(problem.ceilings, NoHarm) else None,
        no_harm_kept=_kept(problem, samples, best),
    )


def predict_objective(
    law: Law,
    n_params: float,
    n_tokens: float,
    mixture: Mixture,
    weights: Mapping[str, float] | None = None,
    available: AvailableTokens | None = None,
) -> tuple[float, float, float]:
    """The weighted mean of the losses of a new run.

    Parameters
    ----------
    law, n_params, n_tokens, weights, available
        As in :func:`optimize_mixture`; of what is available only the tokens count, not how often they may be seen.
    mixture
        What the run is trained on.

    Returns
    -------
    tuple of float
        Value, low and high of the 90 % interval, in the law's unit; NaN where an end cannot be told.

    Raises
    ------
    UserError
        For names outside the law.
    """
    shares = shares_of(law, mixture, "mixture")
    weight = weights_of(law, weights)
    point = law_at_scale(law, n_params, n_tokens, available)
    losses = law.predict(np.array([n_params]), np.array([n_tokens]), shares[None], point.row).losses[0]
    low, high = _interval(law, weight, point, sampled_laws(law, point), shares)
    return float(weight @ losses), low, high


def best_mixture(
    law: Law,
    n_params: float,
    n_tokens: float,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    seed: int = 0,
    ties: Ties = (),
    no_harm: ResolvedNoHarm | None = None,
) -> Mixture:
    """The mixture of least weighted mean loss, as :func:`optimize_mixture` finds it, without how sure that is.

    Parameters
    ----------
    law, n_params, n_tokens, weights, bounds, available, seed
        As in :func:`optimize_mixture`.
    no_harm
        The same with its reference found.
    ties
        Groups of languages that keep their ratios.

    Raises
    ------
    UserError
        As :func:`optimize_mixture`, and where bounds cannot hold at the ratios of the ties.
    """
    problem = make_problem(law, n_params, n_tokens, weights, bounds, available, no_harm=no_harm, ties=ties)
    return Mixture.from_array(law.domains, problem.mixtures(optimum_of(problem, law, seed)))


def bootstrap_optima(
    law: Law,
    n_params: float,
    n_tokens: float,
    count: int,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    seed: int = 0,
    ties: Ties = (),
    no_harm: ResolvedNoHarm | None = None,
) -> list[Mixture]:
    """The best mixtures under bootstrap samples of the law, drawn at random: good first trials of a search, since they
    spread as far as the law is unsure.

    Parameters
    ----------
    count
        How many; all samples where the law has fewer.
    law, n_params, n_tokens, weights, bounds, available, seed, ties, no_harm
        As in :func:`best_mixture`, which also says what is raised.
    """
    problem = make_problem(law, n_params, n_tokens, weights, bounds, available, no_harm=no_harm, ties=ties)
    generator = np.random.default_rng(seed)
    best = minimise_over_mixtures(problem, _starts(problem, law, generator))
    drawn = generator.permutation(len(law.samples))[:count]
    points = [sampled_law(law, problem.point, int(k)) for k in drawn]
    optima = problem.mixtures(sample_optima(problem, points, best))
    return [Mixture.from_array(law.domains, optimum) for optimum in optima]


def optimum_of(problem: Problem, law: Law, seed: int) -> Array:
    """(varied,): the best, from many starts."""
    return minimise_over_mixtures(problem, _starts(problem, law, np.random.default_rng(seed)))


def _starts(problem: Problem, law: Law, generator: np.random.Generator) -> list[Array]:
    """(varied,) each. Where languages must not be harmed, the safest mixture is the first: it keeps the rule if any
    does.
    """
    begin = starts(problem, generator)
    return [safest(problem, law, problem.ceilings, begin), *begin] if isinstance(problem.ceilings, NoHarm) else begin


def _kept(problem: Problem, samples: list[LawAtScale], best: Array) -> float:
    """The part of ``samples`` under which the mixture ``best`` (law's domains,) keeps the rule of no harm."""
    if not samples or not isinstance(problem.ceilings, NoHarm):
        return float("nan")
    return float(np.mean([problem.ceilings.under(one).excess(one.losses(best[None]))[0] <= 1e-6 for one in samples]))


def _share_intervals(law: Law, optima: Array, best: Array) -> dict[str, tuple[float, float]]:
    if len(optima) == 0:
        return {name: (float("nan"), float("nan")) for name in law.domains}
    low, high = np.quantile(optima, [0.05, 0.95], axis=0)
    return {name: (float(min(low[k], best[k])), float(max(high[k], best[k]))) for k, name in enumerate(law.domains)}


def _interval(
    law: Law, weight: Array, middle: LawAtScale, samples: list[LawAtScale], best: Array
) -> tuple[float, float]:
    """Of a new run's weighted mean: the bootstrap's spread and the noise, correlated over targets as the residuals
    are. Without samples it is what the targets' processes do not know, each of its own, in place of the spread.
    """
    at = np.exp([middle.log_params]), np.exp([middle.log_tokens]), best[None]
    distance, knowable = law.distance(*at)
    losses = law.predict(*at, middle.row).losses[0]
    value = float(weight @ losses)
    if not knowable[0]:
        return float("nan"), float("nan")
    part = weight * losses * law.new_run_deviation(distance)[0]
    variance = float(part @ np.array(law.correlation) @ part)
    if samples:
        low, high = middle_90(np.array([float((point.losses(best[None]) @ weight)[0]) for point in samples]))
        variance += ((high - low) / (2.0 * NORMAL_90)) ** 2
    else:
        variance += float(((weight * losses * law.process_deviation(*at, middle.row)[0]) ** 2).sum())
    half = float(NORMAL_90 * np.sqrt(max(variance, 0.0)) / value)
    return value * float(np.exp(-half)), value * float(np.exp(half))
