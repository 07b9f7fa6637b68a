"""What Tune asks during a search: which trial comes next, and how the one that ended is told.

A trial is a start (the law's optimum and its like), a point that was under way when a worker or the search died, or
what the sampler suggests. Budget and patience say when there is none left. Records of runs are all that a search is
rebuilt from: a replay asks and tells again, in order, what they hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ray.tune.search import Searcher

from codescale.cluster.metrics import StageMetrics
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.organisation import ORGANISATION
from codescale.progress import Progress
from codescale.runs.records import RunRecord, RunSpec, read_record, write_record
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.termination import Terminator
from codescale.search.samplers import EXCESS, SeededByTrial
from codescale.search.space.distributions import distributions
from codescale.search.space.space import SearchPoint
from codescale.search.trials.history import TrialEntry, TrialHistory, TrialSource
from codescale.search.trials.outcome import TrialOutcome
from codescale.search.trials.spec import TrialSpecs, UsedBudget, trials_left
from codescale.search.tune.optuna_mirror import Journal, OptunaMirror
from codescale.search.tune.optuna_searcher import OptunaPointSearcher
from codescale.study.folder import StudyFolder
from codescale.study.search import MOST_TRIALS

RESTARTS = 2
"""How often a trial whose worker died goes on from its checkpoint before the search gives up."""


class MixtureSearcher(OptunaPointSearcher):
    """Proposes the trials of one search and keeps their history.

    After a kill a fresh one is made and :meth:`replay` asks and tells again what the records hold. Nothing is pickled.
    ``refusal`` holds the bad input that a trial met and ``failed`` the trial that crashed: either ends the search.
    ``allowed`` says how many trials may be under way where that changes as it goes, ``metrics`` shows while Ray runs
    how far the search is.

    Parameters
    ----------
    specs
        Makes the runs, in the space of its problem.
    sampler
        What proposes points.
    history
        What is kept of the trials.
    folder
        The study's folder, where records are.
    starts
        Points that are tried before the sampler is asked, with what proposed them.
    progress
        Is told of every trial that ended.
    noise
        Standard deviation of the objective between seeds (nats per token), below which nothing is worth another trial;
        None has the search use its budget.
    mirror
        Shows what ended; an Optuna study of its own in the folder where not given.
    """

    def __init__(
        self,
        specs: TrialSpecs,
        sampler: SeededByTrial | LawSampler,
        history: TrialHistory,
        folder: StudyFolder,
        starts: Sequence[tuple[TrialSource, SearchPoint]],
        progress: Progress,
        noise: float | None = None,
        mirror: OptunaMirror | None = None,
    ) -> None:
        super().__init__(specs.problem.space, sampler)
        self.specs, self.history, self.folder = specs, history, folder
        self.starts, self.progress = list(starts), progress
        self.mirror = mirror or OptunaMirror(
            Journal(folder.optuna), specs.problem.config.name, distributions(self.space)
        )
        self.unfinished: dict[int, TrialEntry] = {}
        self.refusal: UserError | None = None
        self.failed: str | None = None
        self.allowed: Callable[[], int] | None = None
        self.metrics: StageMetrics | None = None
        self._terminator = Terminator(noise, unit=specs.problem.objective.unit)
        self._asked: dict[str, RunSpec] = {}
        self._numbers: set[int] = set()
        self._deaths: Counter[str] = Counter()

    @property
    def remaining(self) -> int:
        """How many trials may still be asked for: none where the budget is used up; where too little is to be gained,
        those that were under way when the search was killed.
        """
        if self.history.ended:
            return len(self.unfinished)
        flops = self.history.flops_committed(self.specs.flops)
        spent = UsedBudget(len(self._numbers), self.history.tokens_committed, flops, self.history.seconds)
        return trials_left(self.specs.problem.config, spent)

    @property
    def ended(self) -> bool:
        """Whether every trial that was asked for has ended and none is left to ask for."""
        return self.remaining == 0 and not self._under_way

    @property
    def _under_way(self) -> int:
        return sum(entry.state == "RUNNING" for entry in self.history.trials)

    def add_evaluated(self, record: RunRecord) -> bool:
        """Enters a run of the sweep (or of another search of a front) as a completed trial; False where it lies outside
        the space or has no end.
        """
        base, spec = self.specs.problem.base_hyper, record.spec
        point = self.space.chosen(spec.mixture, base | spec.hyper, spec.organisation)
        outcome = TrialOutcome.of(record, self.history.objective)
        if set(spec.hyper) - set(base) or outcome.status != "COMPLETE":
            return False
        try:
            parameters = self.parameters(point)
        except ValueError:
            return False
        self._measure(point, outcome)
        self.add_outcome(parameters, outcome, self._attributes(outcome))
        source = "another search" if spec.stage in ("trial", "check") else "sweep"
        self.mirror.add(outcome, source, parameters)
        self.history.add_evaluated(outcome, point.hyper)
        self.starts = [start for start in self.starts if not start[1].same(point)]
        return True

    def replay(self, records: Mapping[int, RunRecord], unfinished: Sequence[TrialEntry]) -> None:
        """Asks and tells the trials of ``records`` in order, and remembers the points of ``unfinished`` ones."""
        for number in sorted(records):
            record = records[number]
            trial_id = f"replayed-{number}"
            self._ask(trial_id, number, self.space.point_of(record.spec))
            self._tell(trial_id, TrialOutcome.of(record, self.history.objective))
        if self._terminator.noise is None:
            self.history.ended = ""  # it may have ended under another study.yaml
        for entry in unfinished:
            if entry.number is not None and entry.number not in self._numbers:
                self.unfinished[entry.number] = entry

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next trial for Tune, as ``{"spec": JSON}``; ``FINISHED`` where there is none.

        None, which has Tune ask again, as long as a trial is under way: its worker may die, and then it is the next.
        """
        if self.refusal or self.failed:
            return Searcher.FINISHED
        if self.remaining == 0:
            return None if self._under_way else Searcher.FINISHED
        if self.allowed is not None and self._under_way >= self.allowed():
            return None
        number = next(number for number in range(len(self._numbers) + 1) if number not in self._numbers)
        entry = self.unfinished.pop(number, None)
        wanted = None if entry is None else self._wanted(entry, number)
        spec = self._ask(trial_id, number, wanted, entry.source if entry and wanted else "sampler")
        try:
            self.write()
        except UserError as error:  # a full disk: Tune would bury the line in a traceback
            self.refusal = error
            return Searcher.FINISHED
        return _for_tune(spec)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """A running trial was evaluated; Optuna is told of it when the trial ends, whoever looks on where it runs."""
        self._add_progress(trial_id, result)
        if self.history.set_worker(self._asked[trial_id].run_id, str(result.get("hostname", ""))):
            try:
                self.history.write()
            except UserError as refusal:
                self.refusal = refusal

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """The trial has ended: its record goes to the disk first, then Optuna is told."""
        if trial_id in self._completed_trials:
            return
        if error or not result:
            self._lost(trial_id)
            return
        self._add_progress(trial_id, result)
        if result["outcome"] == "refused":
            self.refusal = UserError(*result["refusal"])
            return
        # The worker wrote the record of a run that came to its end; that of a stopped one is what it last reported.
        reported = RunRecord.model_validate_json(result["record"])
        try:
            record = read_record(write_record(self.folder.runs, reported))
            entry = self._tell(trial_id, TrialOutcome.of(record, self.history.objective))
            most = self.specs.problem.config.search.most_trials
            self.progress.say(_line(entry, self.history.incumbent, most, record))
            self.write()
        except UserError as refusal:
            self.refusal = refusal

    def write(self) -> None:
        """Brings ``search.json`` and Optuna's file up to date. Raises :class:`UserError` where the disk refuses."""
        self.history.write()
        self.mirror.write()
        self.show_metrics()

    def show_metrics(self) -> None:
        """Brings the metrics up to date."""
        if self.metrics is None:
            return
        states = Counter(entry.state for entry in self.history.trials)
        runs = {"running": states["RUNNING"], "done": states.total() - states["RUNNING"], "waiting": self.remaining}
        runs |= {"pruned": states["PRUNED"], "diverged": states["FAIL"]}
        flops = sum(entry.flops for entry in self.history.trials)
        self.metrics.set_progress(runs, self.history.tokens_trained, flops)
        best = self.history.incumbent
        if best is not None and best.objective is not None:
            self.metrics.set_best(best.objective)

    def save(self, checkpoint_path: str) -> None:
        """Nothing is saved: a search is rebuilt from its records."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing is restored: a search is rebuilt from its records."""

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its settings for Tuner.restore, which is not used

    def _ask(self, trial_id: str, number: int, wanted: SearchPoint | None, source: TrialSource = "sampler") -> RunSpec:
        """Asks for trial ``number``: a start, what the sampler suggests, or else the point ``wanted`` by a record."""
        start = next((start for start in self.starts if wanted is None or start[1].same(wanted)), None)
        if start is not None:
            source, wanted = start
            self.starts.remove(start)
            self.enqueue(wanted)
        spec = self.specs.spec(number, self.ask_point(trial_id, number, wanted))
        self._asked[trial_id] = spec
        self._numbers.add(number)
        self.history.begin(number, spec, source)
        if source == "sampler":
            self._terminator.observe(self.trial_sampler)
            self.history.ended = self.history.ended or self._terminator.verdict
        return spec

    def _wanted(self, entry: TrialEntry, number: int) -> SearchPoint | None:
        """The point of a trial that was under way, unless study or space have changed since."""
        point = self.space.chosen(Mixture(entry.proportions), entry.hyper, entry.organisation)
        if not self.space.holds(point):
            return None
        return point if self.specs.spec(number, point).run_id == entry.run_id else None

    def _add_progress(self, trial_id: str, result: Mapping[str, Any]) -> None:
        self.history.add_worker_time(str(result["pid"]), float(result["time_this_iter_s"]))
        self.history.add_progress(self._asked[trial_id].run_id, int(result["tokens_trained"]))

    def _tell(self, trial_id: str, outcome: TrialOutcome) -> TrialEntry:
        """The trial has ended: Optuna, history and mirror are told; its checkpoint has served."""
        self._measure(self.space.point_of(outcome.record.spec), outcome)
        self.tell_outcome(trial_id, outcome, self._attributes(outcome))
        self.folder.discard_checkpoints(outcome.run_id)
        entry = self.history.finish(outcome)
        self.mirror.add(outcome, entry.source, self.parameters(self.space.point_of(outcome.record.spec)))
        return entry

    def _measure(self, point: SearchPoint, outcome: TrialOutcome) -> None:
        """Holds a finished run to the rule of no harm, where there is one."""
        measured = self.history.measured
        if measured is not None and outcome.losses is not None and outcome.value is not None:
            measured.finish(outcome.run_id, point, outcome.losses, outcome.value)

    def _attributes(self, outcome: TrialOutcome) -> dict[str, Any]:
        """What samplers read of a trial beside its value."""
        measured = self.history.measured
        return outcome.attributes | ({} if measured is None else {EXCESS: measured.excess(outcome.run_id)})

    def _lost(self, trial_id: str) -> None:
        """The trial's worker died. The trial is asked for again, and goes on from its checkpoint.

        Tune's own restarts leave out a worker that dies between two trials: its next one would fail at once.
        """
        run_id = self._asked[trial_id].run_id
        self._deaths[run_id] += 1
        if self._deaths[run_id] > RESTARTS:
            self.failed = run_id
            return
        self._requeue(trial_id)
        if self.metrics is not None:
            self.metrics.count_restarts("worker")

    def excuse(self, trial_id: str) -> None:
        """The trial died with its machine, which is no fault of its own: it may go on as often as before."""
        run_id = self._asked[trial_id].run_id
        self._deaths[run_id] -= 1
        self.progress.say(f"A machine was lost: {run_id} goes on elsewhere from the last checkpoint")
        if self.failed == run_id:
            self.failed = None
            self._requeue(trial_id)

    def _requeue(self, trial_id: str) -> None:
        self.withdraw(trial_id)
        entry = self.history.requeue(self._asked[trial_id].run_id)
        assert entry.number is not None
        self._numbers.discard(entry.number)
        self.unfinished[entry.number] = entry


def _for_tune(spec: RunSpec) -> dict[str, Any]:
    """What Tune hands to the trial, which needs ``spec`` alone; the rest is for whoever shows it."""
    named: dict[str, Any] = {f"proportion.{name}": share for name, share in spec.proportions.items()}
    named |= {f"hyper.{name}": value for name, value in spec.hyper.items()}
    named[ORGANISATION] = spec.organisation
    return {"spec": spec.model_dump_json(), "run_id": spec.run_id} | named


def _line(entry: TrialEntry, best: TrialEntry | None, most: int, record: RunRecord) -> str:
    """How the trial of ``entry``, whose ``record`` this is, ended, beside the ``best`` one known."""
    failed = f"failed, {record.note}" if record.status == "failed" else "diverged"
    outcome = {"PRUNED": "stopped early", "FAIL": failed}.get(entry.state) or f"{entry.objective:.4f} nats"
    known = f", best {best.objective:.4f} ({best.run_id})" if best and best.objective is not None else ""
    of = f" of {most}" if most < MOST_TRIALS else ""
    return f"Trial {(entry.number or 0) + 1}{of} ({entry.source}): {outcome}{known}"
