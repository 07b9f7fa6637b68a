"""A search from start to end: rebuild what was done, let Tune run what is left, keep ``search.json`` up to date."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from codescale.allocation.files import interval_of
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.mixture import Mixture
from codescale.organisation import ORGANISATION
from codescale.progress import Progress
from codescale.runs import RunRecord, RunsTable, read_records
from codescale.search.law_sampler import LawSampler
from codescale.search.ledger import Ledger, Source
from codescale.search.objective import Objective
from codescale.search.optuna_mirror import OptunaMirror
from codescale.search.optuna_search import RESTARTS, MixtureSearch
from codescale.search.plan import TrialPlan
from codescale.search.recommendation import recommendation
from codescale.search.samplers import SeededByTrial
from codescale.search.scale import settled
from codescale.search.scheduler import EarlyCurveScheduler, successive_halving
from codescale.search.session import OpenSession, OpenShared
from codescale.search.space import Point, SearchSpace, load_space, named_space
from codescale.search.stopping import StoppingRule
from codescale.search.trackers import trackers
from codescale.search.trainable import TrialTrainable
from codescale.search.worker_group import OpenOnWorkers
from codescale.study import StudyConfig, StudyFolder
from codescale.sweeps.cluster import Workers, started_ray


@dataclass(frozen=True)
class WarmStart:
    """What is known before the search: the law's optimum, optima of its bootstrap samples (Thompson draws), the sweep's
    runs at the same scale, which enter as completed trials, and how much the objective varies between seeds (nats per
    token), below which nothing is worth another trial. ``law`` and ``runs``, the sweep's runs at every scale, are for
    our own sampler.
    """

    law_optimum: Mixture | None = None
    bootstrap_optima: list[Mixture] = field(default_factory=list)
    evaluated: list[RunRecord] = field(default_factory=list)
    law: Law | None = None
    runs: RunsTable | None = None
    noise: float | None = None


@dataclass(frozen=True)
class Part:
    """One of the searches of a Pareto front: its name, which is in the trials' ids, the file it is kept in, and where
    Optuna's dashboard sees it.
    """

    name: str
    path: Path
    mirror: OptunaMirror


def study_space(config: StudyConfig, folder: StudyFolder) -> SearchSpace:
    """The space of the study: its own file where there is one, else what ``search.space`` names. What it leaves free
    keeps the study's ``target.bounds``.

    Raises :class:`UserError` where that is wrong, asks for a proxy larger than the target, or frees the data's
    organisation where the pivot has no share.
    """
    chosen = folder.space_file if folder.space_file.exists() else named_space(config, folder)
    bounds = {language: interval_of(bound) for language, bound in config.target.bounds.items()}
    space = load_space(chosen, config.languages, config.target.n_tokens, bounds)
    pivot = config.training.pivot
    if space.frees_organisation and space.bounds.get(pivot, (0.0, 0.0))[1] <= 0:
        raise UserError(
            f"{space.path}, hyperparameters.{ORGANISATION}",
            f"the space gives the pivot, {pivot}, no tokens, so nothing could be paired",
            "free its share, name another training.pivot, or leave it out",
        )
    settled(config, space)
    return space


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
    """Searches ``space`` with real runs and returns what ``search.json`` holds (docs/search.md).

    Called again after a kill it goes on: finished and stopped trials are taken from ``folder.runs``, one that was under
    way from its checkpoint. With a concurrency of 1 the trials are those of an undisturbed search. A Ray that runs is
    used and left running; else one is started.

    Raises :class:`UserError` where a trial meets bad input, ``RuntimeError`` where one crashes, and passes Ctrl-C on
    when the trials under way have been stopped.
    """
    objective = objective_of(config, space)
    plan = TrialPlan(config, corpus_id, part.name if part else "")
    ledger = Ledger(part.path if part else folder.search, header_of(config, space, objective), objective)
    sampler = trial_sampler(config, space, plan, warm)
    starts, mirror = _starts(space, plan, warm), part.mirror if part else None
    noise = warm.noise if config.search.end_at_noise else None
    search = MixtureSearch(space, sampler, plan, ledger, folder, starts, progress, noise, mirror)
    for record in _comparable(warm.evaluated, config, space, corpus_id):
        search.add_evaluated(record)
    with progress.bar("Search", _planned_tokens(config)) as advance:
        ledger.advance = advance
        search.replay(plan.belonging(read_records(folder.runs), space), ledger.previous())
        if search.remaining:
            ledger.start_clock()
            with started_ray(config) as workers:
                _tune(config, folder, search, open_session, workers)
    ledger.recommended = recommendation(sampler, search.study, ledger)
    search.write()
    if search.refusal:
        raise search.refusal
    if not search.ended:
        raise KeyboardInterrupt
    return ledger.content()


def trial_sampler(
    config: StudyConfig, space: SearchSpace, plan: TrialPlan, warm: WarmStart
) -> SeededByTrial | LawSampler:
    """The sampler that the study names. Ours is told what was known before, and the scale that trials have; of an
    objective that is more than losses a law can tell nothing.
    """
    if config.search.sampler != "law":
        return SeededByTrial(config.search.sampler, config.seed)
    n_params, runs, objective = config.sizes[config.search.size].n_params, warm.runs, objective_of(config, space)
    if runs is not None:  # those at the trials' own scale enter as trials, or were trained otherwise
        runs = runs.select((runs.n_params != n_params) | (runs.n_tokens != config.search.tokens))
    return LawSampler(
        space,
        weights=objective.weights if objective.losses_alone else None,
        n_params=n_params,
        n_tokens=config.search.tokens,
        law=warm.law,
        runs=runs if runs is not None and len(runs) else None,
        hyper=plan.base_hyper(space),
        noise=warm.noise,
        seed=config.seed,
    )


def objective_of(config: StudyConfig, space: SearchSpace) -> Objective:
    """What the search minimises: the space's own objective, else the study's weights."""
    assert len(space.aims) <= 1, "a Pareto front is searched part by part"
    tokens = config.search.tokens
    objective = Objective.aimed(space.aims[0], tokens) if space.aims else Objective.of(config.weights(), tokens)
    return objective.varying(space.hyperparameters)


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


def _starts(space: SearchSpace, plan: TrialPlan, warm: WarmStart) -> list[tuple[Source, Point]]:
    """The law's optimum, then the Thompson draws, each moved into the space and none twice; where the data's
    organisation is searched the law's optimum under both, for a law knows neither.

    Our own sampler makes its draws itself, one after another: as soon as trials refute the law it makes none.
    """
    hyper = {
        name: min(max(value, space.hyperparameters[name].low), space.hyperparameters[name].high)
        for name, value in plan.base_hyper(space).items()
    }
    given: list[tuple[Source, Mixture]] = [("law", warm.law_optimum)] if warm.law_optimum is not None else []
    draws_itself = plan.config.search.sampler == "law" and objective_of(plan.config, space).losses_alone
    given += [] if draws_itself else [("thompson", mixture) for mixture in warm.bootstrap_optima]
    starts: list[tuple[Source, Point]] = []
    for source, mixture in given:
        for settings in [hyper, *(_otherwise_organised(hyper) if source == "law" else [])]:
            point = Point(space.inside(mixture), settings)
            if not any(point.same(other) for _, other in starts):
                starts.append((source, point))
    return starts


def _otherwise_organised(hyper: dict[str, float]) -> list[dict[str, float]]:
    """``hyper`` with the other organisation; nothing where it is not among them."""
    return [hyper | {ORGANISATION: 1.0 - hyper[ORGANISATION]}] if ORGANISATION in hyper else []


def _comparable(
    records: Sequence[RunRecord], config: StudyConfig, space: SearchSpace, corpus_id: str
) -> list[RunRecord]:
    """Those of ``records`` that were trained as a trial is: same N, D, start, corpus and repetition, and the study's
    organisation where that is not searched.
    """
    n_params = config.sizes[config.search.size].n_params
    return [
        record
        for record in records
        if record.corpus_id == corpus_id
        and record.spec.n_params == n_params
        and record.spec.start == config.start_id
        and config.search.tokens in record.spec.token_points
        and record.spec.unique_tokens == config.sweep.unique_tokens
        and (space.frees_organisation or record.spec.organisation == config.training.organisation)
    ]


def _planned_tokens(config: StudyConfig) -> float:
    whole = config.search.most_trials * config.search.tokens
    return float(min(whole, config.search.most_tokens or whole))


@dataclass(frozen=True)
class Trials:
    """How trials fit on the workers: how many ``at_once``, what Tune is to reserve for each, and whether a trial's
    process stays for the next one.
    """

    at_once: int
    resources: dict[str, float]
    warm: bool


def trials_of(config: StudyConfig, workers: Workers) -> Trials:
    """A trial takes a worker, or as many as ``search.workers_per_trial`` says: then Ray Train reserves them, and the
    trial's own process, which only listens, takes nothing and ends with it, so that its workers do not outlive it.

    Raises :class:`UserError` where there are too few workers for one trial.
    """
    each = config.search.workers_per_trial
    if each > workers.count:
        raise UserError(
            "study.yaml, search.workers_per_trial", f"a trial is to have {each} workers, and there are {workers.count}",
            f"make it {workers.count} or less, or lower ray.threads, or use a larger cluster",
        )  # fmt: skip
    at_once = config.search.concurrency or max(1, workers.count // each)
    if each > 1:
        return Trials(at_once, {"cpu": 0.0, "memory": 1}, warm=False)  # Tune refuses to reserve nothing at all
    return Trials(at_once, {"cpu": workers.threads} | ({"gpu": workers.gpus} if workers.gpus else {}), warm=True)


def _tune(
    config: StudyConfig, folder: StudyFolder, search: MixtureSearch, open_session: OpenSession, workers: Workers
) -> None:
    scratch = (folder.root / ".ray").absolute()
    fitting, shown = trials_of(config, workers), trackers(config, folder)
    if config.search.workers_per_trial > 1:
        assert isinstance(open_session, OpenShared), "sessions that cannot be shared out"
        open_session = OpenOnWorkers(
            open_session, config.search.workers_per_trial, workers.threads, workers.gpus, str(scratch), str(Path.cwd())
        )
    trainable = tune.with_resources(
        tune.with_parameters(
            TrialTrainable,
            open_session=open_session,
            objective=search.ledger.objective,
            runs=folder.runs.absolute(),
            working_folder=str(Path.cwd()),
        ),
        fitting.resources,
    )
    scheduler: TrialScheduler = FIFOScheduler()  # type: ignore[no-untyped-call]
    if config.search.prune == "curves":
        scheduler = EarlyCurveScheduler(StoppingRule(), search.ledger)
    elif config.search.prune == "asha":
        scheduler = successive_halving(config.search.tokens, config.training.evaluations)
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=search,
                scheduler=scheduler,
                num_samples=-1,  # the search says when it has finished
                max_concurrent_trials=fitting.at_once,
                reuse_actors=fitting.warm,
                trial_name_creator=lambda trial: f"trial_{trial.trial_id}",
                trial_dirname_creator=lambda trial: f"trial_{trial.trial_id}",
            ),
            run_config=tune.RunConfig(
                name="search",
                storage_path=str(scratch),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=0),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                callbacks=[*shown],
            ),
        )
        errors = tuner.fit().errors
    if search.failed and errors:
        raise RuntimeError(f"{search.failed} crashed {RESTARTS + 1} times") from errors[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Tune without its own files and chatter; also gives Ctrl-C back, which Tune keeps to itself after a run."""
    settings = {
        "RAY_AIR_NEW_OUTPUT": "0",
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
        "TUNE_GLOBAL_CHECKPOINT_S": "86400",
        "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    }
    before = {name: os.environ.get(name) for name in settings}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1)}
    logger = logging.getLogger("ray.tune")
    level = logger.level
    os.environ.update(settings)
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        for number, handler in handlers.items():
            if handler is not None and threading.current_thread() is threading.main_thread():
                signal.signal(number, handler)
