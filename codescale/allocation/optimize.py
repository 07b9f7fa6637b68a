"""The best mixture under a law at N and D, and how sure that is: what `codescale optimize` answers.

The goal is a weighted mean of the predicted losses, or the worst of them against a reference; bounds, the tokens
available, a pull towards a mixture that is trusted and "no language harmed" narrow it down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from codescale.allocation.certainty import (
    FEWER_SAMPLES,
    MOST_SAMPLES,
    difference,
    flatness,
    marginal_values,
    middle_90,
    sample_optima,
    sample_points,
    standard_error,
)
from codescale.allocation.feasible import Feasible, feasible_set
from codescale.allocation.files import Available, Bounds, check_names
from codescale.allocation.goals import Array, Goal, Limits, Point, Pull, WeightedMean, WorstCase, no_limits
from codescale.allocation.minimise import Problem, minimise, starts
from codescale.errors import UserError
from codescale.languages import default_weights, load_registry
from codescale.laws.law import NORMAL_90, Law
from codescale.laws.warning import warn
from codescale.mixture import Mixture, MixtureError

GoalName = Literal["mean", "worst"]


@dataclass(frozen=True)
class Allocation:
    """The best mixture and what the law predicts for it; losses in nats per token, intervals of 90 %.

    ``objective`` is the goal's value: nats per token for ``mean``, a ratio to the loss under the reference for
    ``worst``; ``interval`` one new run's (NaN where the law cannot tell, and for ``worst``). ``losses`` hold value,
    low and high of one new run. ``share_intervals`` are the middle 90 % of the optima of the bootstrap samples.
    ``objective_uniform`` is the goal at equal shares, bounds or not; ``improvement`` the middle 90 % of (uniform -
    best) over the samples. ``standard_error``: what not knowing the law better may cost, in the goal's unit; ``flat``:
    the range of each share over all mixtures within that of the best. ``marginal``: what 1 % more tokens, all of that
    language, change the goal by (value, low, high). ``harmed``: targets that weigh and that the law puts above their
    loss under equal shares. ``weights`` sum to 1.
    """

    mixture: Mixture
    goal: GoalName
    objective: float
    interval: tuple[float, float]
    losses: dict[str, tuple[float, float, float]]
    share_intervals: dict[str, tuple[float, float]]
    objective_uniform: float
    improvement: tuple[float, float]
    standard_error: float
    flat: dict[str, tuple[float, float]]
    marginal: dict[str, tuple[float, float, float]]
    harmed: tuple[str, ...]
    weights: dict[str, float]
    n_params: float
    n_tokens: float
    extrapolated: bool


def optimize_mixture(
    law: Law,
    n_params: float,
    n_tokens: float,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: Available | None = None,
    seed: int = 0,
    *,
    goal: GoalName = "mean",
    reference: Mixture | None = None,
    kl: float = 0.0,
    no_harm: float | None = None,
) -> Allocation:
    """The mixture of ``law``'s domains that minimises ``goal`` at N and D.

    ``weights``: per target, absent ones weigh 0, scaled to sum 1; None: equal over programming languages (and over
    targets that are no languages), 0 for natural-language text. ``bounds``: per language an interval or a fixed
    share. ``available`` caps a share at max_epochs * tokens / D. ``goal``: ``mean``, the weighted mean of losses, or
    ``worst``, the largest ratio of a loss to its value under ``reference`` (None: equal shares). ``kl``: nats that a
    divergence of 1 nat from ``reference`` costs. ``no_harm``: no target that weighs may be predicted above its loss
    under equal shares by more than this fraction. Raises :class:`UserError` for names outside the law, bounds in
    conflict, and where no feasible mixture leaves every language unharmed: it names those that would be.
    """
    problem = _problem(law, n_params, n_tokens, weights, bounds, available, goal, reference, kl, no_harm)
    if law.form.ignores_shares:
        warn(f"{law.name} ignores the shares: to it every mixture is as good, so this one means nothing")
    generator = np.random.default_rng(seed)
    begin = starts(problem, generator)
    if no_harm is not None:
        begin = [_unharmed(problem, law, begin), *begin]
    best = minimise(problem, begin)
    most = MOST_SAMPLES if goal == "mean" else FEWER_SAMPLES
    samples = sample_points(law, problem.point.log_params, problem.point.log_tokens, most)
    optima = sample_optima(problem, samples, best)
    prediction = law.predict(np.array([n_params]), np.array([n_tokens]), best[None])
    if prediction.extrapolated[0]:
        warn(f"N = {n_params:.4g}, D = {n_tokens:.4g} or the best mixture lie outside what the law was fitted on")
    weight = weights_of(law, weights)
    uniform = _uniform(law)
    value, value_uniform = problem.goal.values(problem.point.losses(np.stack([best, uniform])))
    error = standard_error(problem, samples, optima, best)
    losses, at_uniform = problem.point.losses(np.stack([best, uniform]))
    harmed = (weight > 0) & (losses > at_uniform * (1.0 + 1e-6))
    return Allocation(
        mixture=Mixture.from_array(law.domains, best),
        goal=goal,
        objective=float(value),
        interval=_interval(law, weight, samples, best, n_params, n_tokens)
        if goal == "mean"
        else (float("nan"), float("nan")),
        losses={
            name: (float(prediction.losses[0, k]), float(prediction.low[0, k]), float(prediction.high[0, k]))
            for k, name in enumerate(law.targets)
        },
        share_intervals=_share_intervals(law, optima, best),
        objective_uniform=float(value_uniform),
        improvement=middle_90(difference(problem.goal, samples, uniform, best)),
        standard_error=error,
        flat=flatness(problem, best, error),
        marginal=marginal_values(law, problem.goal, n_params, n_tokens, best),
        harmed=tuple(name for name, worse in zip(law.targets, harmed, strict=True) if worse),
        weights=dict(zip(law.targets, weight.tolist(), strict=True)),
        n_params=float(n_params),
        n_tokens=float(n_tokens),
        extrapolated=bool(prediction.extrapolated[0]),
    )


def predict_objective(
    law: Law, n_params: float, n_tokens: float, mixture: Mixture, weights: Mapping[str, float] | None = None
) -> tuple[float, float, float]:
    """The weighted mean of the losses of a new run of ``mixture`` at N and D: value, low and high of 90 % (NaN where it
    cannot be told).

    Nats per token; ``weights`` as in :func:`optimize_mixture`.
    """
    shares = shares_of(law, mixture, "mixture")
    weight = weights_of(law, weights)
    losses = law.predict(np.array([n_params]), np.array([n_tokens]), shares[None]).losses[0]
    samples = sample_points(law, float(np.log(n_params)), float(np.log(n_tokens)))
    low, high = _interval(law, weight, samples, shares, n_params, n_tokens)
    return float(weight @ losses), low, high


def bootstrap_optima(
    law: Law,
    n_params: float,
    n_tokens: float,
    count: int,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: Available | None = None,
    seed: int = 0,
) -> list[Mixture]:
    """The optima of ``count`` bootstrap samples drawn at random (fewer where the law has fewer): Thompson sampling.

    Good first trials of a search, since they spread as far as the law is unsure. Raises as :func:`optimize_mixture`.
    """
    problem = _problem(law, n_params, n_tokens, weights, bounds, available, "mean", None, 0.0, None)
    generator = np.random.default_rng(seed)
    best = minimise(problem, starts(problem, generator))
    drawn = generator.permutation(len(law.samples))[:count]
    points = [Point(law.surface(int(k)), problem.point.log_params, problem.point.log_tokens) for k in drawn]
    return [Mixture.from_array(law.domains, minimise(problem.under(point), [best])) for point in points]


def _problem(
    law: Law, n_params: float, n_tokens: float, weights: Mapping[str, float] | None, bounds: Bounds | None,
    available: Available | None, goal: GoalName, reference: Mixture | None, kl: float, no_harm: float | None,
) -> Problem:  # fmt: skip
    point = Point(law.surface(), float(np.log(n_params)), float(np.log(n_tokens)))
    weight = weights_of(law, weights)
    feasible: Feasible = feasible_set(law.domains, n_tokens, bounds, available)
    trusted = _uniform(law) if reference is None else shares_of(law, reference, "reference")
    wanted: Goal = WeightedMean(weight)
    if goal == "worst":
        wanted = WorstCase(weight, point.losses(trusted[None])[0])
    if not (np.isfinite(kl) and kl >= 0):
        raise UserError("--kl", f"{kl:g} is not a weight", "give a number of at least 0")
    pull = Pull(trusted, kl) if kl > 0 else None
    limits = no_limits(len(law.targets))
    if no_harm is not None:
        used = np.flatnonzero(weight > 0)
        ceiling = point.losses(_uniform(law)[None])[0] * (1.0 + no_harm)
        limits = Limits(np.eye(len(law.targets))[used], ceiling[used])
    return Problem(point, wanted, feasible, limits, pull)


def _unharmed(problem: Problem, law: Law, begin: list[Array]) -> Array:
    """A feasible mixture that keeps the limits, the one that keeps them best.

    Raises :class:`UserError` that names the languages which every feasible mixture harms.
    """
    limits = problem.limits
    worst = WorstCase(limits.matrix.sum(axis=0), limits.matrix.T @ limits.ceiling + 1e-300)
    safest = minimise(Problem(problem.point, worst, problem.feasible, no_limits(len(law.targets))), begin)
    losses = problem.point.losses(safest[None])
    if limits.excess(losses)[0] > 1e-6:
        above = (limits.matrix @ losses[0] / limits.ceiling) > 1.0 + 1e-6
        named = [law.targets[int(np.argmax(row))] for row, harmed in zip(limits.matrix, above, strict=True) if harmed]
        raise UserError(
            "no language harmed",
            f"within the bounds, every mixture puts {', '.join(named)} above the loss under equal shares",
            "widen the bounds, or leave --no-harm out",
        )
    return safest


def _uniform(law: Law) -> Array:
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
    """(targets,) summing to 1. A law of one loss over all domains has nothing to weigh."""
    whole = law.form.one_loss
    if weights is None:
        weights = dict.fromkeys(law.targets, 1.0) if whole else default_weights(law.targets, load_registry())
    else:
        check_names(weights, law.domains if whole else law.targets, "weights")
        for name, value in weights.items():
            if not (np.isfinite(value) and value >= 0):
                raise UserError(f"weights, {name}", f"{value} is not a weight", "give a number of at least 0")
        if whole:
            warn(f"{law.name} predicts one loss of the whole mixture: weights do not apply to it")
            weights = dict.fromkeys(law.targets, 1.0)
    result = np.array([float(weights.get(name, 0.0)) for name in law.targets])
    if result.sum() <= 0:
        raise UserError("weights", "all are 0", f"give one of {', '.join(law.targets)} a weight above 0")
    return result / result.sum()


def _share_intervals(law: Law, optima: Array, best: Array) -> dict[str, tuple[float, float]]:
    if len(optima) == 0:
        return {name: (float("nan"), float("nan")) for name in law.domains}
    low, high = np.quantile(optima, [0.05, 0.95], axis=0)
    return {name: (float(min(low[k], best[k])), float(max(high[k], best[k]))) for k, name in enumerate(law.domains)}


def _interval(
    law: Law, weight: Array, samples: list[Point], best: Array, n_params: float, n_tokens: float
) -> tuple[float, float]:
    """Of a new run's weighted mean: the bootstrap's spread and the noise, correlated over targets as the residuals
    are.
    """
    at = np.array([n_params]), np.array([n_tokens]), best[None]
    distance, knowable = law.distance(*at)
    losses = law.predict(*at).losses[0]
    value = float(weight @ losses)
    if not knowable[0]:
        return float("nan"), float("nan")
    part = weight * losses * law.noise_deviation * (1.0 + law.widening * distance[0])
    variance = float(part @ np.array(law.correlation) @ part)
    if samples:
        low, high = middle_90(np.array([float((point.losses(best[None]) @ weight)[0]) for point in samples]))
        variance += ((high - low) / (2.0 * NORMAL_90)) ** 2
    half = float(NORMAL_90 * np.sqrt(max(variance, 0.0)) / value)
    return value * float(np.exp(-half)), value * float(np.exp(half))
