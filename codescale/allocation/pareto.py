"""The trade-off between two groups of languages: mixtures of which none is better for both.

The first group's loss is minimised under a falling ceiling for the second's (the epsilon-constraint method, Haimes et
al., 1971), so that stretches which no weighted sum reaches are found too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from codescale.allocation.default_weights import unmeasured_domains
from codescale.allocation.goals import LawAtScale, WeightedMean, no_ceilings
from codescale.allocation.minimise import Problem, minimise_over_mixtures, starts
from codescale.allocation.problem import Baselines, baselines_of, law_at_scale
from codescale.allocation.uncertainty import MOST_SAMPLES, middle_90, sampled_laws
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens, Bounds, check_names
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.runs.units import LossUnit

Estimate = tuple[float, float, float]
"""A value, and low and high of its interval."""


@dataclass(frozen=True)
class FrontPoint:
    """A mixture of the front: ``first`` and ``second`` are the groups' mean losses (in ``loss_unit``), each with
    the middle 90 % over the law's bootstrap samples. ``gains``: by the word of a baseline, what the groups' losses lie
    below those under it, likewise.
    """

    mixture: Mixture
    first: Estimate
    second: Estimate
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    gains: dict[str, tuple[Estimate, Estimate]] = field(default_factory=dict)


def trace_front(
    law: Law,
    n_params: float,
    n_tokens: float,
    first: Sequence[str],
    second: Sequence[str],
    points: int = 11,
    bounds: Bounds | None = None,
    available: AvailableTokens | None = None,
    seed: int = 0,
    baselines: Baselines = (),
) -> list[FrontPoint]:
    """The mixtures from the best for one group of languages to the best for another, none dominated by another.

    Parameters
    ----------
    law, n_params, n_tokens, bounds, available, seed
        As in :func:`~codescale.allocation.optimize.optimize_mixture`.
    first, second
        Targets of the law, no one in both groups; they count alike within a group.
    points
        How many mixtures to try, 2 or more; those dominated by another are left out.
    baselines
        As there; to ``weights`` all languages of both groups weigh alike.

    Returns
    -------
    list of FrontPoint
        In order, the best for ``first`` at its head.

    Raises
    ------
    UserError
        For names outside the law, groups that share one or are empty, fewer than 2 points, bounds in conflict, and a
        baseline that needs tokens which ``available`` does not have.

    References
    ----------
    Haimes, Lasdon and Wismer 1971, "On a bicriterion formulation of the problems of integrated system identification
    and system optimization" (the epsilon-constraint method).
    """
    for group, where in ((first, "--first"), (second, "--second")):
        check_names(group, law.targets, where)
        if not group:
            raise UserError(where, "names no language", f"name one of {', '.join(law.targets)}")
    if shared := set(first) & set(second):
        raise UserError("--second", f"{min(shared)} is in both groups", "name each language once")
    if points < 2:
        raise UserError("--points", f"{points} make no front", "give 2 or more")
    point = law_at_scale(law, n_params, n_tokens, available)
    goals = [_mean_of(law, group) for group in (first, second)]
    both = _mean_of(law, (*first, *second)).weights
    compared = baselines_of(law, baselines, n_tokens, both, available)
    feasible = FeasibleSet.within(law.domains, n_tokens, bounds, available)
    problem = Problem(point, goals[0], feasible, no_ceilings(len(law.targets)))
    begin = starts(problem, np.random.default_rng(seed))
    ends = [minimise_over_mixtures(replace(problem, goal=goal), begin) for goal in goals]
    worst, best = (float(goals[1].values(point.losses(end[None]))[0]) for end in ends)
    ceilings = np.linspace(worst, best, points)
    found = [ends[0]]
    for ceiling in ceilings[1:-1]:
        limited = replace(problem, ceilings=problem.ceilings.with_ceiling(goals[1].weights, float(ceiling)))
        found.append(minimise_over_mixtures(limited, [found[-1], *ends, 0.5 * (ends[0] + ends[1])]))
    found.append(ends[1])
    samples = sampled_laws(law, point, MOST_SAMPLES)
    kept = _not_dominated(np.array([[goal.values(point.losses(one[None]))[0] for goal in goals] for one in found]))
    return [_front_point(law, point, goals, samples, found[k], compared) for k in kept]


def in_neither_group(law: Law, first: Sequence[str], second: Sequence[str]) -> list[str]:
    """What weighs nothing on a front of two groups: the targets in neither, and domains of which no loss is known."""
    return [name for name in (*law.targets, *unmeasured_domains(law)) if name not in {*first, *second}]


def _mean_of(law: Law, group: Sequence[str]) -> WeightedMean:
    weights = np.array([float(name in group) for name in law.targets])
    return WeightedMean(weights / weights.sum())


def _not_dominated(values: Array) -> list[int]:
    """Rows of ``values`` (points, 2) that no other row is below in both, without repetitions."""
    kept: list[int] = []
    for k, own in enumerate(values):
        others = np.delete(values, k, axis=0)
        dominated = ((others <= own + 1e-12).all(axis=1) & (others < own - 1e-9).any(axis=1)).any()
        repeated = any(np.abs(values[j] - own).max() < 1e-9 for j in kept)
        if not dominated and not repeated:
            kept.append(k)
    return kept


def _front_point(
    law: Law,
    point: LawAtScale,
    goals: Sequence[WeightedMean],
    samples: Sequence[LawAtScale],
    shares: Array,
    baselines: Mapping[str, Mixture],
) -> FrontPoint:
    laws = [point, *samples]
    both = [_estimate(np.array([_value(goal, one, shares) for one in laws])) for goal in goals]
    gains = {}
    for word, mixture in baselines.items():
        other = mixture.array(law.domains)
        over = [
            _estimate(np.array([_value(goal, one, other) - _value(goal, one, shares) for one in laws]))
            for goal in goals
        ]
        gains[word] = (over[0], over[1])
    return FrontPoint(Mixture.from_array(law.domains, shares), both[0], both[1], law.loss_unit, gains)


def _value(goal: WeightedMean, law: LawAtScale, shares: Array) -> float:
    return float(goal.values(law.losses(shares[None]))[0])


def _estimate(values: Array) -> Estimate:
    """Of the law's own value, followed by those of its samples."""
    return (float(values[0]), *middle_90(values[1:]))
