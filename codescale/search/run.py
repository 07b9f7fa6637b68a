"""A search from start to end: rebuild what was done, let Tune run what is left, keep ``search.json`` up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codescale.cluster.ray_cluster import started_ray
from codescale.progress import Progress
from codescale.runs.records import read_records
from codescale.search.objective.objective import Objective
from codescale.search.objective.weights import objective_of
from codescale.search.recommendation import recommendation
from codescale.search.space.space import SearchSpace
from codescale.search.trials.history import Ledger
from codescale.search.trials.session import OpenSession
from codescale.search.trials.spec import TrialPlan
from codescale.search.tune.optuna_mirror import OptunaMirror
from codescale.search.tune.run import run_trials
from codescale.search.tune.searcher import MixtureSearch
from codescale.search.warm_start import WarmStart, comparable, starting_points, trial_sampler
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder


@dataclass(frozen=True)
class Part:
    """One of the searches of a Pareto front: its name, which is in the trials' ids, the file it is kept in, and where
    Optuna's dashboard sees it.
    """

    name: str
    path: Path
    mirror: OptunaMirror


def run_search(
    config: StudyConfig,
    folder: StudyFolder,
    space: SearchSpace,
    corpus_id: str,
    open_session: OpenSession,
    warm: WarmStart,
    progress: Progress,
    part: Part | None = None,
) -> dict[str, Any]:
    """Searches ``space`` with real runs and returns what ``search.json`` holds (docs/search-json.md).

    Called again after a kill it goes on: finished and stopped trials are taken from ``folder.runs``, one that was under
    way from its checkpoint. With a concurrency of 1 the trials are those of an undisturbed search. A Ray that runs is
    used and left running; else one is started.

    Raises :class:`~codescale.errors.UserError` where a trial meets bad input, ``RuntimeError`` where one crashes, and
    passes Ctrl-C on when the trials under way have been stopped.
    """
    objective = objective_of(config, space)
    plan = TrialPlan(config, corpus_id, part.name if part else "")
    ledger = Ledger(part.path if part else folder.search, header_of(config, space, objective), objective)
    sampler = trial_sampler(config, space, plan, warm)
    starts, mirror = starting_points(space, plan, warm), part.mirror if part else None
    noise = warm.noise if config.search.end_at_noise else None
    search = MixtureSearch(space, sampler, plan, ledger, folder, starts, progress, noise, mirror)
    for record in comparable(warm.evaluated, config, space, corpus_id):
        search.add_evaluated(record)
    with progress.bar("Search", _planned_tokens(config)) as advance:
        ledger.advance = advance
        search.replay(plan.belonging(read_records(folder.runs), space), ledger.previous())
        if search.remaining:
            ledger.start_clock()
            with started_ray(config) as workers:
                run_trials(config, folder, search, open_session, workers)
    ledger.recommended = recommendation(sampler, search.study, ledger)
    search.write()
    if search.refusal:
        raise search.refusal
    if not search.ended:
        raise KeyboardInterrupt
    return ledger.content()


def header_of(config: StudyConfig, space: SearchSpace, objective: Objective) -> dict[str, Any]:
    """What tells this search from another in ``search.json``."""
    return {
        "space": space.name,
        "sampler": config.search.sampler,
        "weights": objective.weights,
        "metrics": objective.metrics,
        "n_params": config.sizes[config.search.size].n_params,
        "n_tokens": config.search.tokens,
    }


def _planned_tokens(config: StudyConfig) -> float:
    whole = config.search.most_trials * config.search.tokens
    return float(min(whole, config.search.most_tokens or whole))
