"""What the stages left in a study folder, read and typed; a stage that has not run yet leaves ``None``.

The shapes are those the stages write; unknown keys are ignored, so that a stage may say more than the report shows.
Everything here comes from files and is untrusted: numbers are checked, texts are escaped where they are shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from codescale.files import read_json, read_yaml
from codescale.laws.law import Law
from codescale.laws.store import load_law
from codescale.organisation import SHUFFLED
from codescale.runs import RunsTable, read_runs
from codescale.study import StudyFolder
from codescale.validation import checked

MixtureName = Literal["uniform", "predicted_best", "measured_best"]
MIXTURES: tuple[MixtureName, ...] = ("uniform", "predicted_best", "measured_best")


class _Artifact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Interval(_Artifact):
    """A value with an interval; ``low`` and ``high`` are None where the stage could not give one."""

    value: float
    low: float | None = None
    high: float | None = None


class CorpusLanguage(_Artifact):
    """One language of the corpus; counts per split (training, validation, test), ``dropped`` per reason."""

    documents: dict[str, int] = {}
    bytes: dict[str, int] = {}
    tokens: dict[str, int] = {}
    bytes_per_token: dict[str, float | None] = {}
    licences: dict[str, int] = {}
    dropped: dict[str, int] = {}
    split_by: str = ""


class CorpusSource(_Artifact):
    """A source that the corpus was made from."""

    name: str
    version: str | None = None
    sha256: str | None = None
    licence: str | None = None


class Manifest(_Artifact):
    """``corpus/manifest.json``."""

    corpus_id: str = ""
    vocabulary: int | None = None
    languages: dict[str, CorpusLanguage]
    sources: tuple[CorpusSource, ...] = ()


class ScalingPoint(_Artifact):
    """A measured loss (nats per token) at N and D, and what the fit says there."""

    n_params: float
    n_tokens: float
    loss: float
    fitted: float

    @field_validator("n_params", "n_tokens")
    @classmethod
    def _is_a_count(cls, value: float) -> float:
        """Counts that went through a logarithm come back a hair off; equal ones have to compare equal."""
        return float(round(value))


class LanguageScaling(_Artifact):
    """L = E + A N^-alpha + B D^-beta of one language; ``unidentified`` names parameters that the runs cannot tell."""

    parameters: dict[str, Interval]
    unidentified: tuple[str, ...] = ()
    points: tuple[ScalingPoint, ...] = ()
    rmse: float | None = None
    n_runs: int | None = None


class Scaling(_Artifact):
    """``scaling.json``; ``level`` is the intervals' coverage, ``noise`` the standard deviation of a run's log loss."""

    level: float = 0.9
    noise: float | None = None
    languages: dict[str, LanguageScaling]
    skipped: dict[str, str] = {}


class SynergyGain(Interval):
    """The relative gain of a source on a target (0.01 is 1 % lower loss)."""

    differs_from_zero: bool | None = None


class AloneLosses(_Artifact):
    """Losses (nats per token) of one language: D/2 tokens once, the same D/2 twice, D fresh tokens."""

    half: float | None = None
    twice: float | None = None
    fresh: float | None = None


class Synergy(_Artifact):
    """``synergy.json``: ``gain[target][source]`` at N and D; ``reason`` says why there are no gains.

    ``degrees_of_freedom`` are those of the noise between seeds; 0 means that it is unknown, and with it all intervals.
    """

    level: float = 0.9
    n_params: float | None = None
    n_tokens: float | None = None
    languages: tuple[str, ...] = ()
    gain: dict[str, dict[str, SynergyGain | None]]
    reason: str = ""
    degrees_of_freedom: int | None = None
    alone: dict[str, AloneLosses] = {}


class PredictedMixture(_Artifact):
    """``mixture.yaml``: the law's optimum."""

    proportions: dict[str, float]
    objective: float | None = None
    interval: tuple[float | None, float | None] | None = None
    n_params: float | None = None
    n_tokens: float | None = None


class Trial(_Artifact):
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


class Gain(_Artifact):
    """What is expected in nats per token, with the middle 90 %."""

    expected: float
    low: float
    high: float


class Incumbent(_Artifact):
    """The best trial so far; ``remaining``: what further trials may gain over it, where the sampler tells."""

    proportions: dict[str, float]
    objective: float | None = None
    hyper: dict[str, float] = {}
    organisation: str = SHUFFLED
    remaining: Gain | None = None


