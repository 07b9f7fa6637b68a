"""Repeated tokens: what a second pass over the same tokens is still worth, for every form of law alike.

Muennighoff et al. (2023, "Scaling Data-Constrained Language Models", arXiv 2305.16264, equation 5): of D p_j tokens
seen of domain j, U_j of them distinct, R_j = D p_j / U_j - 1 repetitions, the model learns as if from

    D'_j = U_j + U_j R* (1 - exp(-R_j / R*))

fresh ones; R* is how many repetitions it takes until a token has lost 63 % of its worth (15.4 in the paper). A law then
sees D' = sum_j D'_j and p'_j = D'_j / D', so repetition composes with every form.

The paper's second term is of models too large for their distinct tokens U = sum_j min(D p_j, U_j). Of N parameters
U_N = min(N, U / k) are compute-optimal for these, k tokens a parameter, and a law sees

    N' = U_N + U_N R_N* (1 - exp(-R_N / R_N*)),  R_N = N / U_N - 1

of them (5.3 in the paper). A model is one, whatever languages it is trained on, so U is that of all and k that of all
targets. Where a table's runs cannot tell the second term, a law has the first alone
(codescale/laws/fitting/excess_parameters.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from codescale.arrays import Array, Integers, Mask
from codescale.errors import UserError
from codescale.laws.forms.base import Form
from codescale.laws.forms.regression import huber
from codescale.laws.observations import REPEATED, Observations

PUBLISHED = 15.4
"""R* of Muennighoff et al. (2023, section 6.1): repetitions."""
PUBLISHED_EXCESS = 5.3
"""R_N* of the same: how many times over the compute-optimal number parameters are there again."""
PUBLISHED_TOKENS_PER_PARAMETER = 20.0
"""Of a compute-optimal run (Hoffmann et al., 2022)."""

_LEAST, _MOST = 0.1, 1000.0
_GRID = 9
_PRIOR_DEVIATION = 1.5
"""Of log R* and of log R_N* around the published values: where runs say nothing, they stay there."""
_DELTA = 0.01
_LEAST_VARIANCE = 3e-5
"""Of log loss, that the prior is at least weighed against, as in codescale/laws/forms/curve.py."""
_FLAT = 2.0
"""Half the likelihood ratio below which the runs cannot tell R* from the ends of its range."""
_STEP = 0.5
"""Of log R*, on either side of where it fits best: how residuals change with it."""


def effective_tokens(n_tokens: Array, shares: Array, unique_tokens: Array, half_life: float) -> tuple[Array, Array]:
    """The D' (rows,) and p' (rows, domains) that a law sees, from tokens seen (rows,) and shares (rows, domains).

    ``unique_tokens`` (rows, domains) or (domains,): distinct tokens; infinite where they never run out. ``half_life``:
    R*, in repetitions.
    """
    seen = n_tokens[:, None] * shares
    unique = np.broadcast_to(np.maximum(unique_tokens, 1.0), seen.shape)
    again = np.divide(seen, unique, out=np.zeros_like(seen), where=np.isfinite(unique)) - 1.0
    again = np.maximum(again, 0.0)
    worth = np.where(
        again > 0, np.where(again > 0, unique, 0.0) * (1.0 - half_life * np.expm1(-again / half_life)), seen
    )
    total = worth.sum(axis=1)
    return total, worth / total[:, None]


class ExcessParameters(BaseModel):
    """What parameters beyond the compute-optimal number are still worth: ``half_life``, R_N*, in multiples of that
    number, and ``tokens_per_parameter``, distinct tokens for each parameter of a compute-optimal model.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    half_life: float = Field(gt=0)
    tokens_per_parameter: float = Field(gt=0)

    def effective(self, n_params: Array, distinct_tokens: Array) -> Array:
        """The N' (rows,) that a law sees, from N (rows,) and the distinct tokens of all domains (rows,)."""
        optimal = np.minimum(n_params, distinct_tokens / self.tokens_per_parameter)
        excess = n_params / optimal - 1.0
        return np.asarray(optimal * (1.0 - self.half_life * np.expm1(-excess / self.half_life)))


@dataclass(frozen=True)
class Repetition:
    """What a law knows of repeated tokens: ``half_life``, R*, in repetitions; ``excess``: the second term, or none."""

    half_life: float
    excess: ExcessParameters | None = None

    def as_seen(
        self, n_params: Array, n_tokens: Array, shares: Array, unique_tokens: Array
    ) -> tuple[Array, Array, Array]:
        """The N' (rows,), D' (rows,) and p' (rows, domains) that a law sees; arguments as in
        :func:`effective_tokens`.
        """
        tokens, worth = effective_tokens(n_tokens, shares, unique_tokens, self.half_life)
        if self.excess is None:
            return n_params, tokens, worth
        distinct = np.minimum(n_tokens[:, None] * shares, np.maximum(unique_tokens, 1.0)).sum(axis=1)
        return self.excess.effective(n_params, distinct), tokens, worth


def as_seen(data: Observations, repetition: Repetition) -> Observations:
    """``data`` with the N, the D and the shares that a law sees; rows of repeated tokens are usable again."""
    params, tokens, shares = repetition.as_seen(
        np.exp(data.log_params), np.exp(data.log_tokens), data.shares, data.unique_tokens
    )
    log_params = data.log_params if repetition.excess is None else np.log(params)
    usable = np.ones(len(data), dtype=bool)
    return replace(data, log_params=log_params, log_tokens=np.log(tokens), shares=shares, usable=usable)


