"""What a search has done so far: its trials in order, the best of them, what it cost; and that as ``search.json``.

The file is written after every change, whole or not at all. The records in ``runs`` are what a search is rebuilt from;
of this file it only reads which trials were under way and how long earlier sessions took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from codescale.errors import UserError
from codescale.files import json_line, read_json, write_json_with_lines
from codescale.organisation import ORGANISATION, SHUFFLED, Organisation
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.objective import Objective
from codescale.search.pruning.curve import LearningCurve

State = Literal["RUNNING", "COMPLETE", "PRUNED", "FAIL"]
Source = Literal["sweep", "law", "thompson", "sampler"]


@dataclass
class Entry:
    """A trial, or a run of the sweep that stands for one (``number`` None, its cost not this search's).

    ``objective`` is the annealed one (nats per token), None unless COMPLETE; ``curve`` holds (tokens, objective,
    annealed); ``to_beat`` is the best that was known when it was stopped, None unless PRUNED.
    """

    number: int | None
    run_id: str
    source: Source
    proportions: dict[str, float]
    hyper: dict[str, float]
    state: State
    objective: float | None = None
    curve: list[tuple[int, float, bool]] = field(default_factory=list)
    tokens_trained: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    to_beat: float | None = None
    organisation: Organisation = SHUFFLED


def held(entry: Entry) -> dict[str, Any]:
    """What of a trial stands where it is the best one."""
    names = ("run_id", "proportions", "hyper", "organisation", "objective", "number")
    return {name: getattr(entry, name) for name in names}


def state_of(record: RunRecord, curve: LearningCurve) -> State:
    """COMPLETE only with an annealed end; PRUNED where it was stopped; FAIL where it diverged or ended otherwise."""
    if record.status == "ok" and curve.final is not None:
        return "COMPLETE"
    return "PRUNED" if record.status == "pruned" else "FAIL"


class Ledger:
    """The state of one search, kept by the driver alone.

    ``header`` is what tells this search from another in ``search.json``; ``advance`` moves the progress bar by tokens.
    """

    def __init__(self, path: Path, header: dict[str, Any], objective: Objective) -> None:
        self.path, self.header, self.objective = path, header, objective
        self.entries: list[Entry] = []
        self.curves: list[LearningCurve] = []
        self.history: list[tuple[int, float]] = []
        self.advance: Callable[[float], None] = lambda amount: None
        self.recommended: dict[str, Any] | None = None
        self._shown: dict[str, int] = {}
        self._lines: dict[str, str] = {}
        self._busy: dict[str, float] = {}
        self._begun: float | None = None
        self._before = {"seconds": 0.0, "overhead_seconds": 0.0}
        self.ended = ""

    def previous(self) -> list[Entry]:
        """The trials that an earlier session of this same search had under way; also takes over its times, and why it
        ended where it did.
        """
        try:
            content = read_json(self.path)
            same = all(content.get(key) == value for key, value in self.header.items())
            entries = [Entry(**entry) for entry in content["trials"]] if same else []
            if same:
                self._before = {name: float(content[name]) for name in self._before}
                self.ended = str(content.get("ended", ""))
        except (UserError, KeyError, TypeError, ValueError, AttributeError):
            return []
        return [entry for entry in entries if entry.state == "RUNNING"]

    def start_clock(self) -> None:
        """From now on the time of this session counts."""
        self._begun = time.monotonic()

    def busy(self, worker: str, seconds: float) -> None:
        """``worker`` trained and evaluated for ``seconds``."""
        self._busy[worker] = self._busy.get(worker, 0.0) + seconds

    def begin(self, number: int, spec: RunSpec, source: Source) -> None:
        """Trial ``number`` has been chosen."""
        entry = Entry(number, spec.run_id, source, dict(spec.proportions), dict(spec.hyper), "RUNNING")
        entry.organisation = spec.organisation
        self.entries.append(entry)

    def give_back(self, run_id: str) -> Entry:
        """The trial under way has lost its worker: it is taken out, and will begin again."""
        entry = next(entry for entry in self.entries if entry.run_id == run_id)
        self.entries.remove(entry)
        return entry

    def look(self, run_id: str, tokens: int) -> None:
        """A running trial has trained ``tokens`` so far."""
        self.advance(max(tokens - self._shown.get(run_id, 0), 0))
        self._shown[run_id] = max(tokens, self._shown.get(run_id, 0))

    def finish(self, record: RunRecord) -> Entry:
        """The trial of ``record`` has ended."""
        entry = next(entry for entry in self.entries if entry.run_id == record.spec.run_id)
        self._fill(entry, record)
        entry.tokens_trained, entry.flops, entry.seconds = record.tokens_trained, record.flops, record.seconds
        if entry.state == "PRUNED" and self.incumbent is not None:
            entry.to_beat = self.incumbent.objective
        self._keep_best(entry)
        self.look(entry.run_id, self.objective.n_tokens)  # a stopped trial leaves the bar no gap
        return entry

    def add_evaluated(self, record: RunRecord, hyper: Mapping[str, float] | None = None) -> Entry:
        """A run of the sweep stands for a finished trial; ``hyper``: how it was trained, where it does not say."""
        spec = record.spec
        settings = {name: value for name, value in (hyper or spec.hyper).items() if name != ORGANISATION}
        entry = Entry(None, spec.run_id, "sweep", dict(spec.proportions), settings, "RUNNING")
        entry.organisation = spec.organisation
        self.entries.append(entry)
        self._fill(entry, record)
        if entry.state == "COMPLETE" and hyper is not None:
            self.curves[-1] = replace(self.curves[-1], settings=self.objective.settings_of(hyper))
        self._keep_best(entry)
        return entry

    def _fill(self, entry: Entry, record: RunRecord) -> None:
        curve = self.objective.curve(record)
        entry.state = state_of(record, curve)
        entry.objective = curve.final if entry.state == "COMPLETE" else None
        entry.curve = [(tokens, value, False) for tokens, value in curve.points]
        if curve.final is not None:
            entry.curve.append((self.objective.n_tokens, curve.final, True))
        if entry.state == "COMPLETE":
            self.curves.append(curve)

    def _keep_best(self, entry: Entry) -> None:
        if entry.objective is not None and (not self.history or entry.objective < self.history[-1][1]):
            self.history.append((self.tokens_trained, entry.objective))

    @property
    def trials(self) -> list[Entry]:
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
    def incumbent(self) -> Entry | None:
        """The best that was measured, the earliest of equals."""
        known = [entry for entry in self.entries if entry.objective is not None]
        return min(known, key=lambda entry: entry.objective or 0.0) if known else None

    def content(self) -> dict[str, Any]:
        """What ``search.json`` holds."""
        return self._summary() | {"trials": [asdict(entry) for entry in self.entries]}

    def _summary(self) -> dict[str, Any]:
        """The same without the trials."""
        pruned = [entry for entry in self.trials if entry.state == "PRUNED"]
        now = 0.0 if self._begun is None else time.monotonic() - self._begun
        best = self.incumbent
        return self.header | {
            "incumbent": None if best is None else held(best),
            "recommended": self.recommended,
            "incumbent_history": [list(pair) for pair in self.history],
            "tokens_trained": self.tokens_trained,
            "tokens_saved_by_pruning": sum(max(self.objective.n_tokens - e.tokens_trained, 0) for e in pruned),
            "pruned": len(pruned),
            "ended": self.ended,
            "seconds": self._before["seconds"] + now,
            "overhead_seconds": self._before["overhead_seconds"]
            + max(now - max(self._busy.values(), default=0.0), 0.0),
        }

    def write(self) -> None:
        """Writes ``search.json``, atomically. A trial that has ended is turned into JSON once."""
        for entry in self.entries:
            if entry.state != "RUNNING" and entry.run_id not in self._lines:
                self._lines[entry.run_id] = json_line(asdict(entry))
        lines = (self._lines.get(entry.run_id) or json_line(asdict(entry)) for entry in self.entries)
        write_json_with_lines(self.path, self._summary(), "trials", lines)
