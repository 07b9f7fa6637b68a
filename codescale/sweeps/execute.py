"""Doing planned runs on Ray: warm workers that take pack after pack, and lose at most a checkpoint's worth when killed.

A Ray Train job costs about twenty seconds before its first step, a proxy run a few; so workers stay, and only runs come
and go: one by one, or in packs that are trained as one model. A run that is done already is never done again; one that
diverged is tried once more.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codescale.cluster.metrics import StageMetrics
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.files import writing
from codescale.progress import Advance, Progress
from codescale.runs.records import RunRecord, RunSpec, read_record, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.losses import TRIES, Cause, note_of
from codescale.sweeps.packing import Pack, most_together, packs_of, workers_for_packs
from codescale.sweeps.plan import run_flops
from codescale.sweeps.retry import retry_of
from codescale.sweeps.run_worker import SweepWork, Work
from codescale.sweeps.sessions import session_factory_of
from codescale.sweeps.worker_pool import Landing, WorkerPool
from codescale.training.loop.claim import remove_claims

MOST_FAILED_FIRST = 5
"""Runs by a command of the user's: where so many fail before one ends in any other way, none will."""


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


@dataclass(frozen=True)
class StageRuns:
    """How a stage does its runs.

    Parameters
    ----------
    title
        What the progress bar calls it.
    work
        Does a pack.
    workers
        How many packs go at once, and on what.
    most_together
        How many runs like one go into one pack.
    retry_rate
        Of its learning rate, a run that diverged is done once more at so much; None: it is not.
    """

    title: str
    work: Work
    workers: Workers
    most_together: Callable[[RunSpec], int]
    retry_rate: float | None


def execute(
    specs: Sequence[RunSpec],
    config: StudyConfig,
    folder: StudyFolder,
    workers: Workers,
    progress: Progress,
    describe: Callable[[RunRecord], str],
    title: str,
) -> Execution:
    """Does ``specs`` as :func:`do_runs` does: trained, on GPUs in packs, and once more where they diverged."""
    workers = workers_for_packs(config.ray, workers)
    factory = session_factory_of(config, folder)
    most = most_together(config, workers, len(specs)) if len(done_already(folder, specs)) < len(specs) else _alone
    runs = StageRuns(title, SweepWork(factory, folder), workers, most, config.training.retry_rate)
    return do_runs(runs, specs, config, folder, progress, describe)


def _alone(spec: RunSpec) -> int:
    return 1


def do_runs(
    stage: StageRuns,
    specs: Sequence[RunSpec],
    config: StudyConfig,
    folder: StudyFolder,
    progress: Progress,
    describe: Callable[[RunRecord], str],
) -> Execution:
    """Does those ``specs`` that have no record yet, the largest packs first, and returns all records in the order of
    ``specs``, then those of second tries.

    A pack whose worker was lost goes on from its checkpoint on another one, as often as
    :data:`~codescale.sweeps.losses.TRIES` says; then the records of what is left of it say ``failed``. Raises what a
    run raises otherwise, such as :class:`~codescale.errors.UserError`.
    """
    begun = time.monotonic()
    if config.trainer is not None:
        stage = replace(stage, workers=stage.workers.on_machines(config.trainer.resources.nodes))
    records = done_already(folder, specs)
    remove_claims(folder, records)
    with writing(folder.runs):
        folder.runs.mkdir(parents=True, exist_ok=True)
    with progress.bar(stage.title, sum(run_flops(config, spec) for spec in specs)) as advance:
        advance(sum(run_flops(config, records[run_id].spec) for run_id in records))
        plan = _Plan(stage, config, folder, advance, progress)
        for record in plan.do(specs, records):
            records[record.spec.run_id] = record
            progress.say(describe(record))
    busiest = max(plan.busy.values(), default=0.0)
    order = {spec.run_id: None for spec in specs} | dict.fromkeys(records)
    return Execution([records[run_id] for run_id in order], time.monotonic() - begun, busiest)


