"""A trial on several workers: a Ray Train run of its own, which tells the trial of every evaluation through a queue.

The trial's worker trains nothing. It starts a task that runs Ray Train, and Ray Train starts the workers:

    trial → task → Ray Train's controller → workers

Everyone is owned by the one before and nothing is detached, so whoever is killed takes with it all that it started.
What Ray then leaves is the placement group that reserved the workers' cores: it lasts as long as the whole job. Ray
Train has a detached actor to remove it, which asks Ray's dashboard who is alive and, where no dashboard runs, stays
for ever and frees nothing. So it is left out here, and whoever starts a group removes those whose maker has died.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.placement_group import PlacementGroup, get_current_placement_group, remove_placement_group
from ray.util.queue import Empty, Queue

from codescale.cluster.placement_groups import remove_abandoned_groups
from codescale.errors import UserError
from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.search.trials.session import OpenShared

ASK_SECONDS = 1.0
"""How often a trial that waits for its workers looks whether they are still there."""


@dataclass(frozen=True)
class WorkerReport:
    """What the first worker tells: an evaluation (None before the first one, or where the run diverged), the record so
    far, whether the run has finished, and the workers' placement group.
    """

    evaluation: Evaluation | None
    record: RunRecord
    finished: bool
    reserved: PlacementGroup | None


@dataclass(frozen=True)
class OpenOnWorkers:
    """Opens sessions whose training is shared out over several Ray Train workers (data parallel).

    Parameters
    ----------
    sessions
        Opens one worker's part of a session.
    workers
        How many.
    threads, gpus
        Cores and GPUs of each.
    storage
        Where Ray Train keeps its files of a run.
    working_folder
        Where relative paths begin.
    """

    sessions: OpenShared
    workers: int
    threads: int
    gpus: float
    storage: str
    working_folder: str

    def __call__(self, spec: RunSpec) -> WorkerGroupSession:
        """The session of ``spec``, once its workers have opened theirs. Raises what they raise."""
        return WorkerGroupSession(spec, self)

    @property
    def resources(self) -> dict[str, float]:
        """What one worker reserves."""
        return {"CPU": float(self.threads)} | ({"GPU": self.gpus} if self.gpus else {})


class WorkerGroupSession:
    """A run on several workers as one :class:`~codescale.search.trials.session.Session`.

    The workers train on while the trial reports; they wait for nobody. ``close`` ends them.
    """

    def __init__(self, spec: RunSpec, opener: OpenOnWorkers) -> None:
        self.spec = spec
        self._closed = False
        self._reports = Queue(actor_options={"num_cpus": 0})
        task: Any = ray.remote(num_cpus=0, max_retries=0)(_train_together)
        self._run = task.remote(spec, opener, self._reports)
        try:
            self._last = self._next()
        except BaseException:
            self.close()
            raise

    @property
    def finished(self) -> bool:
        """As the workers said last."""
        return self._last.finished

    def advance(self) -> Evaluation | None:
        """Waits for the workers' next evaluation. Raises what a worker raised, and ``RayError`` where one died."""
        if self.finished:
            return None
        self._last = self._next()
        return self._last.evaluation

    def record(self, status: Status, note: str = "") -> RunRecord:
        """The record of the last evaluation."""
        record = self._last.record
        return record.model_copy(update={"status": status, "note": note or record.note})

    def close(self) -> None:
        """Ends the workers, whatever they are doing, and gives their cores back."""
        if self._closed:
            return
        self._closed = True
        with suppress(RayError, ValueError):
            ray.cancel(self._run, force=True)
        if last := getattr(self, "_last", None):
            remove_placement_group(last.reserved)
        self._reports.shutdown(force=True)

    def _next(self) -> WorkerReport:
        while True:
            ended, _ = ray.wait([self._run], timeout=0)
            try:
                told = self._reports.get(timeout=0.01 if ended else ASK_SECONDS)
            except Empty:
                if ended:
                    ray.get(self._run)
                    raise RuntimeError(f"{self.spec.run_id}: its workers ended without a word") from None
                remove_abandoned_groups()
                continue
            if isinstance(told, WorkerReport):
                return told
            raise UserError(*told)


def _train_together(spec: RunSpec, opener: OpenOnWorkers, reports: Queue) -> None:
    """Runs Ray Train to its end. Raises Ray Train's error where a worker fails or dies: the trial then begins again."""
    os.environ.setdefault("RAY_TRAIN_V2_ENABLED", "1")
    from ray.train.torch import TorchConfig
    from ray.train.v2.api.config import FailureConfig, RunConfig, ScalingConfig
    from ray.train.v2.torch.torch_trainer import TorchTrainer

    class Trainer(TorchTrainer):
        """Leaves out the detached actor (see above)."""

        def _create_default_callbacks(self) -> list[Any]:
            made = super()._create_default_callbacks()
            return [callback for callback in made if type(callback).__name__ != "PlacementGroupCleanerCallback"]

    Trainer(
        _work,
        train_loop_config={"spec": spec, "opener": opener, "reports": reports},
        scaling_config=ScalingConfig(
            num_workers=opener.workers, use_gpu=opener.gpus > 0, resources_per_worker=opener.resources
        ),
        run_config=RunConfig(
            name=spec.run_id, storage_path=opener.storage, failure_config=FailureConfig(max_failures=0)
        ),
        # NCCL wants a device for every worker, Gloo does not.
        torch_config=TorchConfig(backend="nccl" if opener.gpus >= 1 else "gloo"),
    ).fit()


def _work(settings: dict[str, Any]) -> None:
    from ray import train

    spec: RunSpec = settings["spec"]
    opener: OpenOnWorkers = settings["opener"]
    reports: Queue = settings["reports"]
    first = train.get_context().get_world_rank() == 0
    with suppress(OSError):
        os.chdir(opener.working_folder)
    try:
        session = opener.sessions.shared(spec)
        evaluation = None
        while True:
            if first:
                reserved = get_current_placement_group()
                reports.put(WorkerReport(evaluation, session.record("pruned"), session.finished, reserved))
            if session.finished:
                return
            evaluation = session.advance()
    except UserError as error:  # the others may wait for this worker: the trial ends them
        reports.put((error.where, error.problem, error.hint))
