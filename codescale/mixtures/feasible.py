"""The feasible mixtures: shares that sum to 1, each within bounds, some of them tied to each other in fixed ratios.

Notation: m languages ("domains"), g groups. A tied group varies as one; a language without a tie is a group of its own.
``parts`` (g, m) says what part of its group's share each language has, so that shares = totals @ parts, with totals
(g,) the groups' shares. The set is convex: the totals fill a box cut by the simplex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from codescale.arrays import Array, Mask
from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens, Bounds, Ties, check_names, interval_of
from codescale.mixtures.mixture import Mixture

TOLERANCE = 1e-9
"""How far a mixture may lie outside its bounds and still count as inside."""

_SLACK = 1e-12
_QUICK = (60, 0.0)
_THOROUGH = (100, 1.0)
"""How often the interval of the common shift is bisected, and how far it begins beyond what the bounds allow.

After 60 its ends are 1e-18 apart, after 100 no number lies between them; that it begins further out keeps the bits of a
set that is one point. Optima rest on the one, searches on the other, each to its last bit (docs/DECISIONS.md).
"""


@dataclass(frozen=True)
class FeasibleSet:
    """All mixtures of ``domains`` within bounds and ties.

    Parameters
    ----------
    domains
        The languages, in the order of every array.
    low, high
        (m,) the lowest and the highest share of each, 0 <= low <= high <= 1.
    ties
        Groups of ``domains`` that keep their ratios.

    Raises
    ------
    ValueError
        Where bounds are no intervals within 0 and 1, ties are of unknown languages or of one language twice, or no
        shares that sum to 1 keep bounds and ties.
    """

    domains: tuple[str, ...]
    low: Array
    high: Array
    ties: Ties = ()

    def __post_init__(self) -> None:
        if (self.low < 0).any() or (self.high > 1).any() or (self.low > self.high).any():
            raise ValueError("bounds lie between 0 and 1, the lower one first")
        least, most = group_bounds(self.parts, self.low, self.high)
        if (least > most + TOLERANCE).any():
            tied = [self.domains[k] for k in np.flatnonzero(self.member[np.argmax(least - most)])]
            raise ValueError(f"the bounds of {' and '.join(tied)} cannot keep their tie")
        lowest, highest = self.totals
        if lowest.sum() > 1.0 + TOLERANCE or highest.sum() < 1.0 - TOLERANCE:
            raise ValueError(f"the bounds allow sums from {lowest.sum():.6g} to {highest.sum():.6g}, not 1")

    @classmethod
    def of(cls, intervals: Mapping[str, tuple[float, float]], ties: Ties = ()) -> Self:
        """The mixtures of the languages of ``intervals`` (lowest and highest share of each). Raises as the class."""
        low = np.array([low for low, _ in intervals.values()], dtype=float)
        high = np.array([high for _, high in intervals.values()], dtype=float)
        return cls(tuple(intervals), low, high, ties)

    @classmethod
    def within(
        cls,
        domains: Sequence[str],
        n_tokens: float,
        bounds: Bounds | None = None,
        available: AvailableTokens | None = None,
        ties: Ties = (),
    ) -> Self:
        """The mixtures that a person's bounds, floors and tokens leave of a budget.

        Parameters
        ----------
        domains
            The languages, in the order of every array.
        n_tokens
            The budget D.
        bounds
            Language to interval or fixed share; a floor is an interval up to 1.
        available
            Tokens that exist, which cap a share at max_epochs * tokens / D.
        ties
            Groups of ``domains`` that keep their ratios.

        Raises
        ------
        UserError
            For a name outside ``domains``, for an empty or impossible interval, and where bounds conflict: it names
            those that do.
        """
        bounds = bounds or {}
        check_names(bounds, domains, "bounds")
        check_names(available.tokens if available else (), domains, "available, tokens")
        low, high = np.zeros(len(domains)), np.ones(len(domains))
        for k, name in enumerate(domains):
            if name in bounds:
                low[k], high[k] = _checked(name, *interval_of(bounds[name]))
            if available is not None:
                high[k] = max(min(high[k], _largest_share(name, low[k], available, n_tokens)), low[k])
        check_sums(domains, low, high, "bounds and available tokens" if available is not None else "bounds")
        _check_ties(domains, low, high, ties)
        return cls(tuple(domains), low, high, ties)

    @cached_property
    def parts(self) -> Array:
        """(g, m): what part of a group's share each language has; groups in the order of their first language."""
        return _parts(self.domains, self.ties)

    @cached_property
    def member(self) -> Mask:
        """(g, m): which languages are of which group."""
        return np.asarray(self.parts > 0)

    @cached_property
    def totals(self) -> tuple[Array, Array]:
        """(g,) twice: between what each group's share lies."""
        least, most = group_bounds(self.parts, self.low, self.high)
        return least, np.maximum(most, least)

    @property
    def reach(self) -> tuple[Array, Array]:
        """(m,) twice: the least and the largest share that each language has in any mixture of the set."""
        low, high = self.totals
        least = np.maximum(low, 1.0 - (high.sum() - high))
        most = np.minimum(high, 1.0 - (low.sum() - low))
        return self.shares(least), self.shares(most)

    def shares(self, totals: Array) -> Array:
        """(…, m): the shares where the groups have ``totals`` (…, g)."""
        return np.asarray(totals @ self.parts)

    def contains(self, mixture: Mixture) -> bool:
        """Whether ``mixture`` has no other language and keeps bounds and ties to :data:`TOLERANCE`."""
        if any(language not in self.domains for language in mixture.support):
            return False
        shares = mixture.array(self.domains)
        inside = bool((shares >= self.low - TOLERANCE).all() and (shares <= self.high + TOLERANCE).all())
        return inside and bool(np.abs(self.shares(self.member @ shares) - shares).max() <= TOLERANCE)

    def project(self, shares: Array) -> Array:
        """(…, m): the mixtures of the set nearest to ``shares`` (…, m), Euclidean, whose sum is 1 to 1e-15."""
        return self.shares(filled_to_one(self._nearest(shares, *_QUICK), *self.totals))

    def nearest(self, mixture: Mixture) -> Mixture:
        """The mixture of the set nearest to ``mixture``, Euclidean; languages outside the set lose their share."""
        shares = np.array([mixture.get(language, 0.0) for language in self.domains])
        nearest = self.shares(self._nearest(shares, *_THOROUGH))
        return Mixture.from_array(self.domains, np.clip(nearest, self.low, self.high))

    def sample(self, count: int, generator: np.random.Generator) -> Array:
        """(count, m): flat Dirichlet draws of the groups' shares, projected where bounds cut into the simplex."""
        low, high = self.totals
        drawn = generator.dirichlet(np.ones(len(low)), size=count)
        outside = ((drawn < low) | (drawn > high)).any(axis=1)
        shares = self.shares(drawn)
        shares[outside] = self.project(shares[outside])
        return shares

    def by_groups(self) -> tuple[FeasibleSet, Array | None]:
        """The groups as languages of a set without ties, and the axes (m, g) that take their shares to those of the
        languages: shares (m,) = axes @ totals (g,). None where nothing is tied.

        Tied groups come first, in the order of ``ties``.
        """
        if not self.ties:
            return self, None
        groups = _groups(self.domains, self.ties)
        axes = np.array([[group.get(name, 0.0) for group in groups] for name in self.domains])
        axes /= axes.sum(axis=0)
        low, high = group_bounds(axes.T, self.low, self.high)
        high = np.clip(high, low, 1.0)
        return FeasibleSet(tuple(" + ".join(group) for group in groups), np.minimum(low, 1.0), high), axes

    def _nearest(self, shares: Array, bisections: int, beyond: float) -> Array:
        """(…, g): the totals whose shares are nearest to ``shares`` (…, m), their sum not below 1.

        Each is what it would be without the sum, shifted alike (per squared norm of the group's parts) and cut to its
        bounds (Michelot 1986, "A finite algorithm for finding the projection of a point onto the canonical simplex").
        """
        norms = (self.parts**2).sum(axis=1)
        wanted = shares @ self.parts.T / norms
        low, high = self.totals
        below = (norms * (low - wanted)).min(axis=-1, keepdims=True) - beyond
        above = (norms * (high - wanted)).max(axis=-1, keepdims=True) + beyond
        for _ in range(bisections):
            shift = 0.5 * (below + above)
            short = np.clip(wanted + shift / norms, low, high).sum(axis=-1, keepdims=True) < 1.0
            below, above = np.where(short, shift, below), np.where(short, above, shift)
        return np.asarray(np.clip(wanted + above / norms, low, high))


