"""Warm workers on a cluster that may grow and shrink, and the packs in flight on them.

Every worker is an actor that Ray places when a machine has room, so what waits is demand that an autoscaler sees. Packs
go to workers that are there; a worker without work is let go, so that its machine may go too. A pack whose worker is
lost is given to another one, and goes on from its checkpoint.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError

from codescale.cluster.autoscaling import ClusterState, cluster_state
from codescale.cluster.demand import LOOK_SECONDS, MOST_ASKED_FOR, DemandWatch, described
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.progress import Progress
from codescale.runs.records import RunRecord
from codescale.study.folder import StudyFolder
from codescale.sweeps.losses import LOST, TRIES, Cause, cause_of
from codescale.sweeps.packing import Pack
from codescale.sweeps.run_worker import RunWorker, Work
from codescale.training.loop.claim import Claim

RELEASE_SECONDS = 30.0
"""How long a worker without work stays; starting one anew takes seconds."""

MOST_FAILED_STARTS = 30
"""In a row: workers that were lost before they were there, of which none ever came."""


@dataclass
class _Worker:
    """``node`` and ``host`` are known once it runs; it is ``idle_since`` a moment of the monotonic clock."""

    number: int
    actor: Any
    node: str = ""
    host: str = ""
    idle_since: float = 0.0


@dataclass(frozen=True)
class _Flight:
    worker: _Worker
    pack: Pack
    claim: Claim


@dataclass(frozen=True)
class Landing:
    """A pack that came back: done by ``worker``, with ``records``; or lost by ``cause``, so ``often`` by that one."""

    pack: Pack
    worker: int
    records: list[RunRecord]
    cause: Cause | None = None
    often: int = 0
    error: Exception | None = None


class WorkerPool:
    """Does packs on workers that it starts as they are needed.

    Parameters
    ----------
    work
        What a worker does with a pack.
    workers
        How many there may be, and what each may use.
    limit
        The most of them that the study allows; None: as many as there is work for and machines have room for.
    folder
        The study's, where packs are claimed.
    progress
        Is told where machines are waited for or lost.
    """

    def __init__(
        self, work: Work, workers: Workers, limit: int | None, folder: StudyFolder, progress: Progress
    ) -> None:
        self._work, self._workers, self._limit = work, workers, limit
        self._folder, self._progress = folder, progress
        self._watch = DemandWatch(workers.own)
        self._coming: dict[ray.ObjectRef, _Worker] = {}
        self._idle: list[_Worker] = []
        self._flying: dict[ray.ObjectRef, _Flight] = {}
        self._lost: Counter[tuple[str, Cause]] = Counter()
        self._failed_starts = 0.0
        self._state = ClusterState(())
        self._looked = -LOOK_SECONDS
        self._said = False

    @property
    def busy(self) -> bool:
        """Whether a pack is in flight."""
        return bool(self._flying)

    @property
    def runs_in_flight(self) -> int:
        """How many runs workers have."""
        return sum(len(flight.pack.runs) for flight in self._flying.values())

    @property
    def _known(self) -> list[_Worker]:
        """All workers: idle, on their way, and at work."""
        return [*self._idle, *self._coming.values(), *(flight.worker for flight in self._flying.values())]

    def step(self, waiting: deque[Pack]) -> Iterator[Landing]:
        """Gives out of ``waiting`` what there are workers for and waits for a change: what came back, if anything."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look(len(waiting))
        self._give_out(waiting)
        self._ask_for(len(waiting))
        ready, _ = ray.wait([*self._coming, *self._flying], timeout=LOOK_SECONDS)
        for reference in ready:
            if reference in self._coming:
                self._arrived(reference)
            else:
                yield self._landed(reference)

    def close(self) -> None:
        """Ends all workers; what they were doing may be written no more."""
        for flight in self._flying.values():
            flight.claim.give_up()
        for worker in self._known:
            ray.kill(worker.actor)

    def _look(self, waiting: int) -> None:
        """Sees what has become of the cluster, lets go whom it does not need, and gives up where there is no hope."""
        self._looked = time.monotonic()
        self._state = cluster_state()
        if self._coming:
            self._watch.check(self._state)
        for worker in list(self._idle):
            unused = not waiting and self._looked - worker.idle_since >= RELEASE_SECONDS
            if unused or worker.node in self._state.draining:
                self._idle.remove(worker)
                ray.kill(worker.actor)
        if waiting and self._state.grows and not self._said and not (self._idle or self._flying):
            self._said = True
            self._progress.say(
                f"Waiting for machines: none that is there is free for a worker of {described(self._workers.demand)}, "
                "and the cluster adds them on demand"
            )

    def _ask_for(self, waiting: int) -> None:
        """Has as many workers on their way as there are packs left for them, within the limit."""
        there = len(self._idle) + len(self._flying)
        wanted = min(len(self._flying) + waiting, self._most(there)) - there
        while len(self._coming) > max(0, wanted):
            _, worker = self._coming.popitem()
            ray.kill(worker.actor)
        while len(self._coming) < wanted:
            worker = self._start()
            self._coming[worker.actor.place.remote()] = worker

    def _most(self, there: int) -> int:
        if self._limit is not None:
            return self._workers.count
        if self._state.grows:
            return there + max(1, MOST_ASKED_FOR // self._workers.nodes)
        return max(self._workers.count, self._state.room(self._workers.demand) // self._workers.nodes)

    def _start(self) -> _Worker:
        taken = {worker.number for worker in self._known}
        number = next(number for number in count() if number not in taken)
        own = self._workers.own
        options = {"num_cpus": own.get("CPU", 0.0), "num_gpus": own.get("GPU", 0.0)}
        actor = ray.remote(**options)(RunWorker).remote(self._work, str(Path.cwd()))  # type: ignore[call-overload]
        return _Worker(number, actor)

    def _give_out(self, waiting: deque[Pack]) -> None:
        while waiting and self._idle:
            worker, pack = self._idle.pop(), waiting.popleft()
            claim = Claim.make(self._folder, pack.name, [spec.run_id for spec in pack.runs], worker.host)
            self._flying[worker.actor.run.remote(pack, claim)] = _Flight(worker, pack, claim)

    def _arrived(self, reference: ray.ObjectRef) -> None:
        worker = self._coming.pop(reference)
        try:
            worker.node, worker.host = ray.get(reference)
        except LOST as error:
            # A worker that cannot begin will not at the next try either; one that was lost on its way may.
            hopeless = isinstance(error, RayActorError) and error.actor_init_failed
            self._failed_starts += MOST_FAILED_STARTS / TRIES["crash"] if hopeless else 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                raise UserError("Ray", *_did_not_start(error)) from error
            return
        self._failed_starts = 0.0
        self._rest(worker)

    def _landed(self, reference: ray.ObjectRef) -> Landing:
        flight = self._flying.pop(reference)
        worker, pack = flight.worker, flight.pack
        flight.claim.give_up()
        try:
            records: list[RunRecord] = ray.get(reference)
        except LOST as error:
            ray.kill(worker.actor)
            cause = cause_of(error, worker.node)
            self._lost[pack.name, cause] += 1
            return Landing(pack, worker.number, [], cause, self._lost[pack.name, cause], error)
        except BaseException:  # what the run itself raised, which ends the stage
            self._rest(worker)
            raise
        self._rest(worker)
        return Landing(pack, worker.number, records)

    def _rest(self, worker: _Worker) -> None:
        """The worker may have the next pack, unless its machine is about to go."""
        if worker.node in self._state.draining:
            ray.kill(worker.actor)
            return
        worker.idle_since = time.monotonic()
        self._idle.append(worker)


def _did_not_start(error: Exception) -> tuple[str, str]:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1][:200] if lines else type(error).__name__
    return f"workers do not start: {said}", "have the same versions of Python, Ray and codescale on every machine"
