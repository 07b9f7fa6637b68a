"""A rule of no harm as the optimizer keeps it: how likely a point does, and acquisitions that heed it.

    m  points asked for;  t  targets;  s  samples of the mean, beside the mean as fitted

Every protected target's loss is a constraint: it may lie above the reference's by a margin. Both losses are uncertain,
and what is unknown of them is largely the same; so the rule is held to their difference under the joint posterior,
never to the reference's measured loss. Constrained expected improvement is the improvement times the probability of
feasibility (Gardner et al. 2014, "Bayesian optimization with inequality constraints"; Gelbart et al. 2014, "Bayesian
optimization with unknown constraints"); a constrained Thompson sample is the best of what one sample allows (Eriksson
and Poloczek 2021, "Scalable constrained Bayesian optimization").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp

from codescale.arrays import Array, Mask
from codescale.mixtures.no_harm import NoHarmRule
from codescale.search.bayesopt.acquisition import Acquisition, log_standard_ei
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.space.points import Points

_ROUNDING = 1e-6
"""Of a log loss: an excess that counts as none, so that the reference keeps a rule without a margin."""
_ABOVE_ALL = 1e3
"""What a violation of 1 costs, in units of the objective: whatever keeps the rule is better than what does not."""


@dataclass(frozen=True)
class Constraint:
    """``rule`` beside one point, the ``reference``, for those of t targets that are ``protected`` (t,); a
    recommendation keeps it with a probability of ``confidence``.
    """

    rule: NoHarmRule
    reference: Points
    confidence: float
    protected: Mask

    def log_probability(self, posterior: Posterior, points: Points) -> Array:
        """(m,): the logarithm of the probability that every target keeps the rule at ``points``."""
        differences = posterior.differences(points, self.reference)
        room = self._room(posterior, differences.at_reference)[:, None] - differences.expected
        each = log_ndtr(room / differences.deviation)[:, :, self.protected].sum(axis=2)
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

    def probability(self, posterior: Posterior, points: Points) -> Array:
        """(m,): the probability that every target keeps the rule at ``points``."""
        return np.asarray(np.exp(self.log_probability(posterior, points)))

    def violation(self, posterior: Posterior, points: Points, sample: int, sigmas: float = 0.0) -> Array:
        """(m,): by how much log losses exceed what the rule allows, all targets together, under one sample of the laws
        and ``sigmas`` deviations above what the processes expect.
        """
        differences = posterior.differences(points, self.reference)
        room = self._room(posterior, differences.at_reference[sample])
        excess = differences.expected[sample] + sigmas * differences.deviation - room
        return np.asarray(np.maximum(excess, 0.0)[:, self.protected].sum(axis=1))

    def allowed(self, posterior: Posterior, values: Array) -> Array:
        """(draws, m): whether joint draws ``values`` (draws, m + 1, t), the reference's last, keep the rule."""
        reference = values[:, -1]
        room = self._room(posterior, reference)
        kept = values[:, :-1] - reference[:, None] <= room[:, None]
        return np.asarray(kept[:, :, self.protected].all(axis=2))

    def best(self, objective: Array, probability: Array) -> int:
        """Which of m points to recommend: of those that keep the rule with the confidence the one of least expected
        ``objective`` (m,), or where there are none the likeliest to keep it.
        """
        kept = probability >= self.confidence
        if not kept.any():
            return int(np.argmax(probability))
        return int(np.argmin(np.where(kept, objective, np.inf)))

    def _room(self, posterior: Posterior, reference: Array) -> Array:
        """By how much values may exceed those at the ``reference`` (…, t): the same shape."""
        if posterior.log_losses:
            return np.asarray(np.log(self.rule.ceilings(np.exp(reference))) - reference + _ROUNDING)
        return np.asarray(self.rule.ceilings(reference) - reference + _ROUNDING)


def constrained_thompson_sample(
    posterior: Posterior, constraint: Constraint, generator: np.random.Generator
) -> Acquisition:
    """The objective under one sample of the laws, and above it whatever breaks the rule under that sample."""
    sample = 1 + int(generator.integers(posterior.settings.law_samples))
    return within_sample(posterior, constraint, sample, posterior.settings.no_harm_sigmas)


def within_sample(posterior: Posterior, constraint: Constraint, sample: int, sigmas: float = 0.0) -> Acquisition:
    """The objective under one sample of the laws (0: as fitted), and above it whatever breaks the rule under it, with
    ``sigmas`` deviations to spare.
    """

    def acquisition(points: Points) -> Array:
        objective = posterior.mean_sample(points, sample)
        return np.asarray(objective + _ABOVE_ALL * constraint.violation(posterior, points, sample, sigmas))

    return acquisition


def log_constrained_ei(posterior: Posterior, constraint: Constraint, known: Points) -> Acquisition:
    """Minus the logarithm of the expected improvement on the best of the points ``known`` that keeps the rule, times
    the probability of keeping it.
    """
    best = best_allowed_mean(posterior, constraint, known)

    def acquisition(points: Points) -> Array:
        mean, std = posterior.mean_and_std(points)
        improvement = log_standard_ei((best - mean) / std) + np.log(std)
        return np.asarray(-improvement - constraint.log_probability(posterior, points))

    return acquisition


def best_allowed_mean(posterior: Posterior, constraint: Constraint, known: Points) -> float:
    """The least expected objective of the points ``known`` that keep the rule; that of the reference, which always
    does, where none is less.
    """
    points = Points.concatenate([constraint.reference, known])
    mean, _ = posterior.mean_and_std(points)
    return float(mean[constraint.best(mean, constraint.probability(posterior, points))])


def expectation_within(posterior: Posterior, constraint: Constraint) -> Acquisition:
    """The objective expected, and above it whatever keeps the rule with less than the confidence."""
    least = np.log(constraint.confidence)

    def acquisition(points: Points) -> Array:
        short = np.maximum(least - constraint.log_probability(posterior, points), 0.0)
        return np.asarray(posterior.mean(points) + _ABOVE_ALL * short)

    return acquisition
