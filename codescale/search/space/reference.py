"""The mixture that a space's rule of no harm names: found, and checked to be one that the search can measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from codescale.errors import UserError
from codescale.mixtures.feasible import TOLERANCE
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm, reference_mixture
from codescale.search.space.space import SearchSpace


def resolved_no_harm(
    space: SearchSpace,
    tokens: Mapping[str, float] | None = None,
    measured: Sequence[str] | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    n_tokens: float | None = None,
    max_epochs: float = 1.0,
) -> ResolvedNoHarm | None:
    """The rule of ``space`` with its reference, a mixture of the languages that may have a share; None without a rule.
    It protects every language whose loss is measured, also one that gets no tokens, unless it names some.

    Parameters
    ----------
    tokens
        Language to the tokens available, where the space does not name them.
    measured
        All whose losses are measured; None: the study's languages, which are those of the space.
    weights, n_tokens, max_epochs
        As :func:`~codescale.mixtures.no_harm.reference_mixture` takes them.

    Raises
    ------
    UserError
        For languages that are not the study's, and for a reference that is none, that needs tokens nobody named, or
        that lies outside the space: every search measures it, and within the space no mixture may keep the rule then.
    """
    if space.no_harm is None:
        return None
    where = f"{space.path}, no_harm.reference"
    known_losses = tuple(space.bounds) if measured is None else measured
    protected = space.no_harm.protected(known_losses, f"{space.path}, no_harm.languages")
    languages = [name for name, (_, high) in space.bounds.items() if high > 0]
    known = {**(tokens or {}), **(space.tokens or {})}
    mixture = reference_mixture(
        space.no_harm.reference,
        languages,
        known,
        where,
        Path(space.path).parent,
        weights=weights,
        n_tokens=n_tokens,
        max_epochs=max_epochs,
    )
    if space.feasible.contains(mixture):
        return ResolvedNoHarm(space.no_harm, space.inside(mixture), protected)
    conflicts = _conflicts(space, mixture)
    problem = (
        f"the space leaves {space.no_harm.reference} out, so the rule may be one that no mixture keeps: {conflicts}"
    )
    raise UserError(where, problem, "widen the bounds of these languages, or name a mixture of the space")


def _conflicts(space: SearchSpace, mixture: Mixture) -> str:
    """The languages whose bounds, or ties, the ``mixture`` breaks, with both."""
    found = []
    for name, (low, high) in space.bounds.items():
        share = mixture.get(name, 0.0)
        if not low - TOLERANCE <= share <= high + TOLERANCE:
            found.append(f"{name} has {share:.4g}, where {low:.4g} to {high:.4g} are allowed")
    if not found:
        found = [f"{' and '.join(group)} have other ratios than their tie" for group in space.ties]
    return "; ".join(found)
