"""What a search has done so far: its trials in order, the best of them, what it cost; and that as ``search.json``.

The file is written after every change, whole or not at all. The records in ``runs`` are what a search is rebuilt from;
of this file it only reads which trials were under way and how long earlier sessions took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from codescale.errors import UserError
from codescale.files import json_line
from codescale.organisation import ORGANISATION, SHUFFLED, Organisation
from codescale.runs.records import RunSpec
from codescale.search.objective.no_harm import MeasuredNoHarm
from codescale.search.objective.objective import Objective
from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.rule import PruningRule
from codescale.search.result import Incumbent, Recommended, SearchHeader, SearchResult, TrialResult, TrialStatus
from codescale.search.trials.outcome import TrialOutcome

TrialSource = Literal["sweep", "reference", "law", "thompson", "sampler"]


@dataclass
class TrialEntry:
    """A trial, or a run of the sweep that stands for one (``number`` None, its cost not this search's).

    ``objective`` is the annealed one (nats per token), None unless COMPLETE; ``curve`` holds (tokens, objective,
    annealed); ``to_beat`` is the best that was known when it was stopped, None unless PRUNED; ``worker`` is the host
    that it last told of, empty before its first evaluation and of no interest once it has ended.
    """

    number: int | None
    run_id: str
    source: TrialSource
    proportions: dict[str, float]
    hyper: dict[str, float]
    state: TrialStatus
    objective: float | None = None
    curve: list[tuple[int, float, bool]] = field(default_factory=list)
    tokens_trained: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    to_beat: float | None = None
    organisation: Organisation = SHUFFLED
    worker: str = ""

    @classmethod
    def of(cls, trial: TrialResult) -> TrialEntry:
        """The trial as ``search.json`` held it."""
        return cls(**{one.name: getattr(trial, one.name) for one in fields(cls)} | {"curve": list(trial.curve)})

    def result(self) -> TrialResult:
        """The trial as ``search.json`` holds it."""
        content = {one.name: getattr(self, one.name) for one in fields(self)} | {"curve": tuple(self.curve)}
        if self.state != "RUNNING" or not self.worker:  # of a trial that has ended its record tells
            del content["worker"]
        return TrialResult(**content)

    def as_incumbent(self) -> Incumbent:
        """What of the trial stands where it is the best one."""
        return Incumbent(**{name: getattr(self, name) for name in Incumbent.model_fields})


class TrialHistory:
    """The state of one search, kept by the driver alone. ``advance`` moves the progress bar by tokens.

    Parameters
    ----------
    path
        The ``search.json`` that it is written to.
    header
        What tells this search from another there.
    objective
        What is minimised.
    measured
        What trials told of a rule of no harm: the best is then of those that keep it. None without a rule.
    """

    def __init__(
        self, path: Path, header: SearchHeader, objective: Objective, measured: MeasuredNoHarm | None = None
    ) -> None:
        self.path, self.header, self.objective, self.measured = path, header, objective, measured
        self.entries: list[TrialEntry] = []
        self.curves: list[LearningCurve] = []
        self.incumbent_history: list[tuple[int, float]] = []
        self.advance: Callable[[float], None] = lambda amount: None
        self.recommended: Recommended | None = None
        self._shown: dict[str, int] = {}
        self._lines: dict[str, str] = {}
        self._worker_time: dict[str, float] = {}
        self._begun: float | None = None
        self._before = {"seconds": 0.0, "overhead_seconds": 0.0}
        self.ended = ""

    def previous(self) -> list[TrialEntry]:
        """The trials that an earlier session of this same search had under way; also takes over its times, and why it
        ended where it did.
        """
        try:
            found = SearchResult.read(self.path, "")
        except UserError:
            return []
        if found.header != self.header:
            return []
        self._before = {"seconds": found.seconds, "overhead_seconds": found.overhead_seconds}
        self.ended = found.ended
        return [TrialEntry.of(trial) for trial in found.trials if trial.state == "RUNNING"]

    def start_clock(self) -> None:
        """From now on the time of this session counts."""
        self._begun = time.monotonic()

    def add_worker_time(self, worker: str, seconds: float) -> None:
        """``worker`` trained and evaluated for ``seconds``."""
        self._worker_time[worker] = self._worker_time.get(worker, 0.0) + seconds

    def begin(self, number: int, spec: RunSpec, source: TrialSource) -> None:
        """Trial ``number`` has been chosen."""
        entry = TrialEntry(number, spec.run_id, source, dict(spec.proportions), dict(spec.hyper), "RUNNING")
        entry.organisation = spec.organisation
        self.entries.append(entry)

    def requeue(self, run_id: str) -> TrialEntry:
        """The trial under way has lost its worker: it is taken out, and will begin again."""
        entry = next(entry for entry in self.entries if entry.run_id == run_id)
        self.entries.remove(entry)
        return entry

    def add_progress(self, run_id: str, tokens: int) -> None:
        """A running trial has trained ``tokens`` so far."""
        self.advance(max(tokens - self._shown.get(run_id, 0), 0))
        self._shown[run_id] = max(tokens, self._shown.get(run_id, 0))

    def set_worker(self, run_id: str, host: str) -> bool:
        """A running trial is on ``host``; returns whether that was not known."""
        entry = next(entry for entry in self.entries if entry.run_id == run_id)
        known, entry.worker = entry.worker, host
        return known != host

    def finish(self, outcome: TrialOutcome) -> TrialEntry:
        """The trial of ``outcome`` has ended."""
        record = outcome.record
        entry = next(entry for entry in self.entries if entry.run_id == outcome.run_id)
        self._fill(entry, outcome)
        entry.tokens_trained, entry.flops, entry.seconds = record.tokens_trained, record.flops, record.seconds
        if entry.state == "PRUNED" and self.incumbent is not None:
            entry.to_beat = self.incumbent.objective
        self._keep_best(entry)
        self.add_progress(entry.run_id, self.objective.n_tokens)  # a stopped trial leaves the bar no gap
        return entry

    def add_evaluated(self, outcome: TrialOutcome, hyper: Mapping[str, float] | None = None) -> TrialEntry:
        """A run of the sweep stands for a finished trial; ``hyper``: how it was trained, where it does not say."""
        spec = outcome.record.spec
        settings = {name: value for name, value in (hyper or spec.hyper).items() if name != ORGANISATION}
        entry = TrialEntry(None, spec.run_id, "sweep", dict(spec.proportions), settings, "RUNNING")
        entry.organisation = spec.organisation
        self.entries.append(entry)
        self._fill(entry, outcome)
        if entry.state == "COMPLETE" and hyper is not None:
            self.curves[-1] = replace(self.curves[-1], settings=self.objective.settings_of(hyper))
        self._keep_best(entry)
        return entry

    def _fill(self, entry: TrialEntry, outcome: TrialOutcome) -> None:
        curve = outcome.curve
        entry.state, entry.objective = outcome.status, outcome.value
        entry.curve = [(tokens, value, False) for tokens, value in curve.points]
        if curve.final is not None:
            entry.curve.append((self.objective.n_tokens, curve.final, True))
        if entry.state == "COMPLETE":
            self.curves.append(curve)

    def should_prune(self, rule: PruningRule, curve: LearningCurve) -> bool:
        """Whether ``rule`` stops the trial with ``curve``: it cannot beat the best, which under a rule of no harm is
        the best that keeps that; before its reference is measured nothing is stopped.
        """
        if self.measured is None:
            return rule.should_prune(curve, self.curves)
        return self.measured.to_beat is not None and rule.should_prune(curve, self.curves, self.measured.to_beat)

    def _counts(self, entry: TrialEntry) -> bool:
        """Whether ``entry`` may be the best: under a rule of no harm it has to keep that, as it was measured."""
        return entry.objective is not None and (self.measured is None or self.measured.keeps(entry.run_id))

    def _keep_best(self, entry: TrialEntry) -> None:
        if (
            entry.objective is not None
            and self._counts(entry)
            and (not self.incumbent_history or entry.objective < self.incumbent_history[-1][1])
        ):
            self.incumbent_history.append((self.tokens_trained, entry.objective))

    @property
    def trials(self) -> list[TrialEntry]:
        """The trials of this search, without the sweep's runs."""
        return [entry for entry in self.entries if entry.number is not None]

    @property
    def tokens_trained(self) -> int:
        """Training tokens of this search's trials that ended."""
        return sum(entry.tokens_trained for entry in self.trials)

    @property
    def tokens_committed(self) -> int:
        """Tokens trained, and those that the running trials may still take."""
        running = sum(entry.state == "RUNNING" for entry in self.trials)
        return self.tokens_trained + running * self.objective.n_tokens

    def flops_committed(self, each: float) -> float:
        """FLOPs of trials that ended, and ``each`` for those that run."""
        return sum(each if entry.state == "RUNNING" else entry.flops for entry in self.trials)

    @property
    def seconds(self) -> float:
        """Wall time of all sessions so far."""
        return self._before["seconds"] + (0.0 if self._begun is None else time.monotonic() - self._begun)

    @property
    def incumbent(self) -> TrialEntry | None:
        """The best that was measured, the earliest of equals."""
        known = [entry for entry in self.entries if self._counts(entry)]
        return min(known, key=lambda entry: entry.objective or 0.0) if known else None

    def result(self) -> SearchResult:
        """What ``search.json`` holds."""
        return self._without_trials().model_copy(update={"trials": tuple(entry.result() for entry in self.entries)})

    def _without_trials(self) -> SearchResult:
        pruned = [entry for entry in self.trials if entry.state == "PRUNED"]
        now = 0.0 if self._begun is None else time.monotonic() - self._begun
        best, orchestration = self.incumbent, max(now - max(self._worker_time.values(), default=0.0), 0.0)
        return SearchResult(
            **self.header.content(),
            incumbent=None if best is None else best.as_incumbent(),
            recommended=self.recommended,
            incumbent_history=tuple(self.incumbent_history),
            tokens_trained=self.tokens_trained,
            tokens_saved_by_pruning=sum(max(self.objective.n_tokens - e.tokens_trained, 0) for e in pruned),
            pruned=len(pruned),
            ended=self.ended,
            seconds=self._before["seconds"] + now,
            overhead_seconds=self._before["overhead_seconds"] + orchestration,
        )

    def write(self) -> None:
        """Writes ``search.json``, atomically. A trial that has ended is turned into JSON once."""
        for entry in self.entries:
            if entry.state != "RUNNING" and entry.run_id not in self._lines:
                self._lines[entry.run_id] = json_line(entry.result().content())
        lines = (self._lines.get(entry.run_id) or json_line(entry.result().content()) for entry in self.entries)
        self._without_trials().write_with_lines(self.path, lines)
