"""The mixture that minimises a weighted mean of predicted losses at N and D, and how sure that is.

Sequential quadratic programming (SLSQP) from many feasible starts with the law's own derivative, then an exact
projection onto the bounds. The default law is convex in the shares, so there every start ends in the one optimum; the
starts are for laws that are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codescale.allocation.feasible import Feasible, feasible_set
from codescale.allocation.files import Available, Bounds, check_names
from codescale.errors import UserError
from codescale.languages import default_weights, load_registry
from codescale.laws.law import NORMAL_90, Law
from codescale.laws.warning import warn
from codescale.mixture import Mixture

Array = NDArray[np.float64]

_RANDOM_STARTS = 12
_SCREENED = 2_000


@dataclass(frozen=True)
class Allocation:
    """The best mixture and what the law predicts for it; losses in nats per token, intervals of 90 %.

    ``interval`` and ``losses`` hold (value,) low and high of one new run, NaN where the law cannot tell.
    ``share_intervals`` are the middle 90 % of the optima of the bootstrap samples. ``objective_uniform`` is the
    objective of equal shares, bounds or not; ``improvement`` the middle 90 % of (uniform - best) over the bootstrap
    samples. ``weights`` sum to 1.
    """

    mixture: Mixture
    objective: float
    interval: tuple[float, float]
    losses: dict[str, tuple[float, float, float]]
    share_intervals: dict[str, tuple[float, float]]
    objective_uniform: float
    improvement: tuple[float, float]
    weights: dict[str, float]
    n_params: float
    n_tokens: float
    extrapolated: bool


@dataclass(frozen=True)
class _Objective:
    """sum_i w_i L_i(p) at fixed N and D under ``values`` (targets, parameters)."""

    law: Law
    values: Array
    weights: Array
    log_params: float
    log_tokens: float

    def with_gradient(self, shares: Array) -> tuple[float, Array]:
        total, gradient = 0.0, np.zeros(len(shares))
        for weight, row in zip(self.weights, self.values, strict=True):
            if weight > 0:
                loss, slope = self.law.form.share_gradient(
                    row, self.law.domains, self.log_params, self.log_tokens, shares
                )
                total += weight * loss
                gradient += weight * slope
        return total, gradient

    def many(self, shares: Array) -> Array:
        """(rows,): the objective of each of ``shares`` (rows, domains)."""
        total = np.zeros(len(shares))
        n, d = np.full(len(shares), self.log_params), np.full(len(shares), self.log_tokens)
        for weight, row in zip(self.weights, self.values, strict=True):
            if weight > 0:
                total += weight * np.exp(self.law.form.log_losses(row[None], self.law.domains, n, d, shares)[0])
        return total


def optimize_mixture(
    law: Law,
    n_params: float,
    n_tokens: float,
    weights: Mapping[str, float] | None = None,
    bounds: Bounds | None = None,
    available: Available | None = None,
    seed: int = 0,
) -> Allocation:
    """The mixture of ``law``'s domains that minimises the weighted mean of its targets' losses at N and D.

    ``weights``: per target, absent ones weigh 0, scaled to sum 1; None: equal over programming languages (and over
    targets that are no languages), 0 for natural-language text. ``bounds``: per language an interval or a fixed
    share. ``available`` caps a share at max_epochs * tokens / D. Raises :class:`UserError` for names outside the law
    and bounds in conflict.
    """
    feasible = feasible_set(law.domains, n_tokens, bounds, available)
    weight = _weights(law, weights)
    objective = _Objective(law, law.values, weight, float(np.log(n_params)), float(np.log(n_tokens)))
    if law.form.ignores_shares:
        warn(f"{law.name} ignores the shares: to it every mixture is as good, so this one means nothing")
    generator = np.random.default_rng(seed)
    best = _minimise(objective, feasible, _starts(objective, feasible, generator))
    optima = _sample_optima(law, objective, feasible, best, len(law.samples))
    prediction = law.predict(np.array([n_params]), np.array([n_tokens]), best[None])
    if prediction.extrapolated[0]:
        warn(f"N = {n_params:.4g}, D = {n_tokens:.4g} or the best mixture lie outside what the law was fitted on")
    uniform = np.full(len(law.domains), 1.0 / len(law.domains))
    value, _ = objective.with_gradient(best)
    return Allocation(
        mixture=Mixture.from_array(law.domains, best),
        objective=float(value),
        interval=_interval(objective, best, prediction.losses[0], n_params, n_tokens),
        losses={
            name: (float(prediction.losses[0, k]), float(prediction.low[0, k]), float(prediction.high[0, k]))
            for k, name in enumerate(law.targets)
        },
        share_intervals=_share_intervals(law, optima, best),
        objective_uniform=float(objective.many(uniform[None])[0]),
        improvement=_improvement(objective, uniform, best),
        weights=dict(zip(law.targets, weight.tolist(), strict=True)),
        n_params=float(n_params),
        n_tokens=float(n_tokens),
        extrapolated=bool(prediction.extrapolated[0]),
    )


def predict_objective(
    law: Law, n_params: float, n_tokens: float, mixture: Mixture, weights: Mapping[str, float] | None = None
) -> tuple[float, float, float]:
    """The objective of a new run of ``mixture`` at N and D: value, low and high of 90 % (NaN where it cannot be told).

    Nats per token; ``weights`` as in :func:`optimize_mixture`.
    """
    shares = mixture.array(law.domains)
    objective = _Objective(law, law.values, _weights(law, weights), float(np.log(n_params)), float(np.log(n_tokens)))
    losses = law.predict(np.array([n_params]), np.array([n_tokens]), shares[None]).losses[0]
    low, high = _interval(objective, shares, losses, n_params, n_tokens)
    return float(objective.weights @ losses), low, high


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
    feasible = feasible_set(law.domains, n_tokens, bounds, available)
    objective = _Objective(law, law.values, _weights(law, weights), float(np.log(n_params)), float(np.log(n_tokens)))
    generator = np.random.default_rng(seed)
    best = _minimise(objective, feasible, _starts(objective, feasible, generator))
    drawn = generator.permutation(len(law.samples))[:count]
    return [
        Mixture.from_array(law.domains, _minimise(_under(objective, law.samples[k]), feasible, [best])) for k in drawn
    ]


def _weights(law: Law, weights: Mapping[str, float] | None) -> Array:
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


def _starts(objective: _Objective, feasible: Feasible, generator: np.random.Generator) -> list[Array]:
    """Uniform, the best of many random mixtures, and some of those at random; all feasible."""
    count = len(feasible.domains)
    drawn = feasible.random(_SCREENED, generator)
    order = np.argsort(objective.many(drawn), kind="stable")
    chosen = np.concatenate(
        [order[: _RANDOM_STARTS // 2], order[-1 : -_RANDOM_STARTS // 2 : -1][: _RANDOM_STARTS // 2]]
    )
    return [feasible.project(np.full(count, 1.0 / count)), *drawn[chosen]]


def _minimise(objective: _Objective, feasible: Feasible, starts: list[Array]) -> Array:
    """The best feasible mixture that SLSQP reaches from ``starts``, none of which is ever lost."""
    from scipy.optimize import minimize

    scale = max(abs(objective.with_gradient(starts[0])[0]), 1e-12)

    def value_and_gradient(shares: Array) -> tuple[float, Array]:
        value, gradient = objective.with_gradient(np.maximum(shares, 0.0))
        return value / scale, gradient / scale

    sum_to_one: Any = {"type": "eq", "fun": lambda shares: shares.sum() - 1.0, "jac": np.ones_like}
    best, least = starts[0], np.inf
    for start in starts:
        result = minimize(
            value_and_gradient,
            start,
            method="SLSQP",
            jac=True,
            bounds=list(zip(feasible.low.tolist(), feasible.high.tolist(), strict=True)),
            constraints=sum_to_one,
            options={"maxiter": 300, "ftol": 1e-13},
        )
        for shares in (start, feasible.project(np.nan_to_num(result.x))):
            value = objective.with_gradient(shares)[0]
            if value < least:
                best, least = shares, value
    return best


def _under(objective: _Objective, values: Array) -> _Objective:
    return _Objective(objective.law, values, objective.weights, objective.log_params, objective.log_tokens)


def _sample_optima(law: Law, objective: _Objective, feasible: Feasible, best: Array, count: int) -> Array:
    """(count, domains): the optimum under each of the first ``count`` bootstrap samples."""
    optima = [_minimise(_under(objective, values), feasible, [best]) for values in law.samples[:count]]
    return np.array(optima).reshape(len(optima), len(best))


def _share_intervals(law: Law, optima: Array, best: Array) -> dict[str, tuple[float, float]]:
    if len(optima) == 0:
        return {name: (float("nan"), float("nan")) for name in law.domains}
    low, high = np.quantile(optima, [0.05, 0.95], axis=0)
    return {name: (float(min(low[k], best[k])), float(max(high[k], best[k]))) for k, name in enumerate(law.domains)}


def _interval(
    objective: _Objective, best: Array, losses: Array, n_params: float, n_tokens: float
) -> tuple[float, float]:
    """Of a new run's objective: the bootstrap's spread and the noise, correlated over targets as the residuals are."""
    law = objective.law
    distance, knowable = law.distance(np.array([n_params]), np.array([n_tokens]), best[None])
    value = float(objective.weights @ losses)
    if not knowable[0]:
        return float("nan"), float("nan")
    part = objective.weights * losses * law.noise_deviation * (1.0 + distance[0])
    variance = float(part @ np.array(law.correlation) @ part)
    if len(law.samples):
        drawn = [_under(objective, values).many(best[None])[0] for values in law.samples]
        low, high = np.quantile(drawn, [0.05, 0.95])
        variance += ((high - low) / (2.0 * NORMAL_90)) ** 2
    half = float(NORMAL_90 * np.sqrt(max(variance, 0.0)) / value)
    return value * float(np.exp(-half)), value * float(np.exp(half))


def _improvement(objective: _Objective, uniform: Array, best: Array) -> tuple[float, float]:
    """The middle 90 % of the objective under uniform shares less that under ``best``, over the bootstrap samples."""
    samples = objective.law.samples
    if len(samples) == 0:
        return float("nan"), float("nan")
    both = np.stack([uniform, best])
    gains = [float(-np.diff(_under(objective, values).many(both))[0]) for values in samples]
    low, high = np.quantile(gains, [0.05, 0.95])
    return float(low), float(high)
