"""The comparison's runs within one Ray Train job, watched from outside through the files that it writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from codescale.cluster.ray_cluster import Workers
from codescale.progress import Progress
from codescale.runs.records import RunRecord, RunSpec
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.execute import Execution, done_already
from codescale.training.jobs.many_runs import TrainJob, run_job
from codescale.training.session_factory import session_factory

WATCH_SECONDS = 0.5
FETCH_SECONDS = 5.0
"""How often the store of a study that lives in one is asked for what other machines' workers have finished."""


def train_together(
    specs: Sequence[RunSpec],
    config: StudyConfig,
    folder: StudyFolder,
    workers: Workers,
    progress: Progress,
    describe: Callable[[RunRecord], str],
) -> Execution:
    """Trains those ``specs`` that have no record yet in one Ray Train job, and returns the records that are new.

    Raises what the job raises, such as :class:`~codescale.errors.UserError` where a disk is full.
    """
    begun = time.monotonic()
    before = done_already(folder, specs)
    factory = session_factory(config, folder.corpus, folder.checkpoints, folder.tensorboard, folder)
    job = TrainJob(tuple(specs), factory, folder)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            run_job(
                job, workers=workers.count, threads=workers.threads, gpus_per_worker=workers.gpus, storage=folder.ray
            )
        except BaseException as problem:  # raised again below, in the thread that waits
            problems.append(problem)

    seen, fetched = set(before), begun
    thread = threading.Thread(target=work, name="ray-train", daemon=True)
    thread.start()
    with progress.bar("Compare", len(specs)) as advance:
        advance(len(seen))
        while True:
            ended = not thread.is_alive()
            if ended or time.monotonic() - fetched > FETCH_SECONDS:
                folder.fetch_results()
                fetched = time.monotonic()
            for run_id, record in done_already(folder, specs).items():
                if run_id not in seen:
                    seen.add(run_id)
                    advance(1)
                    progress.say(describe(record))
            if ended:
                break
            thread.join(WATCH_SECONDS)
    if problems:
        raise problems[0]
    records = [record for run_id, record in done_already(folder, specs).items() if run_id not in before]
    # Which worker did which run is Ray Train's affair: as many workers share the training seconds evenly, or nearly.
    busiest = sum(record.seconds for record in records) / max(1, min(workers.count, len(records)))
    return Execution(records, time.monotonic() - begun, busiest)
