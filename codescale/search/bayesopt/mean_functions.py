"""The mean of the search's surrogate: laws, given or fitted to the trials themselves, stacked with a constant.

    n  rows;  d  domains;  t  targets;  s  samples of a law, beside the law as fitted

Every mean is an ensemble: the law as fitted, then samples of what else it could be (its bootstrap). A sample is a
Thompson sample of the law; their spread is how unsure it is. A law refitted to the trials would look better on them
than it is, so it also predicts every row from a fit that has not seen it: by these predictions laws are weighted
(Wolpert 1992, "Stacked generalization") and the process on the residuals finds its amplitude. A law that tells nothing
gets no weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from codescale.arrays import Array, Integers
from codescale.laws.fitting.stacking import stack_weights
from codescale.laws.forms.base import Form
from codescale.laws.forms.curve import CurveForm
from codescale.laws.forms.registry import find_form
from codescale.laws.law import Law
from codescale.laws.surface import Surface
from codescale.search.bayesopt.dataset import Dataset, ScaledPoints
from codescale.search.bayesopt.settings import BayesOptSettings


class MeanFunction(Protocol):
    """The targets' values (log losses) over (log N, log D, shares)."""

    @property
    def name(self) -> str:
        """What a person reads."""
        ...

    @property
    def cross_validated(self) -> Array:
        """(n, t): predictions of the measured rows by fits that have not seen them."""
        ...

    def values(self, points: ScaledPoints, sample: int) -> Array:
        """(n, t): under ``sample`` from 0 to s, 0 the mean as fitted."""
        ...

    def samples(self, points: ScaledPoints) -> Array:
        """(1 + s, n, t): under every sample, the mean as fitted first."""
        ...


@dataclass(frozen=True)
class ConstantMean:
    """The same everywhere: ``constant`` (t,), whatever the sample (of ``sample_count``)."""

    constant: Array
    cross_validated: Array
    sample_count: int
    name: str = "level"

    def values(self, points: ScaledPoints, sample: int) -> Array:
        return np.tile(self.constant, (len(points), 1))

    def samples(self, points: ScaledPoints) -> Array:
        return np.tile(self.constant, (self.sample_count + 1, len(points), 1))


def constant_mean(data: Dataset, sample_count: int) -> ConstantMean:
    """The mean of what was measured at the largest scale; cross-validated, of all the other rows there."""
    scale = data.points.log_params + data.points.log_tokens
    top = scale > scale.max() - 0.01
    total, count = data.values[top].sum(axis=0), int(top.sum())
    cross_validated = np.tile(total / count, (len(data), 1))
    if count > 1:
        cross_validated[top] = (total - data.values[top]) / (count - 1)
    return ConstantMean(total / count, cross_validated, sample_count)


@dataclass(frozen=True)
class PriorLawMean:
    """A law from before the search: ``surfaces`` are the law and its samples, with what Gaussian process it has.

    ``order`` (law's domains,): where each stands among the search's; ``weights`` (t, law's targets): what of each of
    the law's losses makes up a target's. The law's samples are taken in turn where they are fewer than
    ``sample_count``.
    """

    surfaces: tuple[Surface, ...]
    order: Integers
    weights: Array
    cross_validated: Array
    sample_count: int
    name: str = "law"

    def values(self, points: ScaledPoints, sample: int) -> Array:
        surface = self.surfaces[sample % len(self.surfaces)]
        logs = surface.log_losses(points.log_params, points.log_tokens, points.shares[:, self.order])
        return np.asarray(np.log(np.exp(logs) @ self.weights.T))

    def samples(self, points: ScaledPoints) -> Array:
        return np.stack([self.values(points, sample) for sample in range(self.sample_count + 1)])


def prior_law_mean(
    law: Law,
    domains: tuple[str, ...],
    targets: Sequence[Mapping[str, float]],
    data: Dataset,
    seed: int,
    sample_count: int,
) -> PriorLawMean | None:
    """``law`` as it was fitted before the search; None where it lacks a domain of the search or a target.

    ``targets``: each as the law's targets that it is the weighted mean of.
    """
    if not set(law.domains) <= set(domains) or any(not set(one) <= set(law.targets) for one in targets):
        return None
    drawn = np.random.default_rng(seed).permutation(len(law.samples))[:sample_count]
    surfaces = (law.surface(), *(law.surface(int(k)) for k in drawn))
    order = np.array([domains.index(name) for name in law.domains], dtype=np.intp)
    weights = np.array([[one.get(name, 0.0) / sum(one.values()) for name in law.targets] for one in targets])
    mean = PriorLawMean(surfaces, order, weights, np.empty(0), sample_count)
    return replace(mean, cross_validated=mean.values(data.points, 0))


