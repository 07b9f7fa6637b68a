"""A search from start to end: rebuild what was done, let Tune run what is left, keep ``search.json`` up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codescale.cluster.ray_cluster import started_ray
from codescale.progress import Progress
from codescale.runs.records import read_records
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.objective.no_harm import MeasuredNoHarm
from codescale.search.objective.problem import SearchProblem
from codescale.search.recommendation import recommendation
from codescale.search.result import NoHarmResult, SearchHeader, SearchResult
from codescale.search.trials.history import TrialHistory
from codescale.search.trials.session import OpenSession
from codescale.search.trials.spec import TrialSpecs
from codescale.search.tune.optuna_mirror import OptunaMirror
from codescale.search.tune.run import run_trials
from codescale.search.tune.searcher import MixtureSearcher
from codescale.search.warm_start import WarmStart, comparable, law_sampler, starting_points, trial_sampler
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder


@dataclass(frozen=True)
class FrontSearch:
    """One of the searches of a Pareto front: its name, which is in the trials' ids, the file it is kept in, and where
    Optuna's dashboard sees it.
    """

    name: str
    path: Path
    mirror: OptunaMirror


def run_search(
    problem: SearchProblem,
    warm: WarmStart,
    open_session: OpenSession,
    folder: StudyFolder,
    progress: Progress,
    part: FrontSearch | None = None,
) -> SearchResult:
    """Searches with real runs.

    Called again after a kill it goes on: finished and stopped trials are taken from ``folder.runs``, one that was under
    way from its checkpoint. With a concurrency of 1 the trials are those of an undisturbed search. A Ray that runs is
    used and left running; else one is started.

    Parameters
    ----------
    problem
        What is asked.
    warm
        What is known before.
    open_session
        Opens a trial's training on its worker.
    folder
        Where records, checkpoints and ``search.json`` are.
    progress
        Is told of every trial.
    part
        Which search of a Pareto front this is; None where there is one objective.

    Returns
    -------
    SearchResult
        What ``search.json`` holds.

    Raises
    ------
    UserError
        Where a trial meets bad input.
    RuntimeError
        Where one crashes again and again.
    KeyboardInterrupt
        When the trials under way have been stopped.
    """
    config = problem.config
    specs = TrialSpecs(problem, part.name if part else "")
    path = part.path if part else folder.search
    history = TrialHistory(path, header_of(problem), problem.objective, measured_no_harm(problem))
    sampler = trial_sampler(problem, warm)
    starts, mirror = starting_points(problem, warm), part.mirror if part else None
    noise = warm.noise if config.search.end_at_noise else None
    search = MixtureSearcher(specs, sampler, history, folder, starts, progress, noise, mirror)
    for record in comparable(warm.evaluated, problem):
        search.add_evaluated(record)
    with progress.bar("Search", _planned_tokens(config)) as advance:
        history.advance = advance
        search.replay(specs.belonging(read_records(folder.runs)), history.previous())
        if search.remaining:
            history.start_clock()
            with started_ray(config.ray) as workers:
                run_trials(search, open_session, workers)
    adviser = sampler if problem.no_harm is None else law_sampler(problem, warm)  # Optuna's know no probability
    history.recommended = recommendation(adviser, search.study, history)
    search.write()
    if search.refusal:
        raise search.refusal
    if not search.ended:
        raise KeyboardInterrupt
    return history.result()


def header_of(problem: SearchProblem) -> SearchHeader:
    """What tells this search from another in ``search.json``."""
    rule = problem.no_harm
    kept = (
        NoHarmResult(
            reference=rule.rule.reference,
            proportions=dict(rule.reference),
            margin=rule.rule.margin,
            relative=rule.rule.relative,
            languages=rule.protected,
            confidence=DEFAULT_SETTINGS.no_harm_confidence,
        )
        if rule
        else None
    )
    return SearchHeader(
        space=problem.space.name,
        sampler=problem.config.search.sampler,
        weights=problem.objective.weights,
        metrics=problem.objective.metrics,
        n_params=problem.proxy.n_params,
        n_tokens=problem.proxy.n_tokens,
        **({} if kept is None else {"no_harm": kept}),
    )


def measured_no_harm(problem: SearchProblem) -> MeasuredNoHarm | None:
    """What the trials of ``problem`` are held to; None without a rule of no harm."""
    if problem.no_harm is None or problem.reference is None:
        return None
    return MeasuredNoHarm(problem.no_harm, problem.reference)


def _planned_tokens(config: StudyConfig) -> float:
    whole = config.search.most_trials * config.search.tokens
    return float(min(whole, config.search.most_tokens or whole))
