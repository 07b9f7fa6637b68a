"""What a law says of larger models: losses at N and D, the N and D that a budget is best spent on, and whether the next
unit of compute should buy data or parameters, for each language.

Cost is 6 N D FLOPs (Kaplan et al., 2020), which leaves out logits and attention: for models of a billion parameters
some per cent, for proxies most of it. Say so with counted FLOPs where they matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from codescale.allocation.default_weights import NOTHING, Weightless, weightless
from codescale.allocation.goals import LawAtScale
from codescale.allocation.optimize import predict_objective
from codescale.allocation.problem import law_at_scale, shares_of, weights_of
from codescale.allocation.uncertainty import middle_90, sampled_laws
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.laws.surface import Surface
from codescale.laws.warning import warn
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture
from codescale.runs.units import LossUnit

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0

_STEP = 0.05
"""Of log N and log D: the law's slopes are taken over 5 %, so that a Gaussian process's ripples do not count."""
_GRID = 241
_REACH = 1e4
"""How far from the fitted range of N the optimum is looked for, as a factor."""

Bottleneck = Literal["data", "parameters", "cannot be told"]


@dataclass(frozen=True)
class NextUnit:
    """What 1 % more compute changes a loss by (in the law's unit; negative is a gain), spent on ``parameters`` or on
    ``data``: value and middle 90 % over the law's bootstrap samples; and which is better, if that can be told.
    """

    parameters: tuple[float, float, float]
    data: tuple[float, float, float]
    verdict: Bottleneck


@dataclass(frozen=True)
class LossForecast:
    """``losses`` and ``objective``: value, low and high of one new run (``loss_unit``, 90 %, NaN where the law cannot
    tell). ``next_unit`` per target; none where the runs had one N or one D. ``extrapolated``: outside the fitted range.
    ``epochs``: how often each language of the mixture is seen whose available tokens are given. ``counted_as_fresh``:
    the law knows repetition and was not told what is available, so that no token counts as seen again.
    ``weightless``: as in :class:`~codescale.allocation.optimize.Allocation`.
    """

    n_params: float
    n_tokens: float
    mixture: Mixture
    losses: dict[str, tuple[float, float, float]]
    objective: tuple[float, float, float]
    next_unit: dict[str, NextUnit]
    extrapolated: bool
    epochs: dict[str, float] = field(default_factory=dict)
    counted_as_fresh: bool = False
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    weightless: Weightless = NOTHING


@dataclass(frozen=True)
class ComputeOptimal:
    """The N and D that minimise the objective under ``flops`` = 6 N D, each with the middle 90 % over bootstrap
    samples, and the objective there (value, low and high of one new run). ``at_the_edge``: the best N lies at an end of
    the range that was looked through, so the law has no optimum there.
    """

    flops: float
    n_params: tuple[float, float, float]
    n_tokens: tuple[float, float, float]
    objective: tuple[float, float, float]
    at_the_edge: bool
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN


def forecast_losses(
    law: Law,
    n_params: float,
    n_tokens: float,
    mixture: Mixture,
    weights: Mapping[str, float] | None = None,
    available: AvailableTokens | None = None,
) -> LossForecast:
    """The losses of a larger model, and what the next unit of compute should buy.

    Parameters
    ----------
    law, n_params, n_tokens, weights
        As in :func:`~codescale.allocation.optimize.optimize_mixture`.
    mixture
        What it is trained on.
    available
        Tokens that exist of each language. A law that knows repetition counts those seen again for less.

    Raises
    ------
    UserError
        For names outside the law, and for a share of a language of which no token is available.

    Warns
    -----
    LawWarning
        Outside the fitted range, beyond the epochs that ``available`` allows, and where a law without repetition counts
        tokens seen again as fresh.
    """
    shares = shares_of(law, mixture, "mixture")
    point = law_at_scale(law, n_params, n_tokens, available)
    epochs = _epochs(law, shares, n_tokens, available)
    _warn_of_epochs(law, epochs, available)
    prediction = law.predict(np.array([n_params]), np.array([n_tokens]), shares[None], point.row)
    if prediction.extrapolated[0]:
        warn(f"N = {n_params:.4g}, D = {n_tokens:.4g} or the mixture lie outside what the law was fitted on")
    losses = {
        name: (float(prediction.losses[0, k]), float(prediction.low[0, k]), float(prediction.high[0, k]))
        for k, name in enumerate(law.targets)
    }
    knows = all(most > 1.01 * least for least, most in (law.fitted_range.n_params, law.fitted_range.n_tokens))
    return LossForecast(
        n_params=float(n_params),
        n_tokens=float(n_tokens),
        mixture=mixture,
        losses=losses,
        objective=predict_objective(law, n_params, n_tokens, mixture, weights, available),
        next_unit=_next_units(law, point, shares) if knows else {},
        extrapolated=bool(prediction.extrapolated[0]),
        epochs=epochs,
        counted_as_fresh=law.half_life is not None and available is None,
        loss_unit=law.loss_unit,
        weightless=weightless(law, weights),
    )


def compute_optimal_scale(
    law: Law,
    flops: float,
    mixture: Mixture,
    weights: Mapping[str, float] | None = None,
    available: AvailableTokens | None = None,
) -> ComputeOptimal:
    """The N and D on which a budget of compute is best spent.

    Parameters
    ----------
    law, weights
        As in :func:`~codescale.allocation.optimize.optimize_mixture`.
    flops
        The budget C = 6 N D, in floating-point operations.
    mixture
        What is trained on.
    available
        As in :func:`forecast_losses`: where tokens run out, a budget is worth more as parameters.

    Raises
    ------
    UserError
        For a budget that is none, and for a law whose runs had one N or one D: it cannot know.

    References
    ----------
    Hoffmann et al. 2022, "Training compute-optimal large language models", arXiv 2203.15556, approach 3.
    """
    if not (np.isfinite(flops) and flops > 0):
        raise UserError("--budget", f"{flops:g} is no budget", "give FLOPs above 0, such as 1e20")
    for name, (least, most) in (("N", law.fitted_range.n_params), ("D", law.fitted_range.n_tokens)):
        if most < 1.01 * least:
            raise UserError(
                law.runs,
                f"all runs of this law had one {name}, so what {name} does is not known",
                "fit a law on runs of several sizes and lengths",
            )
    shares, weight = shares_of(law, mixture, "mixture"), weights_of(law, weights)
    log_params = _candidates(law, flops)
    log_tokens = np.log(flops / FLOPS_PER_PARAMETER_AND_TOKEN) - log_params

    def best(surface: Surface) -> float:
        losses = np.exp(surface.log_losses(log_params, log_tokens, np.tile(shares, (len(log_params), 1))))
        return _lowest(log_params, losses @ weight)

    start = law_at_scale(law, 1.0, 1.0, available)
    middle = best(start.surface)
    drawn = np.array([best(one.surface) for one in sampled_laws(law, start)])
    log_compute = np.log(flops / FLOPS_PER_PARAMETER_AND_TOKEN)
    n_params, n_tokens = float(np.exp(middle)), float(np.exp(log_compute - middle))
    if law.distance(np.array([n_params]), np.array([n_tokens]), shares[None])[0][0] > 0:
        warn(f"N = {n_params:.4g} and D = {n_tokens:.4g} lie outside what the law was fitted on")
    return ComputeOptimal(
        flops=float(flops),
        n_params=(n_params, *middle_90(np.exp(drawn))),
        n_tokens=(n_tokens, *middle_90(np.exp(log_compute - drawn))),
        objective=predict_objective(law, n_params, n_tokens, mixture, weights, available),
        at_the_edge=middle in (log_params[0], log_params[-1]),
        loss_unit=law.loss_unit,
    )


def _lowest(log_params: Array, values: Array) -> float:
    """Where ``values`` are least: the vertex of the parabola through the least one and its neighbours, at an end that
    end.
    """
    k = int(np.argmin(values))
    if k in (0, len(values) - 1):
        return float(log_params[k])
    before, least, after = values[k - 1 : k + 2]
    bend = before - 2.0 * least + after
    shift = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return float(log_params[k] + shift * (log_params[1] - log_params[0]))


def _candidates(law: Law, flops: float) -> Array:
    """(candidates,): log N, so far that D = C / 6N still is a number of tokens that somebody could train on."""
    least, most = law.fitted_range.n_params
    highest = min(np.log(most * _REACH), np.log(flops / FLOPS_PER_PARAMETER_AND_TOKEN))
    return np.linspace(min(np.log(least / 100.0), highest - 1.0), highest, _GRID)


def _epochs(law: Law, shares: Array, n_tokens: float, available: AvailableTokens | None) -> dict[str, float]:
    """How often each language of a mixture is seen, of those whose tokens are limited.

    Raises :class:`UserError` for a share of a language of which there is no token.
    """
    epochs = {}
    for name, share in zip(law.domains, shares.tolist(), strict=True):
        if available is None or name not in available.tokens or share <= 0:
            continue
        if available.tokens[name] <= 0:
            raise UserError(
                f"available, {name}", f"is 0 where the mixture has {share:.1%} of it", "take another mixture"
            )
        epochs[name] = n_tokens * share / available.tokens[name]
    return epochs


def _warn_of_epochs(law: Law, epochs: dict[str, float], available: AvailableTokens | None) -> None:
    repeated = [name for name, seen in epochs.items() if seen > 1.01]
    if law.half_life is None and repeated:
        warn(
            f"{law.name} knows no repetition: tokens of {', '.join(repeated)} seen again count as fresh; fit one with"
            " --repetition"
        )
    beyond = [name for name, seen in epochs.items() if available is not None and seen > 1.01 * available.max_epochs]
    if beyond and available is not None:
        warn(f"the mixture takes {', '.join(beyond)} beyond the {available.max_epochs:g} epochs that are allowed")


def _next_units(law: Law, point: LawAtScale, shares: Array) -> dict[str, NextUnit]:
    points = [point, *sampled_laws(law, point)]
    changes = np.array([_changes(one.surface, one.log_params, one.log_tokens, shares) for one in points])
    units = {}
    for k, name in enumerate(law.targets):
        by_params, by_data = changes[1:, 0, k], changes[1:, 1, k]
        low, high = middle_90(by_data - by_params)
        verdict: Bottleneck = "data" if high < 0 else "parameters" if low > 0 else "cannot be told"
        units[name] = NextUnit(
            parameters=(float(changes[0, 0, k]), *middle_90(by_params)),
            data=(float(changes[0, 1, k]), *middle_90(by_data)),
            verdict=verdict,
        )
    return units


def _changes(surface: Surface, log_params: float, log_tokens: float, shares: Array) -> Array:
    """(2, targets): what 1 % more compute changes each loss by, spent on N, then on D."""
    at = np.array([[0.0, 0.0], [_STEP, 0.0], [0.0, _STEP]])
    losses = np.exp(surface.log_losses(log_params + at[:, 0], log_tokens + at[:, 1], np.tile(shares, (3, 1))))
    return np.asarray((losses[1:] - losses[0]) / _STEP * np.log(1.01))