class _Plan:
    """The packs of runs that wait, and what becomes of those that came back."""

    def __init__(
        self, stage: StageRuns, config: StudyConfig, folder: StudyFolder, advance: Advance, progress: Progress
    ) -> None:
        self._stage, self._config, self._folder = stage, config, folder
        self._advance, self._progress = advance, progress
        self._pool = WorkerPool(stage.work, stage.workers, config.ray.workers, folder, progress)
        self._again: list[RunSpec] = []
        self._planned: frozenset[str] = frozenset()
        self._tally = _Tally(StageMetrics(config.name, stage.title.lower()))
        self._failed_first: int | None = 0 if config.trainer is not None else None
        self.busy: dict[int, float] = {}

    def _packs(self, specs: Sequence[RunSpec], done: Container[str]) -> deque[Pack]:
        """What of ``specs`` is not ``done``, largest first; packed with what is, so that checkpoints keep their name.

        A study without packs, as on a CPU, has packs of one.
        """
        left = [pack.without(done) for pack in packs_of(specs, self._config, self._stage.most_together)]
        return deque(sorted((pack for pack in left if pack.runs), key=lambda pack: -self._flops(pack)))

    def _flops(self, pack: Pack) -> float:
        return sum(run_flops(self._config, spec) for spec in pack.runs)

    def do(self, specs: Sequence[RunSpec], earlier: Mapping[str, RunRecord]) -> Iterator[RunRecord]:
        """Yields the record of each of ``specs`` that has none among the ``earlier`` ones as it comes, and those of
        second tries.
        """
        self._planned = frozenset(spec.run_id for spec in specs)
        self._tally.left = len(self._planned)
        for record in earlier.values():
            self._tally.add(record)
        waiting = self._packs(specs, set(earlier))
        try:
            while waiting or self._pool.busy:
                self._tally.show(self._pool.runs_in_flight)
                for landing in self._pool.step(waiting):
                    records = landing.records
                    if landing.cause is not None:
                        records, left = self._after_loss(landing, landing.cause)
                        if left.runs:
                            waiting.appendleft(left)
                    for record in records:
                        self._settle(record, landing.worker)
                        yield record
                        self._check_hope(record)
                if not waiting and self._again:
                    waiting, self._again = self._packs(self._again, ()), []
        finally:
            self._pool.close()
            self._tally.show(0)

    def _check_hope(self, record: RunRecord) -> None:
        """Raises :class:`UserError` where the first runs by the user's command have all failed."""
        if self._failed_first is None or record.status != "failed":
            self._failed_first = None
            return
        self._failed_first += 1
        if self._failed_first >= MOST_FAILED_FIRST:
            raise UserError(
                f"{self._folder.config_file}, trainer",
                f"its first {self._failed_first} runs have all failed, {record.spec.run_id}: {record.note}",
                f"mend it by codescale check-trainer {self._folder.name}, delete the failed runs in "
                f"{self._folder.runs.name}, and give the command again",
            )

    def _settle(self, record: RunRecord, worker: int) -> None:
        write_record(self._folder.runs, record)
        self._tally.add(record)
        self.busy[worker] = self.busy.get(worker, 0.0) + record.seconds
        if record.spec.run_id in self._planned:
            self._advance(run_flops(self._config, record.spec))
        again = retry_of(record, self._stage.retry_rate)
        if again is not None:
            self._again.append(again)
            self._tally.left += 1

    def _after_loss(self, landing: Landing, cause: Cause) -> tuple[list[RunRecord], Pack]:
        """The records that there are of a lost pack, and what is left of it to go on with."""
        for spec in landing.pack.runs:  # by name: where many machines go at once, a list of all runs is long for each
            self._folder.fetch_result(self._folder.runs / f"{spec.run_id}.json")
        done = done_already(self._folder, landing.pack.runs)
        left = landing.pack.without(done)
        assert landing.error is not None
        if landing.often < TRIES[cause]:
            self._tally.metrics.count_restarts(cause, len(left.runs))
            if left.runs and cause in ("machine", "unreachable"):
                what = f"{left.runs[0].run_id} goes" if len(left.runs) == 1 else f"{len(left.runs)} runs go"
                self._progress.say(f"A machine was lost: {what} on elsewhere from the last checkpoint")
            return list(done.values()), left
        note = note_of(cause, landing.error)
        return [*done.values(), *(_failed(spec, note) for spec in left.runs)], replace(left, runs=())


class _Tally:
    """What of a stage's runs is done and how many are ``left``, for its ``metrics``."""

    def __init__(self, metrics: StageMetrics) -> None:
        self.metrics, self.left = metrics, 0
        self._states: Counter[str] = Counter()
        self._tokens = self._flops = 0.0

    def add(self, record: RunRecord) -> None:
        """``record``'s run is done."""
        self.left -= 1
        self._states.update(("done", record.status))
        self._tokens += record.tokens_trained
        self._flops += record.flops

    def show(self, running: int) -> None:
        """All of it, of what is left so many runs ``running``."""
        runs = dict(self._states) | {"running": running, "waiting": self.left - running}
        self.metrics.set_progress(runs, self._tokens, self._flops)


def _failed(spec: RunSpec, note: str) -> RunRecord:
    return RunRecord(
        spec=spec,
        status="failed",
        evaluations=(),
        corpus_id="",
        tokens_trained=0,
        flops=0.0,
        seconds=0.0,
        finished=time.time(),
        note=note,
    )
