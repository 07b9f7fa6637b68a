"""Doing planned runs on Ray: warm workers that take run after run, and lose at most a checkpoint's worth when killed.

A Ray Train job costs about twenty seconds before its first step, a proxy run a few; so workers stay, and only runs come
and go. A run that is done already is never done again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import ray
from ray.exceptions import RayActorError

from codescale.errors import UserError
from codescale.files import writing
from codescale.progress import Advance, Progress
from codescale.runs import RunRecord, RunSpec, read_record, write_record
from codescale.study import StudyConfig, StudyFolder
from codescale.sweeps.cluster import Workers
from codescale.sweeps.plan import run_flops
from codescale.training.factory import SessionFactory, session_factory

TRIES = 3
"""How often a run is begun again after its worker died before it is given up as failed."""


class RunWorker:
    """An actor that trains run after run; it keeps the corpus open between them."""

    def __init__(self, factory: SessionFactory, folder: StudyFolder) -> None:
        self._factory = factory
        self._folder = folder

    def run(self, spec: RunSpec) -> RunRecord:
        """Trains ``spec`` to its end and writes its record."""
        session = self._factory(spec)
        while not session.finished:
            session.advance()
        record = session.record("diverged", "a loss was not finite") if session.diverged else session.record("ok")
        write_record(self._folder.runs, record)
        session.discard_checkpoint()
        return record


@dataclass
class Execution:
    """What a stage's runs cost: ``seconds`` by the clock, ``busiest`` the training seconds of the busiest worker."""

    records: list[RunRecord] = field(default_factory=list)
    seconds: float = 0.0
    busiest: float = 0.0

    @property
    def orchestration(self) -> float:
        """Seconds in which not even the busiest worker trained: starting, scheduling, waiting."""
        return max(0.0, self.seconds - self.busiest)


def done_already(folder: StudyFolder, specs: Sequence[RunSpec]) -> dict[str, RunRecord]:
    """The records of those ``specs`` that are done, by run id.

    Raises :class:`UserError` where one was trained under another plan: its losses would be taken for this one's.
    """
    done = {}
    for spec in specs:
        path = folder.runs / f"{spec.run_id}.json"
        if path.exists():
            record = read_record(path)
            if record.spec != spec:
                raise UserError(
                    path,
                    "was trained under another plan: study.yaml has changed since",
                    "change it back, or make a new study, or delete the file to have the run trained again",
                )
            done[spec.run_id] = record
    return done


def execute(
    specs: Sequence[RunSpec],
    config: StudyConfig,
    folder: StudyFolder,
    workers: Workers,
    progress: Progress,
    describe: Callable[[RunRecord], str],
    title: str,
) -> Execution:
    """Does those ``specs`` that have no record yet, largest first, and returns all records in the order of ``specs``.

    A worker that dies is replaced and its run begun again from its checkpoint, ``TRIES`` times at most; then the run's
    record says ``failed``. Raises what a run raises otherwise, such as :class:`~codescale.errors.UserError`.
    """
    begun = time.monotonic()
    records = done_already(folder, specs)
    pending = [spec for spec in specs if spec.run_id not in records]
    with writing(folder.runs):
        folder.runs.mkdir(parents=True, exist_ok=True)
    with progress.bar(title, sum(run_flops(config, spec) for spec in specs)) as advance:
        advance(sum(run_flops(config, records[run_id].spec) for run_id in records))
        pool = _Pool(config, folder, workers, advance)
        for record in pool.do(sorted(pending, key=lambda spec: -run_flops(config, spec))):
            records[record.spec.run_id] = record
            progress.say(describe(record))
    busiest = max(pool.busy.values(), default=0.0)
    return Execution([records[spec.run_id] for spec in specs], time.monotonic() - begun, busiest)


class _Pool:
    """Warm workers and the runs in flight on them."""

    def __init__(self, config: StudyConfig, folder: StudyFolder, workers: Workers, advance: Advance) -> None:
        self._config, self._folder, self._workers, self._advance = config, folder, workers, advance
        self._factory = session_factory(config, folder.corpus, folder.checkpoints)
        self._failures: dict[str, int] = {}
        self.busy: dict[int, float] = {}

    def _start(self) -> ray.actor.ActorHandle:
        options = {"num_cpus": self._workers.threads, "num_gpus": self._workers.gpus}
        return ray.remote(**options)(RunWorker).remote(self._factory, self._folder)  # type: ignore[call-overload]

    def do(self, specs: Sequence[RunSpec]) -> Iterator[RunRecord]:
        """Yields the record of each of ``specs`` as it comes."""
        waiting = deque(specs)
        idle = {number: self._start() for number in range(min(self._workers.count, len(waiting)))}
        flying: dict[ray.ObjectRef, tuple[int, ray.actor.ActorHandle, RunSpec]] = {}
        try:
            while waiting or flying:
                while waiting and idle:
                    number, worker = idle.popitem()
                    spec = waiting.popleft()
                    flying[worker.run.remote(spec)] = (number, worker, spec)
                ready, _ = ray.wait(list(flying))
                number, worker, spec = flying.pop(ready[0])
                try:
                    record = ray.get(ready[0])
                    idle[number] = worker
                except RayActorError as error:
                    idle[number] = self._start()
                    failed = self._after_death(spec, str(error))
                    if failed is None:
                        waiting.appendleft(spec)
                        continue
                    record = failed
                write_record(self._folder.runs, record)
                self.busy[number] = self.busy.get(number, 0.0) + record.seconds
                self._advance(run_flops(self._config, spec))
                yield record
        finally:
            for worker in [*idle.values(), *(entry[1] for entry in flying.values())]:
                ray.kill(worker)

    def _after_death(self, spec: RunSpec, reason: str) -> RunRecord | None:
        """None where the run may begin again, else its record as a failed run."""
        self._failures[spec.run_id] = self._failures.get(spec.run_id, 0) + 1
        if self._failures[spec.run_id] < TRIES:
            return None
        return RunRecord(
            spec=spec, status="failed", evaluations=(), corpus_id="", tokens_trained=0, flops=0.0, seconds=0.0,
            finished=time.time(), note=f"its worker died {TRIES} times: {reason.splitlines()[0][:200]}",
        )  # fmt: skip
