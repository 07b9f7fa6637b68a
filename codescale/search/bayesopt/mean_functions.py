"""The mean of the search's surrogate: laws, given or fitted to the trials themselves, stacked with a plain level.

Every mean is an ensemble: the law as fitted, then samples of what else it could be (its bootstrap). A sample is a
Thompson draw of the law; their spread is how unsure it is. A law refitted to the trials would look better on them than
it is, so it also predicts every row from a fit that has not seen it: by these predictions laws are weighted (Wolpert
1992, "Stacked generalization") and the process on the residuals finds its amplitude. A law that tells nothing gets no
weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from codescale.arrays import Array, Integers
from codescale.laws.fitting.stacking import stack_weights
from codescale.laws.forms import find_form
from codescale.laws.forms.base import Form
from codescale.laws.forms.curve import CurveForm
from codescale.laws.law import Law
from codescale.laws.surface import Surface
from codescale.search.bayesopt.dataset import Measured, Points

SAMPLES = 8
"""Samples of a law: what is not known of it is coarse, and each costs as much as the law itself."""
FOLDS = 6
REFITTED = ("effective-data", "additive")
"""The forms that are fitted to the trials: convex in the shares, and with a prior that keeps few rows in check."""


class Mean(Protocol):
    """The targets' values (log losses) over (log N, log D, shares)."""

    @property
    def name(self) -> str:
        """What a person reads."""
        ...

    @property
    def held_out(self) -> Array:
        """(rows, targets): predictions of the measured rows by fits that have not seen them."""
        ...

    def values(self, points: Points, sample: int) -> Array:
        """(rows, targets): under ``sample``, 0 the mean as fitted, up to :data:`SAMPLES`."""
        ...

    def every(self, points: Points) -> Array:
        """(1 + samples, rows, targets): under every sample, the mean as fitted first."""
        ...


@dataclass(frozen=True)
class Level:
    """The same everywhere: ``level`` (targets,)."""

    level: Array
    held_out: Array
    name: str = "level"

    def values(self, points: Points, sample: int) -> Array:
        return np.tile(self.level, (len(points), 1))

    def every(self, points: Points) -> Array:
        return np.tile(self.level, (SAMPLES + 1, len(points), 1))


def level_mean(measured: Measured) -> Level:
    """The mean of what was measured at the largest scale; held out, of all the other rows there."""
    scale = measured.points.log_params + measured.points.log_tokens
    top = scale > scale.max() - 0.01
    total, count = measured.values[top].sum(axis=0), int(top.sum())
    held_out = np.tile(total / count, (len(measured), 1))
    if count > 1:
        held_out[top] = (total - measured.values[top]) / (count - 1)
    return Level(total / count, held_out)


@dataclass(frozen=True)
class LawMean:
    """``form`` under ``parameters`` (1 + samples, targets, parameters)."""

    name: str
    form: Form
    domains: tuple[str, ...]
    parameters: Array
    held_out: Array

    def values(self, points: Points, sample: int) -> Array:
        """All targets at once, since a form's parameters name no target."""
        at = (self.domains, points.log_params, points.log_tokens, points.shares)
        return self.form.log_losses(self.parameters[sample], *at).T

    def every(self, points: Points) -> Array:
        samples, targets, count = self.parameters.shape
        at = (self.domains, points.log_params, points.log_tokens, points.shares)
        logs = self.form.log_losses(self.parameters.reshape(-1, count), *at)
        return logs.reshape(samples, targets, len(points)).transpose(0, 2, 1)


@dataclass(frozen=True)
class GivenLaw:
    """A law from before the search: ``surfaces`` are the law and its samples, with what Gaussian process it has.

    ``order`` (law's domains,): where each stands among the search's; ``weights`` (targets, law's targets): what of each
    of the law's losses makes up a target's.
    """

    surfaces: tuple[Surface, ...]
    order: Integers
    weights: Array
    held_out: Array
    name: str = "law"

    def values(self, points: Points, sample: int) -> Array:
        surface = self.surfaces[sample % len(self.surfaces)]
        logs = surface.log_losses(points.log_params, points.log_tokens, points.shares[:, self.order])
        return np.asarray(np.log(np.exp(logs) @ self.weights.T))

    def every(self, points: Points) -> Array:
        return np.stack([self.values(points, sample) for sample in range(SAMPLES + 1)])