class FrontRun(_Artifact):
    """A run that no other one beats in every objective."""

    run_id: str
    proportions: dict[str, float]
    objectives: dict[str, float]


class Check(_Artifact):
    """A stopped trial that was trained to its end; ``won``: it would have been the search's best."""

    won: bool = False
    tokens_trained: float = 0.0


class Search(_Artifact):
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


class Measured(_Artifact):
    """A mean over seeds and its standard error."""

    mean: float
    standard_error: float | None = None
    values: tuple[float, ...] = ()


class Judged(_Artifact):
    """The objective and each language's loss on one split."""

    objective: Measured
    losses: dict[str, Measured] = {}
    bits_per_byte: dict[str, Measured] = {}


class Foreseen(_Artifact):
    """What the law said before."""

    objective: Interval | None = None
    losses: dict[str, Interval] = {}


class ComparedMixture(_Artifact):
    """One of the three mixtures: its shares, what was predicted (validation) and measured (validation, test)."""

    proportions: dict[str, float]
    hyper: dict[str, float] = {}
    organisation: str = SHUFFLED
    predicted: Foreseen | None = None
    validation: Judged | None = None
    measured: Judged


class Difference(_Artifact):
    """A mixture minus uniform, paired by seed; negative is better."""

    mean: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None


class Differences(_Artifact):
    """All differences of one mixture from uniform."""

    objective: Difference
    losses: dict[str, Difference] = {}


class Verdict(_Artifact):
    """What the comparison concluded; the last two only of a larger scale."""

    statement: str
    beats_uniform: bool | None = None
    harmed: tuple[str, ...] = ()
    times_the_search: float | None = None
    rank_correlation: float | None = None


class Comparison(_Artifact):
    """``comparison.json``."""

    n_params: float | None = None
    n_tokens: float | None = None
    seeds: tuple[int, ...] = ()
    split: str = "test"
    level: float = 0.9
    weights: dict[str, float] = {}
    mixtures: dict[str, ComparedMixture]
    differences: dict[str, Differences] = {}
    measured_minus_predicted: Differences | None = None
    verdict: Verdict | None = None
    larger: Comparison | None = None


class StageCost(_Artifact):
    """What one stage took."""

    seconds: float = 0.0
    orchestration_seconds: float | None = None
    tokens: float | None = None
    flops: float | None = None
    runs: int | None = None


class Timings(_Artifact):
    """``timings.json``."""

    stages: dict[str, StageCost]
    machine: dict[str, str | int | float | None] = {}


@dataclass(frozen=True)
class Artifacts:
    """All that a study folder holds; None for what no stage has written yet."""

    manifest: Manifest | None
    runs: RunsTable | None
    law: Law | None
    scaling: Scaling | None
    synergy: Synergy | None
    mixture: PredictedMixture | None
    search: Search | None
    comparison: Comparison | None
    timings: Timings | None


_A = TypeVar("_A")


def read_artifact(path: Path, shape: type[_A], command: str) -> _A | None:
    """The artifact in ``path``, None where ``codescale command`` has not made it yet.

    Raises :class:`UserError` naming file and field where it has another shape.
    """
    if not path.exists():
        return None
    content = read_yaml(path) if path.suffix == ".yaml" else read_json(path)
    return checked(TypeAdapter(shape), content, path, f"make the file again with: codescale {command}")


def read_artifacts(folder: StudyFolder) -> Artifacts:
    """Reads what ``folder`` holds. Raises :class:`UserError` naming file and field where an artifact is broken."""
    return Artifacts(
        manifest=read_artifact(folder.manifest, Manifest, "corpus"),
        runs=read_runs(folder.runs_table) if folder.runs_table.exists() else None,
        law=load_law(folder.law) if folder.law.exists() else None,
        scaling=read_artifact(folder.scaling, Scaling, "fit"),
        synergy=read_artifact(folder.synergy, Synergy, "fit"),
        mixture=read_artifact(folder.mixture, PredictedMixture, "optimize"),
        search=read_artifact(folder.search, Search, "search"),
        comparison=read_artifact(folder.comparison, Comparison, "compare"),
        timings=read_artifact(folder.timings, Timings, "report"),
    )
