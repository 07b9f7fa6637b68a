"""Repeated tokens: what a second pass over the same tokens is still worth, for every form of law alike.

Muennighoff et al. (2023, "Scaling Data-Constrained Language Models", arXiv 2305.16264, equation 5): of D p_j tokens
seen of domain j, U_j of them distinct, R_j = D p_j / U_j - 1 repetitions, the model learns as if from

    D'_j = U_j + U_j R* (1 - exp(-R_j / R*))

fresh ones; R* is how many repetitions it takes until a token has lost 63 % of its worth (15.4 in the paper). A law then
sees D' = sum_j D'_j and p'_j = D'_j / D', so repetition composes with every form. The paper's second term, for models
too large for their distinct data, is left out: it needs runs that no sweep over mixtures has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.forms.base import Form
from codescale.laws.forms.regression import huber
from codescale.laws.observations import REPEATED, Observations

PUBLISHED = 15.4
"""R* of Muennighoff et al. (2023, section 6.1): repetitions."""

_LEAST, _MOST = 0.1, 1000.0
_GRID = 9
_PRIOR_DEVIATION = 1.5
"""Of log R* around the published value: where runs say nothing, it stays there."""
_DELTA = 0.01
_NOISE = 3e-5
"""Variance of log loss that the prior is weighed against, as in codescale/laws/forms/curve.py."""
_FLAT = 2.0
"""Half the likelihood ratio below which the runs cannot tell R* from the ends of its range."""


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


def as_seen(data: Observations, half_life: float) -> Observations:
    """``data`` with the D and the shares that a law sees; rows of repeated tokens are usable again."""
    tokens, shares = effective_tokens(np.exp(data.log_tokens), data.shares, data.unique_tokens, half_life)
    return replace(data, log_tokens=np.log(tokens), shares=shares, usable=np.ones(len(data), dtype=bool))


def fit_half_life(form: Form, data: Observations, workers: int | None = None) -> tuple[float, bool]:
    """R* (repetitions) under which ``form`` fits all rows of ``data`` best, and whether the runs could tell.

    A profile: a grid over log R*, then a golden section around its best. Raises :class:`UserError` where no row repeats
    a domain's tokens, or the table does not say how many are distinct.
    """
    if not np.isfinite(data.unique_tokens).any():
        raise UserError(
            data.path,
            "has no column unique_tokens.<domain>",
            "add how many distinct tokens each run saw of each domain",
        )
    seen = np.exp(data.log_tokens)[:, None] * data.shares
    if not (seen > REPEATED * data.unique_tokens).any():
        raise UserError(
            data.path, "has no run on repeated tokens", "leave repetition out, or add runs of several epochs"
        )

    def residuals(log_half_life: float) -> Array:
        own = as_seen(data, float(np.exp(log_half_life)))
        values = form.fit(own, np.ones((1, len(own))), workers)[0]
        inputs = (own.domains, own.log_params, own.log_tokens, own.shares)
        predicted = np.column_stack([form.log_losses(one[None, :], *inputs)[0] for one in values])
        return np.asarray(predicted - form.observed(own))

    def objective(log_half_life: float) -> float:
        prior = 0.5 * ((log_half_life - np.log(PUBLISHED)) / _PRIOR_DEVIATION) ** 2
        return float(np.nansum(huber(residuals(log_half_life), _DELTA))) / _NOISE + prior

    grid = np.linspace(np.log(_LEAST), np.log(_MOST), _GRID)
    scores = np.array([objective(value) for value in grid])
    best = int(np.argmin(scores))
    found = _golden_section(objective, grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)])
    measured = (1.4826 * float(np.nanmedian(np.abs(residuals(found))))) ** 2
    rise = (min(scores[0], scores[-1]) - scores.min()) * _NOISE / max(measured, _NOISE)
    return float(np.exp(found)), bool(rise > _FLAT)


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
