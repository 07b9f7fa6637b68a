"""What a study's folder or store tells whoever looks on, for ``codescale status``; nothing of the study is written.

What is done is told by records and artifacts, what is under way by the claims of runs and the trials of ``search.json``
that run, who works by the driver's lease or mark, and the time left by the speed of the runs that are done.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codescale.comparison.documents.amount import tokens_tested, tokens_to_test
from codescale.corpus.manifest import Manifest
from codescale.corpus.reader import Corpus
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.runs.records import RETRY, SWEEP_STAGES, RunRecord, RunSpec, read_records
from codescale.search.result import SearchResult
from codescale.stages.cluster_plan import proved_runs, runs_left
from codescale.stages.inputs import StageContext
from codescale.stages.power import earlier_seeds
from codescale.stages.sweep import planned_runs
from codescale.storage.holder import Holder, lives_here, marked_by
from codescale.storage.lease import lease_holder
from codescale.storage.watched_copy import watched_copy
from codescale.study.comparison import AUTO
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.status import FailedRun, RunningRun, StageProgress, StageState, StudyDriver
from codescale.study.timings import StudyTimings
from codescale.sweeps.plan import run_tokens
from codescale.sweeps.retry import retries_of
from codescale.sweeps.speed import recorded_speeds
from codescale.sweeps.work import run_work
from codescale.training.loop.claim import claimed_runs
from codescale.training.loop.run_progress import read_progress
from codescale.training.model.pretrained_start import with_known_start

_STAGE_OF = dict.fromkeys((*SWEEP_STAGES, "organisation"), "sweep") | {
    "trial": "search",
    "check": "search",
    "comparison": "compare",
}


class _Described(StageContext):
    """A study whose corpus is known by its manifest alone: no shard is read."""

    def corpus(self) -> Corpus:
        path = self.folder.manifest
        return Corpus(self.folder.corpus, Manifest.read(path, "run codescale corpus again"))


@dataclass(frozen=True)
class StudyView:
    """What is read of a study: ``folder`` is the study's own, ``seen`` where its files are seen, which of a study in a
    store is a copy of them; ``planned`` says whether its runs can be planned.
    """

    folder: StudyFolder
    seen: StudyFolder
    config: StudyConfig
    planned: bool
    driver: StudyDriver | None
    notes: tuple[str, ...]

    @classmethod
    def of(cls, folder: StudyFolder) -> StudyView:
        copy = folder.working_copy
        if copy is None and not folder.root.is_dir():
            raise UserError(folder.root, "no such folder", f"make a study with: codescale init {folder.root}")
        seen = folder if copy is None else StudyFolder(watched_copy(copy))
        if copy is not None and not seen.config_file.exists():
            raise UserError(str(copy.address), "holds no study", f"make one with: codescale init {copy.address}")
        config, notes = seen.config(), []
        known = with_known_start(config, seen)
        if known is None:
            notes.append("The model that runs start from has not been fetched: how many runs there are is not known.")
        driver = _driver(marked_by(folder.root), None) if copy is None else _driver(*lease_holder(copy.store))
        if driver is not None and driver.alive is None:
            notes.append("Whether the driver still lives cannot be told from this machine: it counts as alive.")
        return cls(folder, seen, known or config, known is not None, driver, tuple(notes))

    @property
    def place(self) -> str:
        """The study's folder or address."""
        return str(self.folder.root) if self.folder.working_copy is None else self.folder.name

    @property
    def worked_on(self) -> bool:
        """Whether a driver is at work, as far as is known."""
        return self.driver is not None and self.driver.alive is not False

    @cached_property
    def context(self) -> StageContext:
        return _Described(self.config, self.seen, Silent())

    @cached_property
    def corpus(self) -> Corpus | None:
        return self.context.corpus() if self.seen.manifest.exists() else None

    @cached_property
    def records(self) -> list[RunRecord]:
        return read_records(self.seen.runs)

    @cached_property
    def _recorded(self) -> set[str]:
        return {record.spec.run_id for record in self.records}

    @cached_property
    def search(self) -> SearchResult | None:
        path = self.seen.search
        return SearchResult.read(path, "delete it; codescale search makes it again") if path.exists() else None

    @cached_property
    def sweep(self) -> list[RunSpec]:
        """The planned runs of the sweep, and the second tries of those that diverged."""
        specs = planned_runs(self.context)
        wanted = {spec.run_id for spec in specs}
        again = retries_of(
            (record for record in self.records if record.spec.run_id in wanted), self.config.training.retry_rate
        )
        return [*specs, *again]

    @cached_property
    def left(self) -> dict[str, list[RunSpec]]:
        """By stage, the runs that have no record; of a search as if no trial were stopped early, of a comparison as if
        no two mixtures were one.
        """
        if not self.planned:
            return {}
        phases = {name: list(runs) for name, runs, _ in runs_left(_with_seeds(self.context), self.records)}
        found = {"sweep": [spec for spec in self.sweep if spec.run_id not in self._recorded]}
        searched = self.search is not None and bool(self.search.ended) and not self._trials_running
        found["search"] = [] if searched else phases.get("search", [])
        found["compare"] = [] if self.seen.comparison.exists() else phases.get("comparison", [])
        return found

    @cached_property
    def _trials_running(self) -> list[RunningRun]:
        return [
            self._run(trial.run_id, trial.run_id, "search", trial.worker, None, self.config.search.tokens)
            for trial in (self.search.trials if self.search else ())
            if trial.state == "RUNNING" and trial.run_id not in self._recorded
        ]

    @cached_property
    def running(self) -> tuple[RunningRun, ...]:
        """Runs that are claimed or, of a search, under way, and have no record yet."""
        tokens = {spec.run_id: run_tokens(self.config, spec) for spec in self.sweep} if self.planned else {}
        claimed = [
            self._run(run_id, claim.name, _stage_of(run_id), claim.where, claim.since, tokens.get(run_id))
            for claim in claimed_runs(self.folder)
            for run_id in claim.runs
            if run_id not in self._recorded
        ]
        return (*claimed, *self._trials_running)

    def _run(
        self, run_id: str, name: str, stage: str, where: str, since: float | None, tokens: int | None
    ) -> RunningRun:
        progress = read_progress(self.folder.checkpoints / f"{name}.safetensors")
        trained = None if progress is None else progress.get("tokens_trained")
        return RunningRun(
            run_id=run_id,
            stage=stage,
            where=where,
            since=since,
            tokens=trained if isinstance(trained, int) else None,
            tokens_planned=tokens,
        )

    def worker_hours(self, record: RunRecord) -> float:
        """Hours of all workers that ``record``'s run had."""
        workers = self.config.search.workers_per_trial if record.spec.stage == "trial" else 1
        return workers * record.seconds / 3600

    def seconds_left(self, notes: list[str]) -> dict[str, list[float]] | None:
        """By stage, the seconds that each run left takes, those of one under way from its checkpoint on; None where
        nothing tells how fast they go, which goes into ``notes``.
        """
        if not self.planned:
            return None
        tested = tokens_tested(self.config, self.corpus, self.seen.test_losses, proved_runs(self.records))
        speeds = recorded_speeds(self.config, self.records, tested)
        if self.config.search.workers_per_trial > 1:
            notes.append("Trials have several workers: their time is reckoned as if one trained them.")
        unknown = sorted({spec.size for runs in self.left.values() for spec in runs} - speeds.keys())
        if unknown:
            notes.append(f"No run of size {', '.join(unknown)} has ended yet: how long the rest takes cannot be told.")
            return None
        trained = Counter({run.run_id: run.tokens or 0 for run in self.running})
        return {
            name: [self._seconds(spec, speeds[spec.size].flops_per_second, trained[spec.run_id]) for spec in runs]
            for name, runs in self.left.items()
        }

    def _seconds(self, spec: RunSpec, speed: float, trained: int) -> float:
        whole = run_work(self.config, spec, tokens_to_test(self.config, spec, self.corpus)) / speed
        return whole * max(0.0, 1.0 - trained / run_tokens(self.config, spec))

    def workers(self, room: int | None) -> int | None:
        """How many runs go at once, as far as is known: as many as a cluster has ``room`` for (None: no cluster was
        seen), or this machine's cores. None where that cannot be told.
        """
        section, running = self.config.ray, len(self.running) if self.worked_on else 0
        if section.workers is not None:
            return section.workers
        if room is None and self.here and not section.gpus_per_worker:
            room = max(1, (os.cpu_count() or 1) // section.threads)
        return max(running, room or 0) or None

    @property
    def stages(self) -> tuple[str, ...]:
        """Those of this study, in order: one with a trainer of its own has no corpus, and few are evaluated."""
        config = self.context.config
        corpus = ("corpus",) if config.trainer is None else ()
        evaluate = ("evaluate",) if config.evaluation is not None else ()
        return (*corpus, "sweep", "fit", "optimize", "search", "compare", *evaluate, "report")

    @property
    def here(self) -> bool:
        """Whether it is this machine that trains, as far as is known: no cluster is named, no driver is elsewhere."""
        elsewhere = self.driver is not None and self.driver.alive is not False and self.driver.host != platform.node()
        return "RAY_ADDRESS" not in os.environ and not elsewhere

    def stage(self, name: str, hours_left: float | None) -> StageProgress:
        """How far the stage called ``name`` is."""
        records = [record for record in self.records if _STAGE_OF.get(record.spec.stage) == name]
        running = [run for run in self.running if run.stage == name] if self.worked_on else []
        shared: dict[str, Any] = {"name": name, "state": self._state(name), "seconds": self._clock.get(name)}
        if name not in ("sweep", "search", "compare"):
            return StageProgress(**shared)
        statuses, left = Counter(record.status for record in records), self.left.get(name)
        return StageProgress(
            **shared,
            planned=None if left is None else len(records) + len(left),
            done=len(records),
            running=len(running),
            waiting=None if left is None else max(0, len(left) - len(running)),
            failed=statuses["failed"],
            diverged=statuses["diverged"],
            pruned=statuses["pruned"],
            tokens=sum(record.tokens_trained for record in records),
            flops=sum(record.flops for record in records),
            worker_hours=sum(map(self.worker_hours, records)),
            hours_left=hours_left,
        )

    @cached_property
    def _done(self) -> dict[str, bool]:
        seen, left = self.seen, self.left
        return {
            "corpus": seen.manifest.exists(),
            "sweep": left["sweep"] == [] if self.planned else seen.runs_table.exists(),
            "fit": seen.law.exists(),
            "optimize": seen.mixture.exists(),
            "search": self.search is not None and left.get("search") == [] and not self._trials_running,
            "compare": seen.comparison.exists(),
            "evaluate": seen.evaluation.exists(),
            "report": seen.report.exists(),
        }

    @cached_property
    def _clock(self) -> dict[str, float]:
        """Seconds of each stage by the clock."""
        path = self.seen.timings
        stages = StudyTimings.read(path, "delete it: only the times of stages are lost").stages if path.exists() else {}
        return {name: cost.seconds for name, cost in stages.items()}

    def _state(self, name: str) -> StageState:
        """Of a stage; one without runs counts as running where a driver lives and it is the first that is not done."""
        if self._done[name]:
            return "done"
        under_way = any(run.stage == name for run in self.running)
        first = next(stage for stage in self.stages if not self._done[stage]) == name
        if self.worked_on and (under_way or (first and not self.running)):
            return "running"
        begun = any(_STAGE_OF.get(record.spec.stage) == name for record in self.records)
        return "stopped" if under_way or begun else "waiting"

    def failed(self) -> list[FailedRun]:
        """The runs that ended badly, and why."""
        statuses = {record.spec.run_id: record.status for record in self.records}
        return [
            FailedRun(
                run_id=record.spec.run_id,
                stage=_STAGE_OF.get(record.spec.stage, record.spec.stage),
                status=record.status,
                note=record.note,
                again=statuses.get(record.spec.run_id + RETRY),
            )
            for record in self.records
            if record.status in ("failed", "diverged")
        ]


def _with_seeds(context: StageContext) -> StageContext:
    """``context`` with the seeds that were chosen for the proof, where the study leaves them open and they were."""
    section = context.config.comparison
    chosen = earlier_seeds(context) if section.seeds == AUTO else None
    if chosen is None:
        return context
    config = context.config.model_copy(update={"comparison": section.model_copy(update={"seeds": chosen})})
    return _Described(config, context.folder, context.progress)


def _stage_of(run_id: str) -> str:
    """By the name of a run that has no record yet."""
    kind = run_id.split("-", maxsplit=1)[0]
    return {"comparison": "compare", "check": "search", "trial": "search"}.get(kind, "sweep")


def _driver(holder: Holder, alive: bool | None) -> StudyDriver | None:
    if not holder:
        return None
    pid = holder.get("pid")
    return StudyDriver(
        host=str(holder.get("host", "")),
        pid=pid if isinstance(pid, int) else None,
        begun=str(holder.get("begun", "")),
        alive=lives_here(holder) if alive is None else alive,
    )
