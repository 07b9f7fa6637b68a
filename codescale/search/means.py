"""The mean of the search's surrogate: a law, given or fitted to the trials themselves, or nothing but a level.

Every mean is an ensemble: the law as fitted, then samples of what else it could be (its bootstrap). A sample is a
Thompson draw of the law; their spread is how unsure it is. A law refitted to the trials would look better on them than
it is, so it also predicts every row from a fit that has not seen it: by these predictions means are compared and the
process on the residuals finds its amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from codescale.laws.forms import find_form
from codescale.laws.forms.base import Form
from codescale.laws.law import Law
from codescale.laws.observations import Array
from codescale.laws.surface import Surface
from codescale.search.measured import Measured

SAMPLES = 12
"""Samples of a law: what is not known of it is coarse, and each costs as much as the law itself."""
FOLDS = 8
REFITTED = ("effective-data", "additive")
"""The forms that are fitted to the trials: convex in the shares, and with a prior that keeps few rows in check."""


class Mean(Protocol):
    """A mean of the objective over (log N, log D, shares)."""

    name: str
    held_out: Array
    """(rows,): predictions of the measured rows by fits that have not seen them."""

    @property
    def samples(self) -> int:
        """Samples beside the mean as fitted."""
        ...

    def values(self, log_params: Array, log_tokens: Array, shares: Array, sample: int) -> Array:
        """(rows,): the objective under ``sample``; 0 is the mean as fitted."""
        ...


@dataclass(frozen=True)
class Level:
    """The same objective everywhere."""

    level: float
    held_out: Array
    name: str = "level"
    samples: int = 0

    def values(self, log_params: Array, log_tokens: Array, shares: Array, sample: int) -> Array:
        return np.full(len(shares), self.level)


def level_mean(measured: Measured) -> Level:
    """The mean of what was measured at the largest scale; held out, of all the other rows there."""
    scale = measured.log_params + measured.log_tokens
    top = scale > scale.max() - 0.01
    total, count = float(measured.objective[top].sum()), int(top.sum())
    level = total / count
    held_out = np.full(len(measured), level)
    if count > 1:
        held_out[top] = (total - measured.objective[top]) / (count - 1)
    return Level(level, held_out)


@dataclass(frozen=True)
class LawMean:
    """The weighted mean of the losses of ``surfaces``: the law, then its samples."""

    name: str
    surfaces: tuple[Surface, ...]
    weights: Array
    held_out: Array

    @property
    def samples(self) -> int:
        """Samples beside the law as fitted."""
        return len(self.surfaces) - 1

    def values(self, log_params: Array, log_tokens: Array, shares: Array, sample: int) -> Array:
        """(rows,): nats per token."""
        return np.asarray(np.exp(self.surfaces[sample].log_losses(log_params, log_tokens, shares)) @ self.weights)


def given_law(
    law: Law, domains: tuple[str, ...], weights: dict[str, float], measured: Measured, seed: int
) -> LawMean | None:
    """``law`` as it was fitted before the search; None where it lacks a domain of the search or a weighted target."""
    if set(law.domains) != set(domains) or not set(weights) <= set(law.targets):
        return None
    weight = np.array([weights.get(name, 0.0) for name in law.targets])
    drawn = np.random.default_rng(seed).permutation(len(law.samples))[:SAMPLES]
    order = np.array([domains.index(name) for name in law.domains])
    surfaces = tuple(
        _Reordered(surface.form, surface.domains, surface.values, surface.posteriors, order)
        for surface in (law.surface(), *(law.surface(int(k)) for k in drawn))
    )
    mean = LawMean("law", surfaces, weight / weight.sum(), np.empty(0))
    held_out = mean.values(measured.log_params, measured.log_tokens, measured.shares, 0)
    return LawMean(mean.name, mean.surfaces, mean.weights, held_out)


@dataclass(frozen=True)
class _Reordered(Surface):
    """A surface that takes shares in the search's order. ``order`` (law's domains,): where each stands there."""

    order: Array

    def log_losses(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        return super().log_losses(log_params, log_tokens, shares[:, self.order])


def refitted_law(
    name: str, measured: Measured, domains: tuple[str, ...], weights: dict[str, float], seed: int
) -> LawMean | None:
    """The form called ``name`` fitted to ``measured``; None where there is nothing that a law could be fitted to."""
    targets = tuple(weights)
    positive = np.isfinite(measured.losses).all(axis=1) & (measured.losses > 0).all(axis=1)
    if positive.sum() < FOLDS or len(np.unique(np.round(measured.shares, 6), axis=0)) < 3:
        return None
    form: Form = find_form(name)
    kept = np.flatnonzero(positive)
    data = measured.select(kept).observations(domains, targets)
    generator = np.random.default_rng(seed)
    worth = 1.0 / measured.doubt[kept]
    values = form.fit(data, worth[None], 1)[0]
    fold = generator.permutation(len(kept)) % FOLDS
    out = form.near(data, values, (fold != np.arange(FOLDS)[:, None]) * worth, 1)
    drawn = generator.exponential(size=(SAMPLES, len(kept)))
    drawn *= len(kept) / drawn.sum(axis=1, keepdims=True)
    samples = form.resample(data, values, drawn * worth, generator, 1)
    weight = np.array(list(weights.values()))
    weight = weight / weight.sum()
    nothing = (None,) * len(targets)
    surfaces = tuple(Surface(form, domains, one, nothing) for one in (values, *samples))
    mean = LawMean(name, surfaces, weight, np.empty(0))
    held_out = mean.values(measured.log_params, measured.log_tokens, measured.shares, 0)
    for k, own in enumerate(out):
        at = kept[fold == k]
        rows = (measured.log_params[at], measured.log_tokens[at], measured.shares[at])
        held_out[at] = LawMean(name, (Surface(form, domains, own, nothing),), weight, np.empty(0)).values(*rows, 0)
    return LawMean(name, mean.surfaces, weight, held_out)
