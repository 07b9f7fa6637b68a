"""A schedule simulated event by event: machines come when they are asked for, are taken away, and go when idle.

The rules are those of a Ray cluster with an autoscaler that starts at no workers. What waits asks for machines up to a
limit; a machine joins after its start-up; the longest waiting run starts first, and none overtakes it where it does not
fit yet. A preempted machine takes with it what its runs did since their last checkpoint; they wait again, and another
machine is asked for. A machine without work goes after the idle time. Machines are paid from being asked for until they
are gone, start-up and idle time included. Times are seconds.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from codescale.errors import UserError

MOST_INTERRUPTIONS = 50
"""Of a run on average: beyond them a study is taken never to end."""


@dataclass(frozen=True)
class PlannedRun:
    """``seconds`` of work on its ``slots``, its start apart; a slot is a GPU, a part of one, or a worker's cores."""

    seconds: float
    slots: int = 1


@dataclass(frozen=True)
class Phase:
    """Runs of which none waits for another of them, ``at_once`` of them together at most; phases follow each other."""

    name: str
    runs: tuple[PlannedRun, ...]
    at_once: int | None = None


@dataclass(frozen=True)
class Pool:
    """Up to ``most`` machines of ``slots`` each. ``startup``: the shortest and the longest, equally likely between.
    ``preemptions``: of one machine a second; they come at random.
    """

    most: int
    slots: int
    startup: tuple[float, float]
    preemptions: float
    idle: float


@dataclass(frozen=True)
class RunHabits:
    """What runs lose: ``start`` at every start, at most ``checkpoint`` at a preemption. ``spread``: the deviation of
    the logarithm of a run's speed.
    """

    start: float
    checkpoint: float
    spread: float


@dataclass(frozen=True)
class Simulated:
    """One simulated study: seconds to its end, machine seconds paid, preemptions, and slot seconds done twice."""

    seconds: float
    machine_seconds: float
    preemptions: int
    lost: float


def check_fits(phases: Sequence[Phase], pool: Pool, where: str) -> None:
    """Raises :class:`UserError` for a run that all machines together have no room for."""
    widest = max((run.slots for phase in phases for run in phase.runs), default=0)
    room = pool.most * pool.slots
    if widest > room or pool.slots == 0:
        raise UserError(
            where,
            f"a run takes {widest} workers (GPUs, or groups of cores), and {pool.most} machines have room for {room}",
            "allow more machines (most), or larger ones, or fewer GPUs or cores for a run",
        )


def simulate(phases: Sequence[Phase], pool: Pool, habits: RunHabits, generator: np.random.Generator) -> Simulated:
    """One study from no machines to its end.

    Parameters
    ----------
    phases
        Its runs. What :func:`check_fits` refuses would wait for ever.
    pool
        The machines.
    habits
        What runs lose.
    generator
        Where chance comes from: the same generator gives the same study.

    Raises
    ------
    UserError
        Where machines are preempted so often that runs come to no end.
    """
    cluster = _Cluster(pool, habits, generator)
    for phase in phases:
        cluster.do(phase)
    return cluster.ended()


@dataclass
class _Machine:
    asked: float
    free: int
    up: bool = False
    attempts: set[int] = field(default_factory=set)
    idle_since: float = math.inf


@dataclass
class _Attempt:
    """One try of a run: what is left of it, since when, and how many slots of which machines it holds."""

    run: int
    left: float
    slots: int
    begun: float
    held: dict[int, int]


