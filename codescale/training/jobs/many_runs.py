"""Several runs shared out over the workers of one Ray Train job.

A proxy is far too small for data parallelism, so each worker trains whole runs. A worker that dies is restarted by Ray
Train with its peers; what had finished is kept, and unfinished runs go on from their checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from codescale.files import read_json, write_json
from codescale.runs.records import RunSpec, write_record
from codescale.study.folder import StudyFolder
from codescale.training.session_factory import SessionFactory

MAX_FAILURES = 3


class TestLosses(BaseModel):
    """What a finished model lost on the test split, nats per token and language."""

    __test__ = False  # not a test case, whatever pytest makes of the name
    model_config = ConfigDict(extra="forbid", frozen=True)
    run_id: str
    losses: dict[str, float]


def read_test_losses(folder: Path, run_id: str) -> TestLosses:
    """The test losses of ``run_id``, as the job wrote them to ``folder``."""
    return TestLosses.model_validate(read_json(folder / f"{run_id}.json"))


@dataclass(frozen=True)
class TrainJob:
    """Runs to be trained and evaluated on the test split, and where their results go.

    Parameters
    ----------
    specs
        The runs.
    factory
        Opens their sessions on a worker.
    folder
        The study's: gets one file of test losses a run, and one record, written last: where it exists the run is done.
    """

    specs: tuple[RunSpec, ...]
    factory: SessionFactory
    folder: StudyFolder

    def pending(self) -> list[RunSpec]:
        """The runs without a record."""
        return [spec for spec in self.specs if not (self.folder.runs / f"{spec.run_id}.json").exists()]


def finish_run(job: TrainJob, spec: RunSpec) -> None:
    """Trains ``spec`` to its end, evaluates it on the test split and writes both results."""
    session = job.factory(spec)
    while not session.finished:
        session.advance()
    if not session.diverged:
        losses = TestLosses(run_id=spec.run_id, losses=session.test_losses())
        path = job.folder.test_losses / f"{spec.run_id}.json"
        write_json(path, losses.model_dump())
        job.folder.upload(path)
    record = session.record("diverged" if session.diverged else "ok")
    job.folder.upload(write_record(job.folder.runs, record))
    session.discard_checkpoint()


def _train_worker(settings: dict[str, Any]) -> None:
    from ray import train

    job: TrainJob = settings["job"]
    runs: Sequence[RunSpec] = settings["runs"]
    context = train.get_context()
    rank, workers = context.get_world_rank(), context.get_world_size()
    job.folder.fetch_results()  # of a job that begins again, perhaps on another machine
    for first in range(0, len(runs), workers):
        own_run = runs[first + rank] if first + rank < len(runs) else None
        if own_run is not None and own_run in job.pending():
            finish_run(job, own_run)
        # Every worker reports once a round, with or without a run: Ray Train waits for all of them.
        train.report({"runs_finished": min(first + workers, len(runs))})


def run_job(job: TrainJob, *, workers: int, threads: int, gpus_per_worker: float, storage: Path) -> None:
    """Trains all pending runs within one Ray Train job.

    Parameters
    ----------
    job
        The runs.
    workers
        How many train at once, at most.
    threads, gpus_per_worker
        Cores and GPUs of each worker.
    storage
        Ray Train's own folder for the job.

    Raises
    ------
    Exception
        Ray Train's own, where a run fails :data:`MAX_FAILURES` times.
    """
    runs = job.pending()
    if not runs:
        return
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    resources = {"CPU": float(threads)} | ({"GPU": gpus_per_worker} if gpus_per_worker else {})
    trainer = TorchTrainer(
        _train_worker,
        train_loop_config={"job": job, "runs": runs},
        scaling_config=ScalingConfig(
            num_workers=min(workers, len(runs)), use_gpu=gpus_per_worker > 0, resources_per_worker=resources
        ),
        run_config=RunConfig(
            name="comparison", storage_path=str(storage), failure_config=FailureConfig(max_failures=MAX_FAILURES)
        ),
        torch_config=TorchConfig(backend="gloo"),
    )
    trainer.fit()