def group_bounds(parts: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Between what the share of each group lies where its members keep their bounds.

    Parameters
    ----------
    parts
        (g, m) what part of its group each language has, 0 where it is of another. Where the rows do not sum to 1, the
        result is in units of a part of 1.
    low, high
        (m,) the bounds of each language.

    Returns
    -------
    tuple of Array
        (g,) twice, the least and the largest; a tie that cannot be kept has a least above its largest.
    """
    member = parts > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(member, low / parts, 0.0).max(axis=1)
        most = np.where(member, high / parts, np.inf).min(axis=1)
    return least, most


def filled_to_one(shares: Array, low: Array, high: Array, weights: Array | None = None) -> Array:
    """Shares brought towards the sum 1 within bounds: what is missing is spread over the room that each has.

    Parameters
    ----------
    shares
        (…, m) within the bounds.
    low, high
        (m,) the bounds.
    weights
        (…, m) what the room of each counts; None: alike, which reaches 1 at once. With weights bounds may cut off a
        part, so that it takes several calls.
    """
    missing = 1.0 - shares.sum(axis=-1, keepdims=True)
    room = np.where(missing > 0, high - shares, shares - low)
    worth = room if weights is None else room * weights
    spread = missing * worth / np.maximum(worth.sum(axis=-1, keepdims=True), 1e-300)
    return np.asarray(np.clip(shares + spread, low, high))


def check_sums(domains: Sequence[str], low: Array, high: Array, where: str) -> None:
    """Raises :class:`UserError` that names the bounds in conflict where no shares between ``low`` and ``high`` sum to
    1.
    """
    if low.sum() > 1.0 + TOLERANCE:
        named = ", ".join(f"{name} >= {value:.4g}" for name, value in zip(domains, low, strict=True) if value > 0)
        raise UserError("bounds", f"the lower bounds sum to {low.sum():.4g}, above 1 ({named})", "lower some of them")
    if high.sum() < 1.0 - TOLERANCE:
        named = ", ".join(f"{name} <= {value:.4g}" for name, value in zip(domains, high, strict=True))
        raise UserError(where, f"the upper bounds sum to {high.sum():.4g}, below 1 ({named})", "raise some of them")


def _check_ties(domains: Sequence[str], low: Array, high: Array, ties: Ties) -> None:
    """Raises :class:`UserError` where bounds and ties leave no mixture."""
    if not ties:
        return
    groups = _groups(domains, ties)
    parts = np.array([[group.get(name, 0.0) for name in domains] for group in groups])
    least, most = group_bounds(parts / parts.sum(axis=1, keepdims=True), low, high)
    names = tuple(" + ".join(group) for group in groups)
    if (least > most + TOLERANCE).any():
        tied = names[int(np.argmax(least - most))]
        raise UserError(f"bounds, {tied}", "cannot hold at the ratios of the tie", "widen")
    check_sums(names, least, np.clip(most, least, 1.0), "bounds at the ratios of the ties")


def _checked(name: str, low: float, high: float) -> tuple[float, float]:
    if not 0 <= low <= high <= 1:
        raise UserError(f"bounds, {name}", f"[{low:g}, {high:g}] is no interval of shares", "use 0 to 1")
    return low, high


def _largest_share(name: str, low: float, available: AvailableTokens, n_tokens: float) -> float:
    """What ``available`` can fill of ``n_tokens``. Raises :class:`UserError` where that is below ``low``."""
    limit = available.largest_share(name, n_tokens)
    if limit < low - _SLACK:
        raise UserError(
            f"bounds, {name}",
            f"asks for {low:.4g} or more, but {available.max_epochs:g} epochs of its available tokens "
            f"fill {limit:.4g} of {n_tokens:.4g}",
            "lower the bound, or raise max_epochs or the tokens available",
        )
    return limit


def _groups(domains: Sequence[str], ties: Ties) -> list[Mapping[str, float]]:
    """``ties``, and then every other language alone."""
    tied = {name for group in ties for name in group}
    return [*ties, *({name: 1.0} for name in domains if name not in tied)]


def _parts(domains: Sequence[str], ties: Ties) -> Array:
    """(groups, domains). Raises ``ValueError`` for ties of unknown languages, of one language twice, or without a
    part.
    """
    named = [name for tie in ties for name in tie]
    if any(name not in domains for name in named) or len(set(named)) != len(named):
        raise ValueError("ties are of languages with bounds, each tied once")
    groups = _groups(domains, ties)
    if any(min(group.values()) <= 0 for group in groups):
        raise ValueError("the parts of a tie are above 0")
    groups.sort(key=lambda group: min(domains.index(name) for name in group))
    rows = np.array([[group.get(name, 0.0) for name in domains] for group in groups])
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))
