"""A search's trials on Ray Tune: how they are placed on the workers, what each runs, and who stops them; Tune itself
without its files and chatter, and without its hand on Ctrl-C.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from codescale.cluster.demand import joined, wait_for_room
from codescale.cluster.metrics import StageMetrics
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.search.pruning.rule import PruningRule
from codescale.search.trials.session import OpenSession, OpenShared
from codescale.search.tune.growing import GrowingConcurrency, LostMachines
from codescale.search.tune.metrics_refresh import MetricsRefresh
from codescale.search.tune.schedulers import EarlyCurveScheduler, successive_halving
from codescale.search.tune.searcher import RESTARTS, MixtureSearcher
from codescale.search.tune.trackers import trackers
from codescale.search.tune.trainable import TrialTrainable
from codescale.search.tune.worker_group import OpenOnWorkers
from codescale.study.config import StudyConfig

LEARNING_SHARE = 4
"""However many machines join a cluster, one in so many of a search's trials is under way at most: each is chosen by
those that have ended, and with all at once none would be."""


@dataclass(frozen=True)
class TrialPlacement:
    """How trials fit on the workers: how many ``at_once``, what Tune is to reserve for each, and whether a trial's
    process stays for the next one (``warm``).
    """

    at_once: int
    resources: dict[str, float]
    warm: bool


def placement(config: StudyConfig, workers: Workers) -> TrialPlacement:
    """How trials fit on ``workers``.

    A trial takes a worker, or as many as ``search.workers_per_trial`` says, or the machines that a run of the study's
    trainer has: then Ray Train, or the run, reserves them, and the trial's own process, which only listens, takes
    nothing and ends with it, so that its workers do not outlive it.

    Raises
    ------
    UserError
        Where there are too few workers for one trial.
    """
    each = config.search.workers_per_trial
    if each > workers.count:
        raise UserError(
            "study.yaml, search.workers_per_trial",
            f"a trial is to have {each} workers, and there are {workers.count}",
            f"make it {workers.count} or less, or lower ray.threads, or use a larger cluster",
        )
    at_once = config.search.concurrency or max(1, workers.count // each)
    if follows_machines(config, workers):
        share = max(1, config.search.most_trials // LEARNING_SHARE)
        at_once = min(at_once, share) if workers.grows else max(at_once, share)
    if each > 1 or workers.nodes > 1:
        return TrialPlacement(at_once, {"cpu": 0.0, "memory": 1}, warm=False)  # Tune refuses to reserve nothing at all
    return TrialPlacement(
        at_once, {"cpu": workers.threads} | ({"gpu": workers.gpus} if workers.gpus else {}), warm=True
    )


def follows_machines(config: StudyConfig, workers: Workers) -> bool:
    """Whether the trials under way become more as machines join: where nothing says how many there shall be.

    On a cluster without an autoscaler a trial of several workers has as many beside it as there were room for as the
    search began: Ray Train spreads its workers over machines, and room for them is counted machine by machine.
    """
    if config.search.concurrency is not None:
        return False
    return workers.grows or (joined() and config.ray.workers is None and config.search.workers_per_trial == 1)


def run_trials(search: MixtureSearcher, open_session: OpenSession, workers: Workers) -> None:
    """Has Tune ask ``search`` for trials and run them until it says that it has finished, or Ctrl-C.

    Parameters
    ----------
    search
        Proposes trials and is told how they ended.
    open_session
        Opens a trial's training on its worker.
    workers
        What there is to run on.

    Raises
    ------
    UserError
        Where trials cannot be placed, or a tracker refuses.
    RuntimeError
        Where one crashes again and again.
    """
    config, folder = search.specs.problem.config, search.folder
    if config.trainer is not None:
        workers = workers.on_machines(config.trainer.resources.nodes)
    search.metrics = StageMetrics(config.name, "search")
    scratch = folder.ray.absolute()
    placed, shown = placement(config, workers), trackers(config, folder)
    if workers.grows:
        wait_for_room(workers.demand)
    if follows_machines(config, workers):
        each = config.search.workers_per_trial
        trial = {name: amount * each for name, amount in workers.demand.items()} if each > 1 else workers.demand
        search.allowed = GrowingConcurrency(trial, placed.at_once, workers.nodes)
    trainable = _trainable(search, _on_workers(config, open_session, workers, scratch), placed)
    scheduler = _scheduler(config, search)
    with quiet_tune():
        try:
            tuner = tune.Tuner(
                trainable,
                tune_config=tune.TuneConfig(
                    search_alg=search,
                    scheduler=scheduler,
                    num_samples=-1,  # the search says when it has finished
                    max_concurrent_trials=placed.at_once,
                    reuse_actors=placed.warm,
                    trial_name_creator=lambda trial: f"trial_{trial.trial_id}",
                    trial_dirname_creator=lambda trial: f"trial_{trial.trial_id}",
                ),
                run_config=tune.RunConfig(
                    name="search",
                    storage_path=str(scratch),
                    verbose=0,
                    failure_config=tune.FailureConfig(max_failures=0),
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    callbacks=[LostMachines(search.excuse), MetricsRefresh(search.show_metrics), *shown],
                ),
            )
            errors = tuner.fit().errors
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    if search.failed and errors:
        raise RuntimeError(f"{search.failed} crashed {RESTARTS + 1} times") from errors[0]


def _on_workers(config: StudyConfig, open_session: OpenSession, workers: Workers, scratch: Path) -> OpenSession:
    """``open_session`` itself, or where a trial has several workers what opens it on all of them."""
    each = config.search.workers_per_trial
    if each == 1:
        return open_session
    assert isinstance(open_session, OpenShared), "sessions that cannot be shared out"
    return OpenOnWorkers(open_session, each, workers.threads, workers.gpus, str(scratch), str(Path.cwd()))


def _trainable(search: MixtureSearcher, open_session: OpenSession, placed: TrialPlacement) -> Any:
    """What Tune starts for a trial."""
    with_parameters = tune.with_parameters(
        TrialTrainable,
        open_session=open_session,
        objective=search.history.objective,
        folder=replace(search.folder, root=search.folder.root.absolute()),
        working_folder=str(Path.cwd()),
    )
    return tune.with_resources(with_parameters, placed.resources)


def _scheduler(config: StudyConfig, search: MixtureSearcher) -> TrialScheduler:
    """What stops trials early, as ``search.prune`` says."""
    if config.search.prune == "curves":
        return EarlyCurveScheduler(PruningRule(), search.history)
    if config.search.prune == "asha":
        return successive_halving(config.search.tokens, config.training.evaluations)
    return FIFOScheduler()  # type: ignore[no-untyped-call]


_SETTINGS = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}


@contextmanager
def quiet_tune() -> Iterator[None]:
    """Within it Tune is quiet; afterwards everything is as before, Ctrl-C too, which Tune keeps to itself."""
    before = {name: os.environ.get(name) for name in _SETTINGS}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1)}
    logger = logging.getLogger("ray.tune")
    level = logger.level
    os.environ.update(_SETTINGS)
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
