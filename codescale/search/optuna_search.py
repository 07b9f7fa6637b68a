"""Between Tune and Optuna: which trial comes next, and how the one that ended is told.

Ray's ``OptunaSearch`` tells Optuna COMPLETE, with the truncated loss, for a trial that a scheduler stopped. Here a
trial is told from its record, the same way live and in a replay: COMPLETE with its annealed objective and nothing else,
PRUNED with its looks as intermediate values, FAIL where it diverged.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import optuna
from optuna.trial import TrialState, create_trial
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from codescale.errors import UserError
from codescale.mixture import Mixture
from codescale.organisation import ORGANISATION
from codescale.progress import Progress
from codescale.runs import RunRecord, RunSpec, read_record, write_record
from codescale.search.budget import Spent, trials_left
from codescale.search.distributions import distributions, typed
from codescale.search.improvement import KnowsImprovement, Patience
from codescale.search.law_sampler import LawSampler
from codescale.search.ledger import Entry, Ledger, Source, state_of
from codescale.search.optuna_mirror import Journal, OptunaMirror
from codescale.search.plan import TrialPlan
from codescale.search.samplers import SeededByTrial
from codescale.search.space import Point, SearchSpace
from codescale.search.told import DIVERGED, LOOKS, LOSSES
from codescale.study import MOST_TRIALS, StudyFolder

RESTARTS = 2
"""How often a trial whose worker died goes on from its checkpoint before the search gives up."""


class MixtureSearch(OptunaSearch):
    """Proposes trials of ``plan`` in ``space`` and keeps ``ledger``; ``starts`` are tried before the sampler is asked.
    What ended is shown by ``mirror``, unless given a study of its own in the folder.

    After a kill a fresh one is made and :meth:`replay` asks and tells again what the records hold. Nothing is pickled.
    ``refusal`` holds the bad input that a trial met and ``failed`` the trial that crashed: either ends the search.
    """

    def __init__(
        self,
        space: SearchSpace,
        sampler: SeededByTrial | LawSampler,
        plan: TrialPlan,
        ledger: Ledger,
        folder: StudyFolder,
        starts: Sequence[tuple[Source, Point]],
        progress: Progress,
        noise: float | None = None,
        mirror: OptunaMirror | None = None,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        super().__init__(space=distributions(space), metric="objective", mode="min", sampler=sampler)
        self.space, self.trial_sampler, self.plan, self.ledger = space, sampler, plan, ledger
        self.folder, self.starts, self.progress = folder, list(starts), progress
        self.mirror = mirror or OptunaMirror(Journal(folder.optuna), plan.config.name, distributions(space))
        self.unfinished: dict[int, Entry] = {}
        self.refusal: UserError | None = None
        self.failed: str | None = None
        self._patience = Patience(noise)
        self._specs: dict[str, RunSpec] = {}
        self._used: set[int] = set()
        self._deaths: Counter[str] = Counter()

    @property
    def study(self) -> optuna.Study:
        """Optuna's study, in memory."""
        study: Any = self._ot_study  # made by the base class, which has a space from the start
        return cast(optuna.Study, study)

    @property
    def remaining(self) -> int:
        """How many trials may still be asked for: none where the budget is used up; where too little is to be gained,
        those that were under way when the search was killed.
        """
        if self.ledger.ended:
            return len(self.unfinished)
        flops = self.ledger.flops_committed(self.plan.flops)
        spent = Spent(len(self._used), self.ledger.tokens_committed, flops, self.ledger.seconds)
        return trials_left(self.plan.config, spent)

    @property
    def ended(self) -> bool:
        """Whether every trial that was asked for has ended and none is left to ask for."""
        return self.remaining == 0 and all(entry.state != "RUNNING" for entry in self.ledger.trials)

    def add_evaluated(self, record: RunRecord) -> bool:
        """Enters a run of the sweep (or of another search of a front) as a completed trial; False where it lies outside
        the space or has no end.
        """
        base = self.plan.base_hyper(self.space)
        spec = record.spec
        point = self.space.chosen(spec.mixture, base | spec.hyper, spec.organisation)
        curve = self.ledger.objective.curve(record)
        foreign = set(spec.hyper) - set(base)
        try:
            parameters = typed(self.space.parameters(point))
        except ValueError:
            return False
        if foreign or state_of(record, curve) != "COMPLETE":
            return False
        assert curve.final is not None
        told = {LOSSES: self.ledger.objective.losses(record), LOOKS: self.ledger.objective.looks(record)}
        self.study.add_trial(
            create_trial(
                value=curve.final, params=parameters, distributions=distributions(self.space), user_attrs=told,
                intermediate_values=dict(curve.points),
            )
        )  # fmt: skip
        source = "another search" if record.spec.stage in ("trial", "check") else "sweep"
        self.mirror.add(record, source, TrialState.COMPLETE, parameters, curve.points, curve.final)
        self.ledger.add_evaluated(record, point.hyper)
        self.starts = [start for start in self.starts if not start[1].same(point)]
        return True

    def replay(self, records: Mapping[int, RunRecord], unfinished: Sequence[Entry]) -> None:
        """Asks and tells the trials of ``records`` in order, and remembers the points of ``unfinished`` ones."""
        for number in sorted(records):
            record = records[number]
            trial_id = f"replayed-{number}"
            self._ask(trial_id, number, self.space.point_of(record.spec))
            self._tell(trial_id, record)
        if self._patience.noise is None:
            self.ledger.ended = ""  # it may have ended under another study.yaml
        for entry in unfinished:
            if entry.number is not None and entry.number not in self._used:
                self.unfinished[entry.number] = entry

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next trial for Tune, as ``{"spec": JSON}``; ``FINISHED`` where there is none.

        None, which has Tune ask again, as long as a trial is under way: its worker may die, and then it is the next.
        """
        if self.refusal or self.failed:
            return Searcher.FINISHED
        if self.remaining == 0:
            under_way = any(entry.state == "RUNNING" for entry in self.ledger.trials)
            return None if under_way else Searcher.FINISHED
        number = next(number for number in range(len(self._used) + 1) if number not in self._used)
        entry = self.unfinished.pop(number, None)
        wanted = None if entry is None else self._wanted(entry, number)
        spec = self._ask(trial_id, number, wanted, entry.source if entry and wanted else "sampler")
        try:
            self.write()
        except UserError as error:  # a full disk: Tune would bury the line in a traceback
            self.refusal = error
            return Searcher.FINISHED
        # The trial needs the run alone; the rest is for whoever shows it.
        named: dict[str, Any] = {f"proportion.{name}": share for name, share in spec.proportions.items()}
        named |= {f"hyper.{name}": value for name, value in spec.hyper.items()}
        named[ORGANISATION] = spec.organisation
        return {"spec": spec.model_dump_json(), "run_id": spec.run_id} | named

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """A look at a running trial; Optuna is told of it when the trial ends."""
        self._look(trial_id, result)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """The trial has ended: its record goes to the disk first, then Optuna is told."""
        if trial_id in self._completed_trials:
            return
        if error or not result:
            self._lost(trial_id)
            return
        self._look(trial_id, result)
        if result["outcome"] == "refused":
            self.refusal = UserError(*result["refusal"])
            return
        # The worker wrote the record of a run that came to its end; that of a stopped one is what it last reported.
        reported = RunRecord.model_validate_json(result["record"])
        try:
            record = read_record(write_record(self.folder.runs, reported))
            self._tell(trial_id, record)
            self.write()
        except UserError as refusal:
            self.refusal = refusal

    def _lost(self, trial_id: str) -> None:
        """The trial's worker died. The trial is asked for again, and goes on from its checkpoint.

        Tune's own restarts leave out a worker that dies between two trials: its next one would fail at once.
        """
        run_id = self._specs[trial_id].run_id
        self._deaths[run_id] += 1
        if self._deaths[run_id] > RESTARTS:
            self.failed = run_id
            return
        self.study.tell(self._ot_trials.pop(trial_id), state=TrialState.FAIL)
        entry = self.ledger.give_back(run_id)
        assert entry.number is not None
        self._used.discard(entry.number)
        self.unfinished[entry.number] = entry

    def write(self) -> None:
        """Brings ``search.json`` and Optuna's file up to date. Raises :class:`UserError` where the disk refuses."""
        self.ledger.write()
        self.mirror.write()

    def _wanted(self, entry: Entry, number: int) -> Point | None:
        """The point of a trial that was under way, unless study or space have changed since."""
        point = self.space.chosen(Mixture(entry.proportions), entry.hyper, entry.organisation)
        try:
            self.space.parameters(point)
        except ValueError:
            return None
        return point if self.plan.spec(number, point).run_id == entry.run_id else None

    def _ask(self, trial_id: str, number: int, wanted: Point | None, source: Source = "sampler") -> RunSpec:
        """Asks for trial ``number``: a start, or what the sampler suggests, or else the point ``wanted`` by a record.

        A record's point is first asked for like any other, so that a sampler with a memory (CMA-ES) sees in a replay
        what it saw live. Trials that ran at once were asked in an order that no record tells: then the suggestion
        differs, is told FAIL, which no sampler learns from, and the record's point is put in its place.
        """
        self.trial_sampler.begin(number)
        start = next((start for start in self.starts if wanted is None or start[1].same(wanted)), None)
        if start is not None:
            source, wanted = start[0], start[1]
            self.starts.remove(start)
            self._enqueue(wanted)
        point = self.space.point(super().suggest(trial_id) or {})
        if wanted is not None and not point.same(wanted):
            self.study.tell(self._ot_trials.pop(trial_id), state=TrialState.FAIL)
            self._enqueue(wanted)
            super().suggest(trial_id)
            point = wanted
        spec = self.plan.spec(number, point)
        self._specs[trial_id] = spec
        self._used.add(number)
        self.ledger.begin(number, spec, source)
        if source == "sampler" and isinstance(self.trial_sampler, KnowsImprovement):
            self._patience.heard(self.trial_sampler.expected_improvement())
            self.ledger.ended = self.ledger.ended or self._patience.verdict
        return spec

    def _enqueue(self, point: Point) -> None:
        self.study.enqueue_trial(typed(self.space.parameters(point)))

    def _look(self, trial_id: str, result: Mapping[str, Any]) -> None:
        self.ledger.busy(str(result["pid"]), float(result["time_this_iter_s"]))
        self.ledger.look(self._specs[trial_id].run_id, int(result["tokens_trained"]))

    def _tell(self, trial_id: str, record: RunRecord) -> None:
        trial, curve = self._ot_trials[trial_id], self.ledger.objective.curve(record)
        for tokens, value in curve.points:
            trial.report(value, tokens)
        trial.set_user_attr(LOSSES, self.ledger.objective.losses(record))
        trial.set_user_attr(LOOKS, self.ledger.objective.looks(record))
        state = TrialState[state_of(record, curve)]
        if state == TrialState.FAIL:
            trial.set_user_attr(DIVERGED, True)
        final = curve.final if state == TrialState.COMPLETE else None
        self.study.tell(trial, final, state=state)
        self._completed_trials.add(trial_id)
        self._discard_checkpoint(record.spec.run_id)
        entry = self.ledger.finish(record)
        point = self.space.point_of(record.spec)
        parameters = typed(self.space.parameters(point))
        self.mirror.add(record, entry.source, state, parameters, curve.points, final)
        if not trial_id.startswith("replayed-"):
            self.progress.say(self._line(entry))

    def _discard_checkpoint(self, run_id: str) -> None:
        for path in self.folder.checkpoints.glob(f"{run_id}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _line(self, entry: Entry) -> str:
        outcome = {"PRUNED": "stopped early", "FAIL": "diverged"}.get(entry.state) or f"{entry.objective:.4f} nats"
        best = self.ledger.incumbent
        known = f", best {best.objective:.4f} ({best.run_id})" if best and best.objective is not None else ""
        most = self.plan.config.search.most_trials
        of = f" of {most}" if most < MOST_TRIALS else ""
        return f"Trial {(entry.number or 0) + 1}{of} ({entry.source}): {outcome}{known}"

    def save(self, checkpoint_path: str) -> None:
        """Nothing is saved: a search is rebuilt from its records."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing is restored: a search is rebuilt from its records."""

    def __getstate__(self) -> dict[str, Any]:
        return {}  # Tune pickles its settings for Tuner.restore, which is not used
