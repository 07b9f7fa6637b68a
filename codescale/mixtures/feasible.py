"""The feasible mixtures: shares that sum to 1 within a lower and an upper bound each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.mixtures.bounds import Available, Bounds, check_names, interval_of

_SLACK = 1e-12


@dataclass(frozen=True)
class Feasible:
    """``low`` and ``high`` (domains,): 0 <= low <= high <= 1, sum low <= 1 <= sum high."""

    domains: tuple[str, ...]
    low: Array
    high: Array

    def project(self, shares: Array) -> Array:
        """The feasible mixtures nearest to ``shares`` (…, domains), by bisection on the common shift; exact to
        1e-15.
        """
        below = (self.low - shares).min(axis=-1, keepdims=True)
        above = (self.high - shares).max(axis=-1, keepdims=True)
        for _ in range(60):
            shift = 0.5 * (below + above)
            short = np.clip(shares + shift, self.low, self.high).sum(axis=-1, keepdims=True) < 1.0
            below, above = np.where(short, shift, below), np.where(short, above, shift)
        return self._exact(np.clip(shares + above, self.low, self.high))

    def _exact(self, shares: Array) -> Array:
        """Spreads what rounding left of 1 over shares that have room, so that bounds still hold."""
        missing = 1.0 - shares.sum(axis=-1, keepdims=True)
        room = np.where(missing > 0, self.high - shares, shares - self.low)
        total = np.maximum(room.sum(axis=-1, keepdims=True), 1e-300)
        return np.clip(shares + missing * room / total, self.low, self.high)

    def random(self, count: int, generator: np.random.Generator) -> Array:
        """(count, domains): flat Dirichlet draws, projected where bounds cut into the simplex."""
        drawn = generator.dirichlet(np.ones(len(self.domains)), size=count)
        outside = ((drawn < self.low) | (drawn > self.high)).any(axis=1)
        drawn[outside] = self.project(drawn[outside])
        return drawn


def feasible_set(
    domains: Sequence[str], n_tokens: float, bounds: Bounds | None = None, available: Available | None = None
) -> Feasible:
    """The mixtures of ``domains`` within ``bounds`` and the tokens ``available`` for a budget of ``n_tokens``.

    Raises :class:`UserError` for a name outside ``domains``, for an empty or impossible interval, and where bounds
    conflict: it names those that do.
    """
    bounds = bounds or {}
    check_names(bounds, domains, "bounds")
    check_names(available.tokens if available else (), domains, "available, tokens")
    low, high = np.zeros(len(domains)), np.ones(len(domains))
    for k, name in enumerate(domains):
        if name in bounds:
            low[k], high[k] = interval_of(bounds[name])
            if not 0 <= low[k] <= high[k] <= 1:
                raise UserError(f"bounds, {name}", f"[{low[k]:g}, {high[k]:g}] is no interval of shares", "use 0 to 1")
        if available is not None:
            limit = available.largest_share(name, n_tokens)
            if limit < low[k] - _SLACK:
                raise UserError(
                    f"bounds, {name}",
                    f"asks for {low[k]:.4g} or more, but {available.max_epochs:g} epochs of its available tokens "
                    f"fill {limit:.4g} of {n_tokens:.4g}",
                    "lower the bound, or raise max_epochs or the tokens available",
                )
            high[k] = max(min(high[k], limit), low[k])
    check_sums(domains, low, high, "bounds and available tokens" if available is not None else "bounds")
    return Feasible(tuple(domains), low, high)


def check_sums(domains: Sequence[str], low: Array, high: Array, where: str) -> None:
    """Raises :class:`UserError` that names the bounds in conflict where no shares between ``low`` and ``high`` sum to
    1.
    """
    if low.sum() > 1.0 + 1e-9:
        named = ", ".join(f"{name} >= {value:.4g}" for name, value in zip(domains, low, strict=True) if value > 0)
        raise UserError("bounds", f"the lower bounds sum to {low.sum():.4g}, above 1 ({named})", "lower some of them")
    if high.sum() < 1.0 - 1e-9:
        named = ", ".join(f"{name} <= {value:.4g}" for name, value in zip(domains, high, strict=True))
        raise UserError(where, f"the upper bounds sum to {high.sum():.4g}, below 1 ({named})", "raise some of them")
