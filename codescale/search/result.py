"""``search.json``: what a search found, written and read by one schema (docs/search-json.md).

The order of the fields is that of the file's keys. Most have a default, for files of earlier versions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from codescale.artifact import Artifact
from codescale.files import write_json_with_lines
from codescale.organisation import SHUFFLED, Organisation

TrialStatus = Literal["RUNNING", "COMPLETE", "PRUNED", "FAIL"]
"""Optuna's words."""


class TrialResult(Artifact):
    """A run of the search, or one of the sweep that stands for a trial: its ``number`` is None, its cost not this
    search's.

    ``objective`` is the annealed one (nats per token), None unless COMPLETE; ``curve`` holds (tokens, objective,
    annealed); ``to_beat`` is the best that was known when it was stopped, None unless PRUNED; ``worker`` is the host
    of one that is running, from its first evaluation on.
    """

    number: int | None = None
    run_id: str = ""
    source: str = ""
    proportions: dict[str, float] = {}
    hyper: dict[str, float] = {}
    state: TrialStatus = "COMPLETE"
    objective: float | None = None
    curve: tuple[tuple[int, float, bool], ...] = ()
    tokens_trained: int = 0
    flops: float = 0.0
    seconds: float = 0.0
    to_beat: float | None = None
    organisation: Organisation = SHUFFLED
    worker: str = ""

    @field_validator("objective")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None


class ExpectedGain(Artifact):
    """What is expected in nats per token, with the middle 90 %."""

    expected: float
    low: float
    high: float


class Incumbent(Artifact):
    """The best trial that was measured so far."""

    run_id: str = ""
    proportions: dict[str, float]
    hyper: dict[str, float] = {}
    organisation: Organisation = SHUFFLED
    objective: float | None = None
    number: int | None = None


class Recommended(Incumbent):
    """The trial with the best expectation (under a rule of no harm it may be a mixture that no trial had: ``run_id`` is
    then empty): ``expected`` with its standard ``deviation``, a run's noise apart; ``remaining``: what further trials
    may gain over it, where the sampler tells; ``keeps_no_harm``: the probability with which it keeps the rule of no
    harm, None without one.
    """

    expected: float | None = None
    deviation: float | None = None
    remaining: ExpectedGain | None = None
    keeps_no_harm: float | None = None


class CheckedTrial(Artifact):
    """A stopped ``trial`` that was trained to its end; ``won``: it would have been the search's best."""

    run_id: str = ""
    trial: str = ""
    objective: float | None = None
    stopped_at: int = 0
    won: bool = False
    beat_the_best_of_then: bool = False
    tokens_trained: int = 0
    flops: float = 0.0


class FrontDirection(Artifact):
    """One of the searches of a front: how it weighed the objectives, by name, and what it found."""

    name: str = ""
    weights: dict[str, float] = {}
    incumbent: Incumbent | None = None
    recommended: Recommended | None = None


class FrontRun(Artifact):
    """A run that no other one beats in every objective; ``direction``: the number of the search that trained it, None
    for one of the sweep.
    """

    run_id: str
    proportions: dict[str, float]
    hyper: dict[str, float] = {}
    organisation: Organisation = SHUFFLED
    objectives: dict[str, float]
    direction: int | None = None


class NoHarmResult(Artifact):
    """The rule of no harm that a search kept: ``reference`` by name and its ``proportions``, the ``margin`` (nats per
    token, or a part of each loss where ``relative``), the ``languages`` that it protected, and the ``confidence`` with
    which the recommendation keeps it.
    """

    reference: str
    proportions: dict[str, float] = {}
    margin: float
    relative: bool
    languages: tuple[str, ...] = ()
    confidence: float | None = None


class SearchHeader(Artifact):
    """What tells one search from another: space, sampler, objective, the N and D of its trials, and its rule of no
    harm, absent where there is none.
    """

    space: str = ""
    sampler: str = ""
    weights: dict[str, float] = {}
    metrics: dict[str, float] = {}
    n_params: int | None = None
    n_tokens: int | None = None
    no_harm: NoHarmResult | None = None


class SearchResult(SearchHeader):
    """``search.json``; a search that is under way also has trials whose state is RUNNING.

    ``incumbent_history`` holds (tokens trained until then, objective); ``ended``: why it ended before its budget, empty
    where it did not. ``checked`` is there where stopped trials were trained to their end, ``directions`` and ``front``
    where there were several objectives.
    """

    incumbent: Incumbent | None = None
    recommended: Recommended | None = None
    incumbent_history: tuple[tuple[int, float], ...] = ()
    tokens_trained: int | None = None
    tokens_saved_by_pruning: int | None = None
    pruned: int | None = None
    ended: str = ""
    seconds: float = 0.0
    overhead_seconds: float = 0.0
    trials: tuple[TrialResult, ...] = ()
    checked: tuple[CheckedTrial, ...] | None = None
    tokens_checked: int | None = None
    directions: tuple[FrontDirection, ...] | None = None
    front: tuple[FrontRun, ...] | None = None

    @property
    def header(self) -> SearchHeader:
        """What tells this search from another."""
        return SearchHeader(**{name: getattr(self, name) for name in SearchHeader.model_fields})

    @property
    def best(self) -> Recommended | Incumbent | None:
        """What the search recommends: the best that it measured, unless it says more."""
        return self.recommended or self.incumbent

    @property
    def ended_trials(self) -> tuple[TrialResult, ...]:
        """The trials that came to an end and have something to show: completed or pruned."""
        return tuple(trial for trial in self.trials if trial.state in ("COMPLETE", "PRUNED"))

    def write_with_lines(self, path: Path, trials: Iterable[str]) -> None:
        """Writes ``search.json`` with ``trials`` that are JSON already, in place of the result's own."""
        content = self.content()
        content.pop("trials", None)
        write_json_with_lines(path, content, "trials", trials)
