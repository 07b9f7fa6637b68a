"""Doing planned runs on Ray: warm workers that take pack after pack, and lose at most a checkpoint's worth when killed.

A Ray Train job costs about twenty seconds before its first step, a proxy run a few; so workers stay, and only runs come
and go: one by one, or in packs that are trained as one model. A run that is done already is never done again; one that
diverged is tried once more.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

import ray
from ray.exceptions import RayActorError

from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.files import writing
from codescale.progress import Advance, Progress
from codescale.runs.records import RunRecord, RunSpec, read_record, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.packing import Pack, most_together, packs_of, workers_for_packs
from codescale.sweeps.plan import run_flops
from codescale.sweeps.retry import retry_of
from codescale.training.session_factory import SessionFactory, session_factory

TRIES = 3
"""How often a pack is begun again after its worker died before what is left of it is given up as failed."""


class RunWorker:
    """An actor that trains pack after pack; it keeps the corpus open between them."""

    def __init__(self, factory: SessionFactory, folder: StudyFolder) -> None:
        self._factory = factory
        self._folder = folder

    def run(self, pack: Pack) -> list[RunRecord]:
        """Trains ``pack`` to its end and writes its runs' records."""
        return [self._one(pack.runs[0])] if pack.alone else self._together(pack)

    def _one(self, spec: RunSpec) -> RunRecord:
        session = self._factory(spec)
        while not session.finished:
            session.advance()
        record = session.record("diverged" if session.diverged else "ok")
        self._folder.upload(write_record(self._folder.runs, record))
        session.discard_checkpoint()
        return record

    def _together(self, pack: Pack) -> list[RunRecord]:
        session = self._factory.pack(pack.name, pack.runs)
        while not session.finished:
            session.advance()
            for k in session.diverged_runs():
                self._folder.upload(write_record(self._folder.runs, session.record(k)))
        records = session.records()
        for record in records:
            self._folder.upload(write_record(self._folder.runs, record))
        session.discard_checkpoint()
        return records


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
    """Does those ``specs`` that have no record yet, the largest packs first, and returns all records in the order of
    ``specs``, then those of second tries.

    A worker that dies is replaced and its pack begun again from its checkpoint, ``TRIES`` times at most; then the
    records of what is left of it say ``failed``. A run that diverged is done once more at ``training.retry_rate`` times
    its learning rate. Raises what a run raises otherwise, such as :class:`~codescale.errors.UserError`.
    """
    begun = time.monotonic()
    records = done_already(folder, specs)
    with writing(folder.runs):
        folder.runs.mkdir(parents=True, exist_ok=True)
    with progress.bar(title, sum(run_flops(config, spec) for spec in specs)) as advance:
        advance(sum(run_flops(config, records[run_id].spec) for run_id in records))
        pool = _Pool(config, folder, workers_for_packs(config.ray, workers), advance)
        for record in pool.do(specs, set(records)):
            records[record.spec.run_id] = record
            progress.say(describe(record))
    busiest = max(pool.busy.values(), default=0.0)
    order = {spec.run_id: None for spec in specs} | dict.fromkeys(records)
    return Execution([records[run_id] for run_id in order], time.monotonic() - begun, busiest)


class _Pool:
    """Warm workers and the packs in flight on them."""

    def __init__(self, config: StudyConfig, folder: StudyFolder, workers: Workers, advance: Advance) -> None:
        self._config, self._folder, self._workers, self._advance = config, folder, workers, advance
        self._factory = session_factory(config, folder.corpus, folder.checkpoints, folder.tensorboard, folder)
        self._failures: dict[str, int] = {}
        self._again: list[RunSpec] = []
        self._planned: frozenset[str] = frozenset()
        self.busy: dict[int, float] = {}

    def _start(self) -> ray.actor.ActorHandle:
        options = {"num_cpus": self._workers.threads, "num_gpus": self._workers.gpus}
        return ray.remote(**options)(RunWorker).remote(self._factory, self._folder)  # type: ignore[call-overload]

    def _packs(self, specs: Sequence[RunSpec], done: Container[str]) -> deque[Pack]:
        """What of ``specs`` is not ``done``, largest first; packed with what is, so that checkpoints keep their name.

        A study without packs, as on a CPU, has packs of one.
        """
        if all(spec.run_id in done for spec in specs):
            return deque()
        most = most_together(self._config, self._workers, len(specs))
        left = [pack.without(done) for pack in packs_of(specs, self._config, most)]
        return deque(sorted((pack for pack in left if pack.runs), key=lambda pack: -self._flops(pack)))

    def _flops(self, pack: Pack) -> float:
        return sum(run_flops(self._config, spec) for spec in pack.runs)

    def do(self, specs: Sequence[RunSpec], done: Container[str]) -> Iterator[RunRecord]:
        """Yields the record of each of ``specs`` that is not ``done`` as it comes, and those of second tries."""
        self._planned = frozenset(spec.run_id for spec in specs)
        waiting = self._packs(specs, done)
        idle = {number: self._start() for number in range(min(self._workers.count, len(waiting)))}
        flying: dict[ray.ObjectRef, tuple[int, ray.actor.ActorHandle, Pack]] = {}
        try:
            while waiting or flying:
                while waiting and idle:
                    number, worker = idle.popitem()
                    pack = waiting.popleft()
                    flying[worker.run.remote(pack)] = (number, worker, pack)
                ready, _ = ray.wait(list(flying))
                number, worker, pack = flying.pop(ready[0])
                try:
                    records = ray.get(ready[0])
                    idle[number] = worker
                except RayActorError as error:
                    idle[number] = self._start()
                    records, left = self._after_death(pack, str(error))
                    if left.runs:
                        waiting.appendleft(left)
                for record in records:
                    self._settle(record, number)
                    yield record
                if not waiting and self._again:
                    waiting, self._again = self._packs(self._again, ()), []
        finally:
            for worker in [*idle.values(), *(entry[1] for entry in flying.values())]:
                ray.kill(worker)

    def _settle(self, record: RunRecord, worker: int) -> None:
        write_record(self._folder.runs, record)
        self.busy[worker] = self.busy.get(worker, 0.0) + record.seconds
        if record.spec.run_id in self._planned:
            self._advance(run_flops(self._config, record.spec))
        again = retry_of(record, self._config.training.retry_rate)
        if again is not None:
            self._again.append(again)

    def _after_death(self, pack: Pack, reason: str) -> tuple[list[RunRecord], Pack]:
        """The records that there are of ``pack`` after its worker died, and what is left of it to begin again."""
        self._folder.fetch_results()
        done = done_already(self._folder, pack.runs)
        left = pack.without(done)
        self._failures[pack.name] = self._failures.get(pack.name, 0) + 1
        if self._failures[pack.name] < TRIES:
            return list(done.values()), left
        failed = [
            RunRecord(
                spec=spec,
                status="failed",
                evaluations=(),
                corpus_id="",
                tokens_trained=0,
                flops=0.0,
                seconds=0.0,
                finished=time.time(),
                note=f"its worker died {TRIES} times: {reason.splitlines()[0][:200]}",
            )
            for spec in left.runs
        ]
        return [*done.values(), *failed], replace(left, runs=())
