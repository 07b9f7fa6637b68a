"""Runs, planned (:class:`RunSpec`) and done (:class:`RunRecord`): one immutable file for each run of a study.

Every table of runs is derived from these files (:mod:`codescale.runs.table`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    field_validator,
    model_serializer,
    model_validator,
)

from codescale.files import read_json, write_json
from codescale.mixtures.mixture import Mixture, MixtureError
from codescale.mixtures.schedule import Phase, Schedule, ScheduleError
from codescale.organisation import Organisation
from codescale.validation import checked

Status = Literal["ok", "diverged", "pruned", "failed"]
Stage = Literal["grid", "alone", "pair", "mixture", "organisation", "trial", "check", "comparison", "train"]
SWEEP_STAGES: tuple[Stage, ...] = ("grid", "alone", "pair", "mixture")
"""The runs that laws are fitted on: not the trials, so that a search that goes on after a kill starts from one law;
nor those of the plan ``organisation``, which are of two organisations and one mixture.
"""
RETRY = ".retry"
"""Ends the id of a run that is done once more at a lower learning rate, since the first diverged."""
PHASE = "phase."
"""Begins the columns of a schedule's phases, from 1: ``phase.<k>.until``, ``phase.<k>.proportion.<language>``."""
PROPORTION, LOSS, METRIC, HYPER, UNIQUE = "proportion.", "loss.", "metric.", "hyper.", "unique_tokens."
FORGETTING = "forgetting."
"""Of a metric: how far a loss has risen since the model that the run started from."""


