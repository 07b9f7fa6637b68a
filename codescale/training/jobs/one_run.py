"""One run on as many workers as there are, within one Ray Train job: a model too large or too slow for one device.

Workers come and go (``workers`` is a range): Ray Train then begins again with those that are left, from the last
checkpoint, and since a batch is a pure function of the step the data stay the same. Checkpoints go to any file system
that pyarrow knows (a path, ``s3://``, ``gs://``), uploaded while training goes on; the last few are kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.runs.records import RunRecord, RunSpec
from codescale.training.jobs.finished_model import RECORD, finished_record, write_finished
from codescale.training.jobs.sharded_checkpoint import fill_from_folder, folder_progress, is_sharded, write_folder
from codescale.training.jobs.storage import Storage, local_folder, open_storage, redacted, remove_partial_checkpoints
from codescale.training.loop.checkpoint import StateDict
from codescale.training.loop.run_progress import RunProgress
from codescale.training.loop.session import TrainingSession
from codescale.training.parallel import ParallelKind, parallel_of
from codescale.training.session_factory import SessionFactory

POLL_SECONDS = "0.5"
"""How often Ray Train polls its workers. It takes one report at a time, so its own 2 s would hold up short runs."""

WAIT_SECONDS = 60.0
"""How long a job may be without workers before it says so: on a busy cluster it waits for its turn."""

Listener = Callable[[dict[str, Any]], None]
"""Gets a job's events: ``tokens_trained`` and more of a run that goes on, ``failed`` of a worker that died, ``waiting``
(seconds) where there are no workers.
"""


@dataclass(frozen=True)
class RunJob:
    """A run, and where and on what it is trained.

    Parameters
    ----------
    spec, factory
        The run, and what opens its session on a worker.
    storage
        A folder or a URI, where a job that was killed also finds its checkpoints again.
    tokenizer
        The name of the tokenizer's file in the corpus, to go with the model; None: none.
    workers
        Fewest and most.
    threads, gpus
        Cores and GPUs of each worker.
    kind
        Whether each worker has the whole model or a part of it.
    keep
        How many of the last checkpoints stay.
    failures
        How often a worker may die before the job is given up.
    resize_seconds
        How often Ray Train asks for more workers.
    """

    spec: RunSpec
    factory: SessionFactory
    storage: str
    tokenizer: str | None = None
    workers: tuple[int, int] = (1, 1)
    threads: int = 1
    gpus: float = 0.0
    kind: ParallelKind = "replicated"
    keep: int = 2
    failures: int = 8
    resize_seconds: float = 60.0


@dataclass(frozen=True)
class _WorkerTask:
    """What a worker needs to know of a job; nothing of its storage, whose address may hold a secret."""

    spec: RunSpec
    factory: SessionFactory
    tokenizer: str | None
    kind: ParallelKind


def train_on_ray(job: RunJob, output: Path, listen: Listener = lambda event: None) -> RunRecord:
    """Trains one run to its end. Called again after a kill, even of the driver, it goes on from the last checkpoint.

    Parameters
    ----------
    job
        The run.
    output
        The folder that the model goes to. A run that diverged leaves no model.
    listen
        Gets the job's events.

    Returns
    -------
    RunRecord
        The run's record.

    Raises
    ------
    UserError
        Where the storage cannot be written, and where the job was given up; checkpoints stay.
    """
    storage = open_storage(job.storage)
    remove_partial_checkpoints(storage, job.spec.run_id)
    with tempfile.TemporaryDirectory(prefix="codescale-job-") as folder:
        result = _fit_trainer(job, storage, Path(folder) / "events.jsonl", listen)
    if result.checkpoint is None:
        raise UserError(storage.name, "holds no finished model", "run the same command again")
    with _as_folder(result.checkpoint) as finished:
        return finished_record(finished, output)


def _fit_trainer(job: RunJob, storage: Storage, events: Path, listen: Listener) -> Any:
    """Ray Train's result of the job, which runs in a thread: its own way with Ctrl-C would end in exit code 0."""
    from codescale.training.jobs.job_monitor import EventReader, JobWatch

    os.environ.setdefault("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", POLL_SECONDS)
    trainer = _trainer(job, storage, JobWatch(events, storage.name))
    ended: list[Any] = []

    def fit() -> None:
        try:
            ended.append(trainer.fit())
        except Exception as error:
            ended.append(error)

    thread = threading.Thread(target=fit, daemon=True)
    thread.start()
    _listen(thread, EventReader(events), listen)
    if isinstance(ended[0], Exception):
        raise _job_failure(job, storage, ended[0]) from None
    return ended[0]


def _listen(thread: threading.Thread, reader: Iterable[dict[str, Any]], listen: Listener) -> None:
    """Passes events on until ``thread`` has ended."""
    idle_since: float | None = time.monotonic()
    alive = True
    while alive:
        thread.join(0.2)
        alive = thread.is_alive()  # asked before reading: what is said last is heard too
        for event in reader:
            idle_since = time.monotonic() if "failed" in event else None
            listen(event)
        if alive and idle_since is not None and time.monotonic() - idle_since > WAIT_SECONDS:
            listen({"waiting": WAIT_SECONDS})
            idle_since = None