def repeating_rows(data: Observations) -> Mask:
    """(rows,): which see a domain's tokens :data:`~codescale.laws.observations.REPEATED` times or more."""
    seen = np.exp(data.log_tokens)[:, None] * data.shares
    return np.asarray((seen > REPEATED * data.unique_tokens).any(axis=1))


def residuals(form: Form, data: Observations, values: Array) -> Array:
    """(rows, law targets): predicted less measured log losses under ``values`` (targets, parameters)."""
    inputs = (data.domains, data.log_params, data.log_tokens, data.shares)
    predicted = np.column_stack([form.log_losses(one[None, :], *inputs)[0] for one in values])
    return np.asarray(predicted - form.observed(data))


def misfit(of_rows: Array, variance: float) -> float:
    """What residuals (rows, targets) count against a prior of deviation 1: Huber's loss over their ``variance``."""
    return float(np.nansum(huber(of_rows, _DELTA))) / variance


def misfit_variance(of_rows: Array, slopes: Array, trunk: Integers) -> float:
    """What a sum of Huber's losses of residuals (rows, targets) is divided by to count as a log likelihood along
    ``slopes`` (rows, targets), their change with a parameter.

    The residuals' own variance, and more where those of a ``trunk`` (rows,) err together, as its branches and targets
    do and as all do whose curve the form misses: the adjustment of a composite likelihood (Chandler and Bate, 2007) by
    the sandwich of Huber's score. What residuals a form is left with, however many, it is no surer of R* than that.
    """
    known = np.isfinite(of_rows)
    bounded = np.where(known, np.clip(of_rows, -_DELTA, _DELTA), 0.0)
    straight = max(float((np.abs(of_rows[known]) <= _DELTA).mean()), 1.0 / known.sum())
    alone = float((bounded[known] ** 2).mean())
    squares = float((slopes[known] ** 2).sum())
    if squares > 0:
        parts = np.bincount(trunk, (bounded * np.where(known, slopes, 0.0)).sum(axis=1))
        alone = max(alone, len(parts) * float(parts.var()) / squares)
    return max(alone / straight, _LEAST_VARIANCE)


def distance_from(published: float, log_value: float) -> float:
    """What a half-life counts by its prior, which is around the ``published`` one."""
    return float(0.5 * ((log_value - np.log(published)) / _PRIOR_DEVIATION) ** 2)


def fit_half_life(form: Form, data: Observations, workers: int | None = None) -> tuple[float, bool]:
    """R* (repetitions) under which ``form`` fits all rows of ``data`` best, and whether the runs could tell.

    A profile: a grid over log R*, then a golden section around its best, where residuals count by their own variance
    (:func:`misfit_variance`) beside a log-normal prior around the published R*. Raises :class:`UserError` where no row
    repeats a domain's tokens, or the table does not say how many are distinct.
    """
    if not np.isfinite(data.unique_tokens).any():
        raise UserError(
            data.path,
            "has no column unique_tokens.<domain>",
            "add how many distinct tokens each run saw of each domain",
        )
    if not repeating_rows(data).any():
        raise UserError(
            data.path, "has no run on repeated tokens", "leave repetition out, or add runs of several epochs"
        )

    weights = np.ones((1, len(data)))
    begin = form.fit(as_seen(data, Repetition(PUBLISHED)), weights, workers)[0]

    def left_over(log_half_life: float) -> Array:
        # From one start, so that no other optimum of the form passes for a better R*.
        own = as_seen(data, Repetition(float(np.exp(log_half_life))))
        return residuals(form, own, form.near(own, begin, weights, workers)[0])

    grid = np.linspace(np.log(_LEAST), np.log(_MOST), _GRID)
    at_grid = [left_over(value) for value in grid]
    fitting = int(np.argmin([misfit(one, 1.0) for one in at_grid]))
    around = [left_over(grid[fitting] + step) for step in (-_STEP, _STEP)]
    variance = misfit_variance(at_grid[fitting], (around[1] - around[0]) / (2.0 * _STEP), data.trunk)

    def objective(log_half_life: float) -> float:
        return misfit(left_over(log_half_life), variance) + distance_from(PUBLISHED, log_half_life)

    missed = np.array([misfit(one, variance) for one in at_grid])
    best = int(np.argmin([one + distance_from(PUBLISHED, log) for one, log in zip(missed, grid.tolist(), strict=True)]))
    found = _golden_section(objective, grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)])
    return float(np.exp(found)), bool(min(missed[0], missed[-1]) - missed.min() > _FLAT)


def _golden_section(objective: Callable[[float], float], low: float, high: float, steps: int = 8) -> float:
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    first, second = high - ratio * (high - low), low + ratio * (high - low)
    at_first, at_second = objective(first), objective(second)
    for _ in range(steps):
        if at_first < at_second:
            high, second, at_second = second, first, at_first
            first = high - ratio * (high - low)
            at_first = objective(first)
        else:
            low, first, at_first = first, second, at_second
            second = low + ratio * (high - low)
            at_second = objective(second)
    return 0.5 * (low + high)
