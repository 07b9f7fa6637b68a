"""A search without training: the same samplers and the same stopping rule against a landscape that is known.

What it gives is the curve "regret against cost": how far the mixture that a search would recommend is from the best
one, as a part of the best attainable gain over uniform, by the FLOPs spent until then. Noise misleads the search as it
would in earnest; the regret itself is read off the landscape without noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.trial import Trial, TrialState

from codescale.arrays import Array, Mask
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.runs.table import RunsTable
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.bayesopt.termination import ReportsExpectedImprovement, Terminator
from codescale.search.bayesopt.trial_reader import INTERMEDIATE_LOSSES, LOSSES
from codescale.search.objective.no_harm import MeasuredNoHarm
from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.rule import PruningRule
from codescale.search.samplers import EXCESS, SamplerName, excess_constraints, make_sampler
from codescale.search.simulation.landscape import Attainable, Landscape, SimulatedRun
from codescale.search.space.distributions import distributions
from codescale.search.space.space import SearchPoint, SearchSpace

LEVEL = 0.9
"""Of the interval over seeds."""


@dataclass(frozen=True)
class Known:
    """What a search knows before its first trial, and ``cost``, the FLOPs that it took to learn it.

    ``start``: a mixture that is tried first; ``law`` and ``runs``: for the sampler that can use them. ``noise``: what
    replicates told that sampler of seeds; it then knows how much they change the objective, too.
    """

    law: Law | None = None
    runs: RunsTable | None = None
    start: Mixture | None = None
    cost: float = 0.0
    noise: TargetNoise | None = None


@dataclass(frozen=True)
class SearchPlan:
    """A search to simulate: ``trials`` with ``sampler``, so many at once, stopped by the rule or not.

    ``report_every``: trials between two recommendations that are judged. ``until``: a regret at which the search ends,
    as soon as two reports in a row are there (None: it goes on to its last trial). ``ends``: it ends where it says
    that too little is to be gained, as a search in earnest; else it goes on, to show what more would give.
    ``no_harm``: a rule that the search keeps; its reference is the first trial.
    """

    sampler: SamplerName
    trials: int
    concurrency: int = 1
    prune: bool = False
    report_every: int = 5
    until: float | None = None
    ends: bool = False
    no_harm: ResolvedNoHarm | None = None


@dataclass(frozen=True)
class End:
    """Where a search says that too little is to be gained: after so many ``trials``, at ``cost`` (FLOPs) and
    ``regret``.
    """

    trials: int
    cost: float
    regret: float


@dataclass(frozen=True)
class Outcome:
    """One simulated search: after each report the ``cost`` so far (FLOPs), the ``regret`` of the recommended mixture,
    and ``regret_of_lowest``, that of the lowest measurement. ``pruned``: trials stopped early. ``end``: where the
    search would have ended of itself; None where it would not have, or its sampler cannot tell. ``kept``: whether what
    was recommended keeps the rule without noise; None where there is no rule.
    """

    cost: Array
    regret: Array
    regret_of_lowest: Array
    pruned: int
    recommended: Array = field(repr=False)
    end: End | None = None
    kept: Mask | None = None


def simulate(
    landscape: Landscape, space: SearchSpace, plan: SearchPlan, known: Known, target: Attainable, seed: int
) -> Outcome:
    """One search. The same seed gives the same outcome."""
    with one_blas_thread():
        return _simulate(landscape, space, plan, known, target, seed)


def _simulate(
    landscape: Landscape, space: SearchSpace, plan: SearchPlan, known: Known, target: Attainable, seed: int
) -> Outcome:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    deviation = landscape.deviation(target.shares)
    sampler = _sampler(landscape, space, plan, known, seed, deviation)
    adviser = sampler if plan.no_harm is None else _law_sampler(landscape, space, known, seed, plan.no_harm, deviation)
    study = optuna.create_study(sampler=sampler)
    measured = None
    if plan.no_harm is not None:
        measured = MeasuredNoHarm(plan.no_harm, _moved_in(plan.no_harm.reference, space))
        study.enqueue_trial(space.parameters(measured.reference))
    if known.start is not None:
        study.enqueue_trial(space.parameters(_moved_in(known.start, space)))
    generator = np.random.default_rng((seed, 1))
    luck = landscape.seed_luck(np.random.default_rng((seed, 2)))  # all trials share a seed
    cost, pruned = known.cost, 0
    finished: list[LearningCurve] = []
    reports: list[tuple[float, float, float, Array, bool]] = []
    done, end = 0, None
    terminator = Terminator(deviation)
    while done < plan.trials and not _reached(reports, plan.until) and not (plan.ends and end):
        batch = []
        for _ in range(min(plan.concurrency, plan.trials - done)):
            batch.append(study.ask(distributions(space)))
            if isinstance(sampler, ReportsExpectedImprovement) and end is None:
                terminator.observe(sampler)
                if terminator.verdict:
                    end = End(done, cost, _judged(study, adviser, space, landscape, target)[0])
        for trial in batch:
            point = space.point(trial.params)
            run = landscape.run(point.mixture.array(landscape.domains), generator, seed_luck=luck)
            stopped = _tell(study, trial, run, landscape, finished if plan.prune else None, measured, point)
            cost += landscape.cost(stopped)
            pruned += stopped is not None
            done += 1
            if done % plan.report_every == 0 or done == plan.trials:
                reports.append((cost, *_judged(study, adviser, space, landscape, target)))
    if end is not None and not reports:
        reports.append((cost, *_judged(study, adviser, space, landscape, target)))
    return Outcome(
        cost=np.array([row[0] for row in reports]),
        regret=np.array([row[1] for row in reports]),
        regret_of_lowest=np.array([row[2] for row in reports]),
        pruned=pruned,
        recommended=reports[-1][3],
        end=end,
        kept=None if plan.no_harm is None else np.array([row[4] for row in reports], dtype=bool),
    )


def _reached(reports: Sequence[tuple[float, float, float, Array, bool]], until: float | None) -> bool:
    return until is not None and len(reports) > 1 and all(row[1] <= until and row[4] for row in reports[-2:])


def _moved_in(mixture: Mixture, space: SearchSpace) -> SearchPoint:
    middle = {name: (limits.low + limits.high) / 2 for name, limits in space.hyperparameters.items()}
    return SearchPoint(space.inside(mixture), middle)


def _sampler(
    landscape: Landscape, space: SearchSpace, plan: SearchPlan, known: Known, seed: int, deviation: float
) -> BaseSampler:
    if plan.sampler == "law":
        return _law_sampler(landscape, space, known, seed, plan.no_harm, deviation)
    constraints = None if plan.no_harm is None else excess_constraints(len(plan.no_harm.protected))
    return make_sampler(plan.sampler, seed, constraints)


def _law_sampler(
    landscape: Landscape,
    space: SearchSpace,
    known: Known,
    seed: int,
    no_harm: ResolvedNoHarm | None,
    deviation: float,
) -> LawSampler:
    return LawSampler(
        space,
        weights=landscape.weights if no_harm is None else no_harm.targets(landscape.weights),
        n_params=landscape.n_params,
        n_tokens=landscape.n_tokens,
        law=known.law,
        runs=known.runs,
        noise=None if known.noise is None else deviation,
        target_noise=known.noise,
        seed=seed,
        no_harm=None if no_harm is None else (no_harm.rule, _moved_in(no_harm.reference, space)),
    )


def _tell(
    study: optuna.Study,
    trial: Trial,
    run: SimulatedRun,
    landscape: Landscape,
    finished: list[LearningCurve] | None,
    measured: MeasuredNoHarm | None,
    point: SearchPoint,
) -> int | None:
    """Tells ``trial`` at ``point`` as its run went; the tokens at which the rule stopped it, None where it came to its
    end.

    ``finished``: the curves of finished trials, to which a finished one is added; None: nothing is stopped.
    """
    named = partial(zip, landscape.targets, strict=True)
    trial.set_user_attr(
        INTERMEDIATE_LOSSES, {str(tokens): dict(named(losses.tolist())) for tokens, losses in run.evaluations}
    )
    points: list[tuple[int, float]] = []
    for tokens, losses in run.evaluations:
        value = landscape.mean(losses)
        points.append((tokens, value))
        trial.report(value, tokens)
        if finished is not None and _hopeless(LearningCurve(tuple(points)), finished, measured):
            study.tell(trial, state=TrialState.PRUNED)
            return tokens
    final = landscape.mean(run.losses)
    if finished is not None:
        finished.append(LearningCurve(tuple(points), final))
    losses_by_target = dict(named(run.losses.tolist()))
    trial.set_user_attr(LOSSES, losses_by_target)
    if measured is not None:
        measured.finish(str(trial.number), point, losses_by_target, final)
        trial.set_user_attr(EXCESS, measured.excess(str(trial.number)))
    study.tell(trial, final)
    return None


def _hopeless(curve: LearningCurve, finished: list[LearningCurve], measured: MeasuredNoHarm | None) -> bool:
    """Whether the trial is stopped: it cannot beat the best, which under a rule is the best that keeps it."""
    if measured is None:
        return PruningRule().should_prune(curve, finished)
    return measured.to_beat is not None and PruningRule().should_prune(curve, finished, measured.to_beat)


def _judged(
    study: optuna.Study, sampler: BaseSampler, space: SearchSpace, landscape: Landscape, target: Attainable
) -> tuple[float, float, Array, bool]:
    """The regrets of what is recommended now and of the lowest measurement, and the former's shares and whether it
    keeps the rule.
    """
    lowest = space.point(study.best_trial.params).mixture.array(landscape.domains)
    chosen = lowest
    if isinstance(sampler, LawSampler):
        chosen = sampler.recommend(study).mixture.array(landscape.domains)
    at = landscape.objective(np.stack([chosen, lowest]))
    kept = target.kept(landscape.losses(chosen[None])[0])
    return target.regret(float(at[0])), target.regret(float(at[1])), chosen, kept


def simulate_seeds(
    landscape: Landscape,
    space: SearchSpace,
    plan: SearchPlan,
    known: Known,
    target: Attainable,
    seeds: Sequence[int],
    workers: int = 1,
) -> list[Outcome]:
    """One search for each seed, ``workers`` at once, each in a process of its own where there are several."""
    one = partial(simulate, landscape, space, plan, known, target)
    if workers <= 1 or len(seeds) <= 1:
        return [one(seed) for seed in seeds]
    import multiprocessing

    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(one, seeds))


@dataclass(frozen=True)
class RegretAt:
    """Over seeds, at one cost: the median regret and the middle 90 %."""

    cost: float
    median: float
    low: float
    high: float


def regret_at(outcomes: Sequence[Outcome], costs: Sequence[float]) -> list[RegretAt]:
    """The regret of the mixture that each search would have recommended at each of ``costs``; before its first report
    that is uniform, a regret of 1.
    """
    rows = []
    for cost in costs:
        regrets = []
        for outcome in outcomes:
            reached = np.flatnonzero(outcome.cost <= cost * (1 + 1e-9))
            regrets.append(float(outcome.regret[reached[-1]]) if len(reached) else 1.0)
        half = (1.0 - LEVEL) / 2
        low, middle, high = np.quantile(regrets, [half, 0.5, 1.0 - half])
        rows.append(RegretAt(float(cost), float(middle), float(low), float(high)))
    return rows


def cost_to(outcome: Outcome, regret: float) -> float:
    """FLOPs until the recommended mixture's regret is at most ``regret`` (and it keeps the rule, where there is one),
    and still is at the next report (where there is one): one lucky report does not count. Infinite where that never
    happens.
    """
    good = outcome.regret <= regret
    if outcome.kept is not None:
        good = good & outcome.kept
    reached = np.flatnonzero(good & np.append(good[1:], True))
    return float(outcome.cost[reached[0]]) if len(reached) else float("inf")
