"""The trade-off between two groups of languages: mixtures of which none is better for both.

The first group's loss is minimised under a falling ceiling for the second's (the epsilon-constraint method, Haimes et
al., 1971), so that stretches which no weighted sum reaches are found too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from codescale.allocation.default_weights import unmeasured_domains
from codescale.allocation.goals import LawAtScale, WeightedMean, no_ceilings
from codescale.allocation.minimise import Problem, minimise_over_mixtures, starts
from codescale.allocation.problem import law_at_scale
from codescale.allocation.uncertainty import MOST_SAMPLES, middle_90, sampled_laws
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens, Bounds, check_names
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.runs.units import LossUnit


@dataclass(frozen=True)
class FrontPoint:
    """A mixture of the front: ``first`` and ``second`` are the groups' mean losses (in ``loss_unit``), each with
    the middle 90 % over the law's bootstrap samples.
    """

    mixture: Mixture
    first: tuple[float, float, float]
    second: tuple[float, float, float]
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN


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

    Returns
    -------
    list of FrontPoint
        In order, the best for ``first`` at its head.

    Raises
    ------
    UserError
        For names outside the law, groups that share one or are empty, fewer than 2 points, and bounds in conflict.

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
    return [_front_point(law, point, goals, samples, found[k]) for k in kept]


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
    law: Law, point: LawAtScale, goals: Sequence[WeightedMean], samples: Sequence[LawAtScale], shares: Array
) -> FrontPoint:
    ends = []
    for goal in goals:
        drawn = np.array([goal.values(one.losses(shares[None]))[0] for one in samples])
        ends.append((float(goal.values(point.losses(shares[None]))[0]), *middle_90(drawn)))
    return FrontPoint(Mixture.from_array(law.domains, shares), ends[0], ends[1], law.loss_unit)
