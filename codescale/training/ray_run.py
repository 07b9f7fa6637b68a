"""One run on as many workers as there are, within one Ray Train job: a model too large or too slow for one device.

Workers come and go (``workers`` is a range): Ray Train then begins again with those that are left, from the last
checkpoint, and since a batch is a pure function of the step the data stay the same. Checkpoints go to any file system
that pyarrow knows (a path, ``s3://``, ``gs://``), uploaded while training goes on; the last few are kept.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyarrow import ArrowException, fs

from codescale.errors import UserError
from codescale.runs import RunRecord, RunSpec
from codescale.training.checkpoint import Progress, State
from codescale.training.checkpoint_folder import fill_from_folder, folder_progress, is_sharded, write_folder
from codescale.training.factory import SessionFactory
from codescale.training.finished_model import RECORD, finished_record, write_finished
from codescale.training.parallel import Kind, parallel_of

MARKER = ".codescale-can-write"


@dataclass(frozen=True)
class RunJob:
    """A run, and where and on what it is trained.

    ``workers``: fewest and most; ``threads`` cores and ``gpus`` GPUs for each. ``storage``: a folder or a URI, where a
    job that was killed also finds its checkpoints again, of which the last ``keep`` stay. ``resize_seconds``: how often
    to look for more workers. ``failures``: how often a worker may die before the job is given up.
    """

    spec: RunSpec
    factory: SessionFactory
    storage: str
    tokenizer: Path | None = None
    workers: tuple[int, int] = (1, 1)
    threads: int = 1
    gpus: float = 0.0
    kind: Kind = "replicated"
    keep: int = 2
    failures: int = 8
    resize_seconds: float = 60.0
    environment: dict[str, str] = field(default_factory=dict)


def train_on_ray(job: RunJob, output: Path) -> RunRecord:
    """Trains ``job`` to its end, writes the model to the folder ``output`` and returns the run's record.

    Called again after a kill, even of the driver, it goes on from the last checkpoint in ``job.storage``. Raises
    :class:`UserError` where the storage cannot be written, and where the job was given up; checkpoints stay.
    """
    check_storage(job.storage)
    from ray.train.torch import TorchConfig
    from ray.train.v2.api.config import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
    from ray.train.v2.api.exceptions import TrainingFailedError
    from ray.train.v2.torch.torch_trainer import TorchTrainer

    resources = {"CPU": float(job.threads)} | ({"GPU": job.gpus} if job.gpus else {})
    fewest, most = job.workers
    trainer = TorchTrainer(
        _train,
        train_loop_config={"job": job},
        scaling_config=ScalingConfig(
            num_workers=most if fewest == most else (fewest, most),
            use_gpu=job.gpus > 0,
            resources_per_worker=resources,
            elastic_resize_monitor_interval_s=job.resize_seconds,
        ),
        run_config=RunConfig(
            name=job.spec.run_id,
            storage_path=job.storage,
            failure_config=FailureConfig(max_failures=job.failures),
            checkpoint_config=CheckpointConfig(num_to_keep=job.keep),
            worker_runtime_env={"env_vars": job.environment},
        ),
        torch_config=TorchConfig(backend="nccl" if job.gpus else "gloo"),
    )
    try:
        result = trainer.fit()
    except TrainingFailedError as error:
        raise _given_up(job, error) from error
    if result.checkpoint is None:
        raise UserError(job.storage, "holds no finished model", "run the same command again")
    with result.checkpoint.as_directory() as folder:
        return finished_record(Path(folder), output)


def check_storage(storage: str) -> None:
    """Raises :class:`UserError` where nothing can be written to ``storage``, before anything is started there."""
    mend = "check the address, the network and the permissions"
    try:
        system, path = fs.FileSystem.from_uri(storage if "://" in storage else str(Path(storage).absolute()))
        system.create_dir(path, recursive=True)
        with system.open_output_stream(f"{path}/{MARKER}") as marker:
            marker.write(b"1")
        system.delete_file(f"{path}/{MARKER}")
    except (OSError, ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(storage, f"cannot be written ({reason})", mend) from None


def _given_up(job: RunJob, error: Exception) -> UserError:
    cause = next(iter(getattr(error, "worker_failures", {}).values()), error)
    if isinstance(cause, UserError):
        return cause
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    reason = lines[-1][:300] if lines else type(cause).__name__
    return UserError(
        job.spec.run_id,
        f"its workers failed {job.failures + 1} times, last with: {reason}",
        f"mend that and run the same command again: the last checkpoint is kept in {job.storage}",
    )


class _Reported:
    """A store whose checkpoints go through ``ray.train.report``, by all workers at the same step."""

    def __init__(self) -> None:
        from ray import train

        checkpoint = train.get_checkpoint()
        self._local = Path(tempfile.mkdtemp(prefix="codescale-"))
        self.folder = Path(checkpoint.to_directory(str(self._local / "from"))) if checkpoint else None

    def save(self, tensors: State, progress: Progress) -> None:
        """Writes to this machine's disk and has Ray upload it from there while training goes on."""
        from ray import train

        folder = Path(tempfile.mkdtemp(dir=self._local))
        write_folder(folder, tensors, progress)
        first = train.get_context().get_world_rank() == 0
        train.report(
            {"step": progress["step"], "workers": train.get_context().get_world_size()},
            checkpoint=train.Checkpoint(str(folder)) if first or is_sharded(tensors) else None,
            checkpoint_upload_mode=train.CheckpointUploadMode.ASYNC,
            delete_local_checkpoint_after_upload=True,
        )

    def progress(self) -> Progress | None:
        return None if self.folder is None else folder_progress(self.folder)

    def fill(self, tensors: State) -> None:
        assert self.folder is not None
        fill_from_folder(self.folder, tensors)

    def discard(self) -> None:
        shutil.rmtree(self._local, ignore_errors=True)


def _train(settings: dict[str, Any]) -> None:
    from ray import train

    job: RunJob = settings["job"]
    store = _Reported()
    first = train.get_context().get_world_rank() == 0
    if store.folder is not None and (store.folder / RECORD).exists():  # a driver died after the run had ended
        checkpoint = train.Checkpoint(str(store.folder)) if first else None
        train.report({"finished": True}, checkpoint=checkpoint)
        return
    session = job.factory.open(job.spec, store, parallel_of(job.kind))
    while not session.finished:
        session.advance()
    record = session.record("diverged" if session.diverged else "ok")
    folder = Path(tempfile.mkdtemp(prefix="codescale-model-"))
    write_finished(folder, session, record, job.tokenizer)
    train.report({"finished": True}, checkpoint=train.Checkpoint(str(folder)) if first else None)
    shutil.rmtree(folder, ignore_errors=True)
    store.discard()
