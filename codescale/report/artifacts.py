"""What the stages left in a study folder, read and typed; a stage that has not run yet leaves ``None``.

The shapes are those the stages write; unknown keys are ignored, so that a stage may say more than the report shows.
Everything here comes from files and is untrusted: numbers are checked, texts are escaped where they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from codescale.artifact import Artifact
from codescale.comparison.organisation_result import OrganisationResult
from codescale.comparison.power.result import PowerResult
from codescale.comparison.result import ComparisonResult
from codescale.corpus.manifest import Manifest
from codescale.evaluation.results.result import EvaluationResult
from codescale.files import read_json, read_yaml
from codescale.laws.law import Law, load_law
from codescale.laws.results import Scaling, Synergy
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit
from codescale.search.result import SearchResult
from codescale.study.folder import StudyFolder
from codescale.study.timings import StudyTimings

MixtureName = Literal["uniform", "predicted_best", "measured_best"]
MIXTURES: tuple[MixtureName, ...] = ("uniform", "predicted_best", "measured_best")


class PredictedGain(Artifact):
    """What the law's optimum gains over a baseline, whose goal is ``value``."""

    proportions: dict[str, float]
    value: float
    gain: float
    interval: tuple[float | None, float | None] = (None, None)


class PredictedMixture(Artifact):
    """``mixture.yaml``: the law's optimum."""

    proportions: dict[str, float]
    objective: float | None = None
    interval: tuple[float | None, float | None] | None = None
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    n_params: float | None = None
    n_tokens: float | None = None
    baselines: dict[str, PredictedGain] = {}


@dataclass(frozen=True)
class Artifacts:
    """All that a study folder holds; None for what no stage has written yet."""

    manifest: Manifest | None
    runs: RunsTable | None
    law: Law | None
    scaling: Scaling | None
    synergy: Synergy | None
    organisation: OrganisationResult | None
    mixture: PredictedMixture | None
    power: PowerResult | None
    search: SearchResult | None
    comparison: ComparisonResult | None
    evaluation: EvaluationResult | None
    timings: StudyTimings | None


AnArtifact = TypeVar("AnArtifact", bound=Artifact)


def read_artifact(path: Path, shape: type[AnArtifact], command: str) -> AnArtifact | None:
    """The artifact in ``path``, None where ``codescale command`` has not made it yet.

    Raises :class:`UserError` naming file and field where it has another shape.
    """
    if not path.exists():
        return None
    content = read_yaml(path) if path.suffix == ".yaml" else read_json(path)
    return shape.of(content, path, f"make the file again with: codescale {command}")


def read_artifacts(folder: StudyFolder) -> Artifacts:
    """Reads what ``folder`` holds. Raises :class:`UserError` naming file and field where an artifact is broken."""
    return Artifacts(
        manifest=read_artifact(folder.manifest, Manifest, "corpus"),
        runs=read_runs(folder.runs_table) if folder.runs_table.exists() else None,
        law=load_law(folder.law) if folder.law.exists() else None,
        scaling=read_artifact(folder.scaling, Scaling, "fit"),
        synergy=read_artifact(folder.synergy, Synergy, "fit"),
        organisation=read_artifact(folder.organisation, OrganisationResult, "sweep"),
        mixture=read_artifact(folder.mixture, PredictedMixture, "optimize"),
        power=read_artifact(folder.power, PowerResult, "plan"),
        search=read_artifact(folder.search, SearchResult, "search"),
        comparison=read_artifact(folder.comparison, ComparisonResult, "compare"),
        evaluation=read_artifact(folder.evaluation, EvaluationResult, "evaluate"),
        timings=read_artifact(folder.timings, StudyTimings, "report"),
    )