class _Cluster:
    def __init__(self, pool: Pool, habits: RunHabits, generator: np.random.Generator) -> None:
        self._pool, self._habits, self._generator = pool, habits, generator
        self._now, self._paid, self._lost = 0.0, 0.0, 0.0
        self._preempted, self._started = 0, 0
        self._events: list[tuple[float, int, str, int]] = []
        self._order = 0
        self._machines: dict[int, _Machine] = {}
        self._open: list[int] = []
        self._waiting: list[tuple[float, int, float, int]] = []
        self._running: dict[int, _Attempt] = {}
        self._at_once: float = math.inf

    def do(self, phase: Phase) -> None:
        """Runs ``phase`` to its end."""
        self._at_once = math.inf if phase.at_once is None else phase.at_once
        speeds = np.exp(self._habits.spread * self._generator.standard_normal(len(phase.runs)))
        self._waiting = [
            (-run.seconds, k, run.seconds / speed, run.slots)
            for k, (run, speed) in enumerate(zip(phase.runs, speeds.tolist(), strict=True))
        ]
        heapq.heapify(self._waiting)
        limit = self._preempted + MOST_INTERRUPTIONS * (len(phase.runs) + self._pool.most)
        self._place()
        self._ask()
        while self._waiting or self._running:
            self._now, _, kind, number = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(number)
            if self._preempted > limit:
                raise UserError(
                    "preemptions_per_day",
                    f"after {self._preempted:,} preemptions the study has not ended",
                    "lower it, shorten checkpoint_minutes, or take machines that are not preempted",
                )

    def ended(self) -> Simulated:
        """The study's end, at which all machines go."""
        paid = self._paid + sum(self._now - machine.asked for machine in self._machines.values())
        return Simulated(self._now, paid, self._preempted, self._lost)

    def _later(self, seconds: float, kind: str, number: int) -> None:
        self._order += 1
        heapq.heappush(self._events, (self._now + seconds, self._order, kind, number))

    def _ask(self) -> None:
        """Asks for the machines that waiting and running runs would fill."""
        most_more = self._at_once - len(self._running)
        waiting = sum(entry[3] for entry in self._waiting)
        if most_more < len(self._waiting):
            waiting = sum(sorted((entry[3] for entry in self._waiting), reverse=True)[: max(0, int(most_more))])
        wanted = waiting + sum(attempt.slots for attempt in self._running.values())
        for _ in range(min(self._pool.most, math.ceil(wanted / self._pool.slots)) - len(self._machines)):
            self._order += 1
            self._machines[self._order] = _Machine(self._now, self._pool.slots)
            self._later(self._generator.uniform(*self._pool.startup), "join", self._order)

    def _join(self, number: int) -> None:
        self._machines[number].up = True
        self._open.append(number)
        if self._pool.preemptions > 0:
            self._later(self._generator.exponential(1 / self._pool.preemptions), "preempt", number)
        self._place()
        self._rest(number)

    def _place(self) -> None:
        """Starts waiting runs, the longest first, until one does not fit."""
        while self._waiting and len(self._running) < self._at_once:
            held = self._room(self._waiting[0][3])
            if held is None:
                return
            _, run, left, slots = heapq.heappop(self._waiting)
            self._started += 1
            for number, count in held.items():
                machine = self._machines[number]
                machine.free -= count
                machine.attempts.add(self._started)
                machine.idle_since = math.inf
            self._running[self._started] = _Attempt(run, left, slots, self._now, held)
            self._later(self._habits.start + left, "finish", self._started)

    def _room(self, slots: int) -> dict[int, int] | None:
        """Slots of one machine, or for a run that is wider than one, of whole ones; None where there is no room."""
        while self._open and (self._open[-1] not in self._machines or not self._machines[self._open[-1]].free):
            self._open.pop()
        if not self._open:
            return None
        if slots == 1:
            return {self._open[-1]: 1}
        up = [(machine.free, number) for number, machine in self._machines.items() if machine.up]
        if slots <= self._pool.slots:
            fitting = [entry for entry in up if entry[0] >= slots]
            return {min(fitting)[1]: slots} if fitting else None
        whole = [number for free, number in up if free == self._pool.slots]
        needed = math.ceil(slots / self._pool.slots)
        if len(whole) < needed:
            return None
        held = dict.fromkeys(whole[: needed - 1], self._pool.slots)
        return held | {whole[needed - 1]: slots - sum(held.values())}

    def _finish(self, number: int) -> None:
        if number not in self._running:
            return  # its machine went before
        machines = self._release(number)
        self._place()
        for machine in machines:
            self._rest(machine)

    def _release(self, number: int) -> list[int]:
        attempt = self._running.pop(number)
        for name, count in attempt.held.items():
            machine = self._machines[name]
            machine.free += count
            machine.attempts.discard(number)
            self._open.append(name)
        return list(attempt.held)

    def _rest(self, number: int) -> None:
        """Has a machine go that stays without work for the idle time."""
        machine = self._machines.get(number)
        if machine is not None and not machine.attempts and machine.idle_since == math.inf:
            machine.idle_since = self._now
            self._later(self._pool.idle, "leave", number)

    def _leave(self, number: int) -> None:
        machine = self._machines.get(number)
        if machine is None or machine.attempts:
            return
        left = machine.idle_since + self._pool.idle - self._now
        if left > 1e-9:  # it worked meanwhile, and rests again since
            return
        if self._waiting and len(self._running) < self._at_once:
            machine.idle_since = math.inf
            self._rest(number)  # the next run needs more than this one: it stays for it
            return
        self._remove(number)

    def _remove(self, number: int) -> None:
        self._paid += self._now - self._machines.pop(number).asked

    def _preempt(self, number: int) -> None:
        if number not in self._machines:
            return
        self._preempted += 1
        for name in list(self._machines[number].attempts):
            attempt = self._running[name]
            self._release(name)
            done = min(attempt.left, max(0.0, self._now - attempt.begun - self._habits.start))
            kept = done - done % self._habits.checkpoint
            self._lost += attempt.slots * (done - kept)
            heapq.heappush(self._waiting, (-attempt.left, attempt.run, attempt.left - kept, attempt.slots))
        self._remove(number)
        self._ask()
        self._place()