def given_law(
    law: Law, domains: tuple[str, ...], targets: Sequence[Mapping[str, float]], measured: Measured, seed: int
) -> GivenLaw | None:
    """``law`` as it was fitted before the search; None where it lacks a domain of the search or a target.

    ``targets``: each as the law's targets that it is the weighted mean of.
    """
    if not set(law.domains) <= set(domains) or any(not set(one) <= set(law.targets) for one in targets):
        return None
    drawn = np.random.default_rng(seed).permutation(len(law.samples))[:SAMPLES]
    surfaces = (law.surface(), *(law.surface(int(k)) for k in drawn))
    order = np.array([domains.index(name) for name in law.domains], dtype=np.intp)
    weights = np.array([[one.get(name, 0.0) / sum(one.values()) for name in law.targets] for one in targets])
    mean = GivenLaw(surfaces, order, weights, np.empty(0))
    return replace(mean, held_out=mean.values(measured.points, 0))


def _brief(form: Form) -> Form:
    """``form`` with fewer of the solver's iterations: a fit that is done again after a few trials need not be exact."""
    if isinstance(form, CurveForm):
        form = copy(form)
        form.kept, form.iterations, form.iterations_near = 1, 30, 12
    return form


def refitted_law(
    name: str, measured: Measured, domains: tuple[str, ...], targets: tuple[str, ...], seed: int
) -> LawMean | None:
    """The form called ``name`` fitted to ``measured``; None where there is nothing that a law could be fitted to."""
    if len(measured) < FOLDS or len(np.unique(np.round(measured.points.shares, 6), axis=0)) < FOLDS:
        return None
    form = _brief(find_form(name))
    data = measured.observations(domains, targets)
    generator = np.random.default_rng(seed)
    worth = 1.0 / measured.doubt
    values = form.fit(data, worth[None], 1)[0]
    fold = generator.permutation(len(measured)) % FOLDS
    out = form.near(data, values, (fold != np.arange(FOLDS)[:, None]) * worth, 1)
    drawn = generator.exponential(size=(SAMPLES, len(measured)))
    drawn *= len(measured) / drawn.sum(axis=1, keepdims=True)
    samples = form.resample(data, values, drawn * worth, generator, 1)
    parameters = np.concatenate([values[None], samples])
    held_out = np.empty(measured.values.shape)
    for k in range(FOLDS):
        one = LawMean(name, form, domains, out[k : k + 1], np.empty(0))
        held_out[fold == k] = one.values(measured.points.select(fold == k), 0)
    return LawMean(name, form, domains, parameters, held_out)


@dataclass(frozen=True)
class Stacked:
    """The weighted mean of ``members``; ``parts`` (members,) sum to 1."""

    members: tuple[Mean, ...]
    parts: Array

    @property
    def name(self) -> str:
        """Every member with its weight."""
        return ", ".join(f"{one.name} {part:.2f}" for one, part in zip(self.members, self.parts, strict=True))

    @property
    def held_out(self) -> Array:
        """(rows, targets): as the members, each with its weight."""
        return np.asarray(sum(part * one.held_out for one, part in zip(self.members, self.parts, strict=True)))

    def values(self, points: Points, sample: int) -> Array:
        """(rows, targets)."""
        return np.asarray(
            sum(part * one.values(points, sample) for one, part in zip(self.members, self.parts, strict=True))
        )

    def every(self, points: Points) -> Array:
        """(1 + samples, rows, targets)."""
        return np.asarray(sum(part * one.every(points) for one, part in zip(self.members, self.parts, strict=True)))


def stacked(members: Sequence[Mean], measured: Measured) -> Stacked:
    """``members`` weighted so that unseen rows are foretold best, levels apart; those without weight are left out.

    One weight for all targets: a search has too few rows for more. Below three rows the last member stands alone.
    """
    if len(measured) < 3 or len(members) == 1:
        return Stacked((members[-1],), np.ones(1))
    residuals = []
    for member in members:
        left = (measured.values - member.held_out) / np.sqrt(measured.doubt)[:, None]
        residuals.append([left - left.mean(axis=0)])
    parts = stack_weights(residuals, ["trials"])
    kept = np.flatnonzero(parts)
    return Stacked(tuple(members[int(k)] for k in kept), parts[kept])
