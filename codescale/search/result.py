"""``search.json``: what a search found, written and read by one schema."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field, field_validator

from codescale.artifact import Artifact
from codescale.organisation import SHUFFLED


class Trial(Artifact):
    """A run of the search; ``number`` is None where a run of the sweep stands for one.

    ``curve`` holds (tokens, objective, annealed).
    """

    number: int | None = None
    source: str = ""
    proportions: dict[str, float] = {}
    hyper: dict[str, float] = {}
    organisation: str = SHUFFLED
    state: str = "COMPLETE"
    objective: float | None = None
    curve: tuple[tuple[float, float, bool], ...] = ()
    tokens_trained: float = 0.0

    @field_validator("objective")
    @classmethod
    def _finite(cls, value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None


class Gain(Artifact):
    """What is expected in nats per token, with the middle 90 %."""

    expected: float
    low: float
    high: float


class Incumbent(Artifact):
    """The best trial so far; ``remaining``: what further trials may gain over it, where the sampler tells."""

    proportions: dict[str, float]
    objective: float | None = None
    hyper: dict[str, float] = {}
    organisation: str = SHUFFLED
    remaining: Gain | None = None


class FrontRun(Artifact):
    """A run that no other one beats in every objective."""

    run_id: str
    proportions: dict[str, float]
    objectives: dict[str, float]


class Check(Artifact):
    """A stopped trial that was trained to its end; ``won``: it would have been the search's best."""

    won: bool = False
    tokens_trained: float = 0.0


class Search(Artifact):
    """``search.json``; a search that is under way also has trials whose state is RUNNING. ``reason``: why it ended
    before its budget; empty where it did not.
    """

    sampler: str = ""
    weights: dict[str, float] = {}
    metrics: dict[str, float] = {}
    directions: tuple[dict[str, Any], ...] = ()
    n_params: float | None = None
    n_tokens: float | None = None
    trials: tuple[Trial, ...] = ()
    incumbent: Incumbent | None = None
    recommended: Incumbent | None = None
    incumbent_history: tuple[tuple[float, float], ...] = ()
    tokens_trained: float | None = None
    tokens_saved_by_pruning: float | None = None
    pruned: int | None = None
    checked: tuple[Check, ...] = ()
    front: tuple[FrontRun, ...] = ()
    reason: str = Field(default="", validation_alias="ended")

    @property
    def best(self) -> Incumbent | None:
        """What the search recommends: the best that it measured, unless it says more."""
        return self.recommended or self.incumbent

    @property
    def ended(self) -> tuple[Trial, ...]:
        """The trials that came to an end and have something to show: completed or pruned."""
        return tuple(trial for trial in self.trials if trial.state in ("COMPLETE", "PRUNED"))