class RunPhase(BaseModel):
    """A phase of a run: ``until`` that share of its tokens, ``proportions``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    until: float = Field(gt=0, le=1)
    proportions: dict[str, float]


class RunSpec(BaseModel):
    """A planned run: everything its losses depend on, besides the corpus.

    ``token_points`` are the D at which the learning rate is cooled down on a branch of the one trunk; ``unique_tokens``
    holds every language to that many distinct tokens, or each to its own number (None: all there are); ``hyper`` names
    only what was freed or changed, such as ``learning_rate_factor``; ``start`` tells the model that the run starts from
    from any other (None: random weights), or one version of the user's trainer from another
    (:attr:`~codescale.study.config.StudyConfig.start_id`). ``phases`` are those of a mixture that changes, whose mean
    over the run's tokens ``proportions`` is; such a run has one D, and a static one no phases.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    run_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=180)
    stage: Stage
    size: str
    n_params: int = Field(gt=0)
    token_points: tuple[int, ...] = Field(min_length=1)
    proportions: dict[str, float]
    phases: tuple[RunPhase, ...] = ()
    unique_tokens: int | dict[str, int] | None = None
    seed: int = Field(ge=0)
    organisation: Organisation = "shuffled"
    hyper: dict[str, float] = {}
    start: str | None = None

    @field_validator("token_points")
    @classmethod
    def _points_rise(cls, points: tuple[int, ...]) -> tuple[int, ...]:
        if list(points) != sorted(set(points)) or points[0] <= 0:
            raise ValueError("token points are positive and rise")
        return points

    @model_validator(mode="after")
    def _phases_are_of_this_run(self) -> RunSpec:
        if not self.phases:
            return self
        if len(self.token_points) > 1:
            raise ValueError("a run of several phases has one token point")
        try:
            if not self.schedule.has_mean(self.mixture):
                raise ValueError("proportions are not the mean of the phases")
        except (MixtureError, ScheduleError) as error:
            raise ValueError(f"phases: {error}") from None
        return self

    @model_serializer(mode="wrap")
    def _without_no_phases(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A static run's file is what it was before there were phases, so that its checkpoint and id stay its own."""
        written: dict[str, Any] = write(self)
        if not self.phases:
            written.pop("phases", None)
        return written

    @property
    def mixture(self) -> Mixture:
        """The run's proportions: of a schedule, its mean."""
        return Mixture(self.proportions)

    @property
    def schedule(self) -> Schedule:
        """What the run's mixture is, phase by phase."""
        if not self.phases:
            return Schedule.of(self.mixture)
        return Schedule(Phase(one.until, Mixture(one.proportions)) for one in self.phases)

    @property
    def is_retry(self) -> bool:
        """Whether the run is a second try at a lower learning rate."""
        return self.run_id.endswith(RETRY)


class Evaluation(BaseModel):
    """One row of the runs table: the losses (nats per token) of a run after ``n_tokens`` training tokens, by language,
    and by direction of translation where these are measured.

    ``branch`` is the D of the branch that the row belongs to, None on the trunk; ``flops`` are the counted training
    FLOPs of the run up to here, its own branch included. ``metrics`` are other figures of the model as it is here, such
    as ``bits_per_byte.python`` or ``gradient_norm``; they become the table's ``metric.*``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    n_tokens: int
    losses: dict[str, float]
    annealed: bool
    branch: int | None
    flops: float
    unique_tokens: dict[str, int] = {}
    metrics: dict[str, float] = {}


class RunRecord(BaseModel):
    """A run that ended: its spec, its curve, how it ended and what it cost.

    ``tokens_trained`` counts the trunk and every branch; ``seconds`` is training and evaluation without orchestration;
    ``finished`` is the wall-clock time (Unix seconds) at which it ended. ``metrics`` are figures of the whole run, such
    as ``tokens_per_second``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    spec: RunSpec
    status: Status
    evaluations: tuple[Evaluation, ...]
    corpus_id: str
    tokens_trained: int
    flops: float
    seconds: float
    finished: float
    worker: str = ""
    note: str = ""
    metrics: dict[str, float] = {}

    def final_losses(self, n_tokens: int | None = None) -> dict[str, float]:
        """The annealed losses at the planned D ``n_tokens`` (default: the last). Raises ``KeyError`` for none.

        A branch ends on a whole step, so the tokens it really saw may differ a little from the plan's.
        """
        wanted = n_tokens or self.spec.token_points[-1]
        for evaluation in reversed(self.evaluations):
            if evaluation.branch == wanted:
                return evaluation.losses
        raise KeyError(f"{self.spec.run_id} has no annealed losses at {wanted} tokens")

    def forgetting(self) -> dict[str, float]:
        """How far losses of what the model knew have risen since the start, nats per token, at the last evaluation that
        measured it; empty for a run from random weights.
        """
        for evaluation in reversed(self.evaluations):
            found = {
                name.removeprefix(FORGETTING): rise
                for name, rise in evaluation.metrics.items()
                if name.startswith(FORGETTING)
            }
            if found:
                return found
        return {}

    def rows(self) -> list[dict[str, Any]]:
        """The record as rows of the runs table."""
        spec = self.spec
        shared: dict[str, Any] = {"n_params": spec.n_params}
        shared |= {PROPORTION + name: share for name, share in spec.mixture.items()}
        for k, phase in enumerate(spec.schedule if spec.phases else (), start=1):
            shared[f"{PHASE}{k}.until"] = phase.until
            shared |= {f"{PHASE}{k}.{PROPORTION}{name}": share for name, share in phase.mixture.items()}
        shared |= {HYPER + name: value for name, value in spec.hyper.items()}
        shared |= {
            "status": self.status,
            "seed": spec.seed,
            "organisation": spec.organisation,
            "corpus_id": self.corpus_id + (f"-{spec.start}" if spec.start else ""),
            "stage": spec.stage,
            "size": spec.size,
        }
        rows = []
        for evaluation in self.evaluations:
            branch = evaluation.branch
            row = {
                "run_id": spec.run_id if branch is None else f"{spec.run_id}@{branch}",
                "n_tokens": evaluation.n_tokens,
                "annealed": evaluation.annealed,
                "parent_run_id": None if branch is None else spec.run_id,
                "flops": evaluation.flops,
            }
            row |= {LOSS + target: loss for target, loss in evaluation.losses.items()}
            row |= {UNIQUE + name: count for name, count in evaluation.unique_tokens.items()}
            row |= {METRIC + name: value for name, value in (self.metrics | evaluation.metrics).items()}
            rows.append(shared | row)
        return rows


_RECORD = TypeAdapter(RunRecord)


def write_record(folder: str | Path, record: RunRecord) -> Path:
    """Writes ``record`` to its own file in ``folder``; a run that is there already is left as it is."""
    path = Path(folder) / f"{record.spec.run_id}.json"
    if not path.exists():
        write_json(path, record.model_dump(mode="json"))
    return path


def read_record(path: str | Path) -> RunRecord:
    """The record in ``path``. Raises :class:`UserError` where the file is not one."""
    return checked(_RECORD, read_json(path), path, "delete the file to have the run done again")


def read_records(folder: str | Path) -> list[RunRecord]:
    """All records in ``folder``, by run id; none where the folder does not exist."""
    return [read_record(path) for path in sorted(Path(folder).glob("*.json"))]
