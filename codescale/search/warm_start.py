"""What is known before a search's first trial, and how each part of the search is told: points to try first, runs that
stand for trials, and a sampler that learns from the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from codescale.arrays import Mask
from codescale.laws.law import Law
from codescale.laws.replicates import mixture_noise, shared_part
from codescale.mixtures.mixture import Mixture
from codescale.organisation import ORGANISATION
from codescale.runs.records import RunRecord
from codescale.runs.table import RunsTable
from codescale.search.bayesopt.dataset import LogScale, same_scale
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.objective.problem import SearchProblem
from codescale.search.samplers import SeededByTrial, excess_constraints
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.search.trials.history import TrialSource


@dataclass(frozen=True)
class WarmStart:
    """What is known before the search; nothing where it starts cold.

    Parameters
    ----------
    law_optimum
        The best mixture under the law, which is tried first.
    bootstrap_optima
        The best ones under its bootstrap samples: Thompson draws.
    evaluated
        The sweep's runs at the trials' scale, which enter as completed trials.
    law
        For our own sampler, which learns how far it holds.
    runs
        For our own sampler: the sweep's runs at every scale.
    noise
        Standard deviation of the objective between seeds (nats per token), below which nothing is worth another trial.
    target_noise
        For our own sampler: that of each language's log loss.
    """

    law_optimum: Mixture | None = None
    bootstrap_optima: list[Mixture] = field(default_factory=list)
    evaluated: list[RunRecord] = field(default_factory=list)
    law: Law | None = None
    runs: RunsTable | None = None
    noise: float | None = None
    target_noise: TargetNoise | None = None


def starting_points(problem: SearchProblem, warm: WarmStart) -> list[tuple[TrialSource, SearchPoint]]:
    """The reference of a rule of no harm, the law's optimum, then the Thompson draws, each moved into the space and
    none twice; where the data's organisation is searched the law's optimum under both, for a law knows neither.

    Our own sampler makes its draws itself, one after another: as soon as trials refute the law it makes none.
    """
    given: list[tuple[TrialSource, Mixture]] = [("law", warm.law_optimum)] if warm.law_optimum is not None else []
    draws_itself = problem.config.search.sampler == "law" and problem.objective.losses_alone
    given += [] if draws_itself else [("thompson", mixture) for mixture in warm.bootstrap_optima]
    return distinct_starts(problem.space, problem.usual_hyper, problem.reference, given)


def distinct_starts(
    space: SearchSpace,
    hyper: dict[str, float],
    reference: SearchPoint | None,
    given: Sequence[tuple[TrialSource, Mixture]],
) -> list[tuple[TrialSource, SearchPoint]]:
    """The ``reference`` of a rule of no harm where there is one, then the ``given`` mixtures as the space allows them,
    trained with ``hyper``; none twice, and the law's under both organisations where that is searched.
    """
    starts: list[tuple[TrialSource, SearchPoint]] = []
    if reference is not None:
        starts.append(("reference", reference))
    for source, mixture in given:
        for settings in [hyper, *(_otherwise_organised(hyper) if source == "law" else [])]:
            point = SearchPoint(space.inside(mixture), settings)
            if not any(point.same(other) for _, other in starts):
                starts.append((source, point))
    return starts


def _otherwise_organised(hyper: dict[str, float]) -> list[dict[str, float]]:
    """``hyper`` with the other organisation; nothing where it is not among them."""
    return [hyper | {ORGANISATION: 1.0 - hyper[ORGANISATION]}] if ORGANISATION in hyper else []


def comparable(records: Sequence[RunRecord], problem: SearchProblem) -> list[RunRecord]:
    """Those of ``records`` that were trained as a trial is: same N, D, start, corpus and repetition, and the study's
    organisation where that is not searched.
    """
    config, proxy = problem.config, problem.proxy
    return [
        record
        for record in records
        if record.corpus_id == problem.corpus_id
        and record.spec.n_params == proxy.n_params
        and record.spec.start == config.start_id
        and proxy.n_tokens in record.spec.token_points
        and record.spec.unique_tokens == config.sweep.unique_tokens
        and (problem.space.frees_organisation or record.spec.organisation == config.training.organisation)
    ]


def target_noise(runs: RunsTable | None, problem: SearchProblem) -> TargetNoise | None:
    """How much seeds change the log loss of each language that weighs or is protected, as those of the sweep's ``runs``
    tell that were trained as a trial is; None where no mixture was trained with two seeds.

    Each language's own deviation is shrunk to that of all.
    """
    weights, rule = problem.objective.weights, problem.no_harm
    targets = tuple(weights if rule is None else rule.targets(weights))
    if runs is None or not set(targets) <= set(runs.targets):
        return None
    alike = runs.select(_as_trials(runs, problem)).fittable()
    noise = mixture_noise(alike, targets) if len(alike) else None
    if noise is None:
        return None
    deviation = dict(zip(targets, noise.moderated.deviation.tolist(), strict=True))
    return TargetNoise(deviation, shared_part(alike, targets, noise))


def beside_trials(runs: RunsTable | None, problem: SearchProblem) -> RunsTable | None:
    """Those of the sweep's ``runs`` that are no trials: in the space, at the trials' own scale and seed, they enter as
    trials, or were trained otherwise, and none counts twice. None where none is left.
    """
    if runs is None:
        return None
    inside = np.array([problem.space.feasible.contains(mixture) for mixture in runs.mixtures], dtype=bool)
    left = runs.select(~(_as_trials(runs, problem) & (runs.seed == problem.config.seed) & inside))
    return left if len(left) else None


def _as_trials(runs: RunsTable, problem: SearchProblem) -> Mask:
    """(rows,): which of ``runs`` were trained at the trials' scale."""
    scale = LogScale(*np.log([problem.proxy.n_params, problem.proxy.n_tokens]).tolist())
    return same_scale(np.log(runs.n_params), np.log(runs.n_tokens), scale)


def trial_sampler(problem: SearchProblem, warm: WarmStart) -> SeededByTrial | LawSampler:
    """The sampler that the study names. Under a rule of no harm Optuna's are told what breaks it, where they can be."""
    config = problem.config
    if config.search.sampler == "law":
        return law_sampler(problem, warm)
    constraints = None if problem.no_harm is None else excess_constraints(len(problem.no_harm.protected))
    return SeededByTrial(config.search.sampler, config.seed, constraints)


def law_sampler(problem: SearchProblem, warm: WarmStart) -> LawSampler:
    """Our own sampler, told what was known before, and the scale that trials have; of an objective that is more than
    losses a law can tell nothing.
    """
    config, objective = problem.config, problem.objective
    n_params, n_tokens = problem.proxy
    rule, reference = problem.no_harm, problem.reference
    weights = objective.weights if rule is None else rule.targets(objective.weights)
    return LawSampler(
        problem.space,
        weights=weights if objective.losses_alone else None,
        n_params=n_params,
        n_tokens=n_tokens,
        law=warm.law,
        runs=beside_trials(warm.runs, problem),
        hyper=problem.base_hyper,
        noise=warm.noise,
        target_noise=warm.target_noise,
        seed=config.seed,
        no_harm=None if rule is None or reference is None else (rule.rule, reference),
    )