def _trainer(job: RunJob, storage: Storage, watch: Any) -> Any:
    from ray.train.torch import TorchConfig
    from ray.train.v2.api.config import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.v2.torch.torch_trainer import TorchTrainer

    fewest, most = job.workers
    return TorchTrainer(
        _train_worker,
        train_loop_config={"work": _WorkerTask(job.spec, job.factory, job.tokenizer, job.kind)},
        scaling_config=ScalingConfig(
            num_workers=most if fewest == most else (fewest, most),
            use_gpu=job.gpus > 0,
            resources_per_worker={"CPU": float(job.threads)} | ({"GPU": job.gpus} if job.gpus else {}),
            elastic_resize_monitor_interval_s=job.resize_seconds,
        ),
        run_config=RunConfig(
            name=job.spec.run_id,
            storage_path=storage.path,
            storage_filesystem=storage.system,
            failure_config=FailureConfig(max_failures=job.failures),
            checkpoint_config=CheckpointConfig(num_to_keep=job.keep),
            callbacks=[watch],
        ),
        torch_config=TorchConfig(backend="nccl" if job.gpus else "gloo"),
    )


def _job_failure(job: RunJob, storage: Storage, error: Exception) -> UserError:
    from codescale.training.jobs.job_monitor import cause_of, one_line

    cause = cause_of(error)
    if isinstance(cause, UserError):
        return cause
    hint = f"mend that and run the same command again: the last checkpoint is kept in {storage.name}"
    return UserError(job.spec.run_id, f"was given up: {redacted(one_line(cause), job.storage)}", hint)


@contextmanager
def _as_folder(checkpoint: Any) -> Iterator[Path]:
    """The checkpoint as a folder of this machine, fetched once for all of its workers where it lies elsewhere."""
    here = local_folder(checkpoint.filesystem, checkpoint.path)
    if here is not None:
        yield here
        return
    with checkpoint.as_directory() as folder:
        yield Path(folder)


class _RayStore:
    """A store whose checkpoints go through ``ray.train.report``, by all workers at the same step.

    ``last`` is the folder of the checkpoint to go on from; it has to be there until it was read.
    """

    def __init__(self, last: Path | None) -> None:
        from ray import train

        self._last = last
        self._first = train.get_context().get_world_rank() == 0
        # The working folder that Ray Train gives a job on this machine; a failed attempt may have left something in it.
        self._local = Path.cwd() / f"worker-{train.get_context().get_world_rank()}"
        shutil.rmtree(self._local, ignore_errors=True)
        self._uploading: Path | None = None

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """Writes to this machine's disk and has Ray upload it from there while training goes on.

        Waits for the upload before: a storage slower than the checkpoints would else fill this disk.
        """
        from ray import train

        while self._uploading is not None and self._uploading.exists():
            time.sleep(0.05)
        self._local.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._local))
        write_folder(folder, tensors, progress)
        writes = self._first or is_sharded(tensors)
        if not writes:
            shutil.rmtree(folder)
        self._uploading = folder if writes else None
        train.report(
            {"tokens_trained": progress["tokens_trained"], "workers": train.get_context().get_world_size()},
            checkpoint=train.Checkpoint(str(folder)) if writes else None,
            checkpoint_upload_mode=train.CheckpointUploadMode.ASYNC,
            delete_local_checkpoint_after_upload=True,
        )

    def progress(self) -> RunProgress | None:
        return None if self._last is None else folder_progress(self._last)

    def fill(self, tensors: StateDict) -> None:
        assert self._last is not None
        fill_from_folder(self._last, tensors)

    def discard(self) -> None:
        shutil.rmtree(self._local, ignore_errors=True)


def _train_worker(settings: dict[str, Any]) -> None:
    from ray import train

    task: _WorkerTask = settings["work"]
    checkpoint = train.get_checkpoint()
    if checkpoint is None:
        _run_worker(task, None)
        return
    with _as_folder(checkpoint) as last:
        if not (last / RECORD).exists():  # else a driver died after the run had ended
            _run_worker(task, last)


def _run_worker(task: _WorkerTask, last: Path | None) -> None:
    from ray import train

    store = _RayStore(last)
    session = task.factory.open(task.spec, store, parallel_of(task.kind))
    _report(session)
    while not session.finished:
        session.advance()
        _report(session)
    record = session.record("diverged" if session.diverged else "ok")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        tokenizer = None if task.tokenizer is None else task.factory.corpus_folder / task.tokenizer
        write_finished(Path(folder), session, record, tokenizer)
        first = session.parallel.rank == 0
        train.report(_report_metrics(session), checkpoint=train.Checkpoint(folder) if first else None)
    store.discard()


def _report(session: TrainingSession) -> None:
    """Reports how far the run is, without waiting for whoever listens."""
    from ray import train

    train.report(_report_metrics(session), checkpoint_upload_mode=train.CheckpointUploadMode.ASYNC)


def _report_metrics(session: TrainingSession) -> dict[str, Any]:
    last = session.evaluations[-1] if session.evaluations else None
    metrics: dict[str, Any] = {"tokens_trained": session.tokens_trained, "workers": session.parallel.world}
    if last is not None:
        metrics |= {"n_tokens": last.n_tokens, "losses": dict(last.losses)}
    return metrics