@dataclass(frozen=True)
class RefittedLawMean:
    """``form`` under ``parameters`` (1 + s, t, parameters)."""

    name: str
    form: Form
    domains: tuple[str, ...]
    parameters: Array
    cross_validated: Array

    def values(self, points: ScaledPoints, sample: int) -> Array:
        """All targets at once, since a form's parameters name no target."""
        at = (self.domains, points.log_params, points.log_tokens, points.shares)
        return self.form.log_losses(self.parameters[sample], *at).T

    def samples(self, points: ScaledPoints) -> Array:
        samples, targets, count = self.parameters.shape
        at = (self.domains, points.log_params, points.log_tokens, points.shares)
        logs = self.form.log_losses(self.parameters.reshape(-1, count), *at)
        return logs.reshape(samples, targets, len(points)).transpose(0, 2, 1)


def _quick(form: Form, settings: BayesOptSettings) -> Form:
    """``form`` with fewer of the solver's iterations."""
    if isinstance(form, CurveForm):
        form = copy(form)
        form.kept = settings.refit_starts
        form.iterations, form.iterations_near = settings.refit_iterations, settings.refit_iterations_near
    return form


def refitted_law_mean(
    name: str, data: Dataset, domains: tuple[str, ...], targets: tuple[str, ...], seed: int, settings: BayesOptSettings
) -> RefittedLawMean | None:
    """The form called ``name`` fitted to ``data``; None where there is nothing that a law could be fitted to."""
    folds = settings.folds
    if len(data) < folds or len(np.unique(np.round(data.points.shares, 6), axis=0)) < folds:
        return None
    form = _quick(find_form(name), settings)
    observations = data.observations(domains, targets)
    generator = np.random.default_rng(seed)
    worth = 1.0 / data.noise_scale
    values = form.fit(observations, worth[None], 1)[0]
    fold = generator.permutation(len(data)) % folds
    left_out = form.near(observations, values, (fold != np.arange(folds)[:, None]) * worth, 1)
    drawn = generator.exponential(size=(settings.law_samples, len(data)))
    drawn *= len(data) / drawn.sum(axis=1, keepdims=True)
    samples = form.resample(observations, values, drawn * worth, generator, 1)
    parameters = np.concatenate([values[None], samples])
    cross_validated = np.empty(data.values.shape)
    for k in range(folds):
        one = RefittedLawMean(name, form, domains, left_out[k : k + 1], np.empty(0))
        cross_validated[fold == k] = one.values(data.points.select(fold == k), 0)
    return RefittedLawMean(name, form, domains, parameters, cross_validated)


@dataclass(frozen=True)
class StackedMean:
    """The weighted mean of ``members``; ``weights`` (members,) sum to 1."""

    members: tuple[MeanFunction, ...]
    weights: Array

    @property
    def name(self) -> str:
        """Every member with its weight."""
        return ", ".join(f"{one.name} {part:.2f}" for one, part in zip(self.members, self.weights, strict=True))

    @property
    def cross_validated(self) -> Array:
        """(n, t): as the members, each with its weight."""
        return np.asarray(sum(part * one.cross_validated for one, part in self._weighted()))

    def values(self, points: ScaledPoints, sample: int) -> Array:
        """(n, t)."""
        return np.asarray(sum(part * one.values(points, sample) for one, part in self._weighted()))

    def samples(self, points: ScaledPoints) -> Array:
        """(1 + s, n, t)."""
        return np.asarray(sum(part * one.samples(points) for one, part in self._weighted()))

    def _weighted(self) -> list[tuple[MeanFunction, Array]]:
        return list(zip(self.members, self.weights, strict=True))


def stacked_mean(members: Sequence[MeanFunction], data: Dataset, settings: BayesOptSettings) -> StackedMean:
    """``members`` weighted so that unseen rows are predicted best, levels apart; those without weight are left out.

    One weight for all targets: a search has too few rows for more. With very few rows the last member stands alone.
    """
    if len(data) < settings.fewest_rows_for_stacking or len(members) == 1:
        return StackedMean((members[-1],), np.ones(1))
    residuals = []
    for member in members:
        left = (data.values - member.cross_validated) / np.sqrt(data.noise_scale)[:, None]
        residuals.append([left - left.mean(axis=0)])
    weights = stack_weights(residuals, ["trials"])
    kept = np.flatnonzero(weights)
    return StackedMean(tuple(members[int(k)] for k in kept), weights[kept])
