"""The file that ``codescale plan --cluster`` reads: which machines may be had, and how they come, go and work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from codescale.cluster.planning.prices import Gpu, NodeType
from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.validation import Number, WholeNumber, checked


def _as_interval(given: Any) -> Any:
    """One number as both ends."""
    return (given, given) if isinstance(given, int | float) and not isinstance(given, bool) else given


def _rising(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"{ends[0]:g} is above {ends[1]:g}: write the lower end first")
    return ends


def _part_or_whole(gpus: float) -> float:
    if gpus > 1 and gpus != int(gpus):
        raise ValueError(f"{gpus:g} is neither a part of a GPU nor a whole number of them")
    return gpus


_Share = Annotated[Number, Field(gt=0, le=1)]
_Minutes = Annotated[Number, Field(ge=0, le=100_000)]
Utilisation = Annotated[tuple[_Share, _Share], BeforeValidator(_as_interval), AfterValidator(_rising)]
StartUp = Annotated[tuple[_Minutes, _Minutes], BeforeValidator(_as_interval), AfterValidator(_rising)]


class WorkerChoice(BaseModel):
    """Up to ``most`` machines of one ``type``. Where a file lists several choices, each is a cluster of its own.

    ``flops_per_second``: of one GPU, or of the cores of one run, where you have measured it; then neither
    ``utilisation`` nor this machine's speed is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    most: WholeNumber = Field(gt=0, le=10_000)
    spot: bool = False
    flops_per_second: Number | None = Field(default=None, gt=0, allow_inf_nan=False)


class ClusterFile(BaseModel):
    """What a cluster may be made of, and what is assumed of it; every assumption has a value that the file may change.

    ``utilisation``: of a GPU's peak FLOPs, what training reaches (MFU); an interval is drawn from once a simulation.
    ``startup_minutes``: from asking for a machine to work on it. ``preemptions_per_day``: of one spot machine.
    ``checkpoint_minutes``: None: as the study has it. ``speed_spread``: the relative deviation of one run's speed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    workers: tuple[WorkerChoice, ...] = Field(min_length=1, max_length=20)
    head: str | None = None
    types: dict[str, NodeType] = {}
    gpus: dict[str, Gpu] = {}
    utilisation: Utilisation = (0.4, 0.4)
    gpus_per_run: Annotated[Number, Field(gt=0), AfterValidator(_part_or_whole)] = 1
    startup_minutes: StartUp = (3.0, 10.0)
    preemptions_per_day: Number = Field(default=1.0, ge=0, le=10_000)
    checkpoint_minutes: Number | None = Field(default=None, gt=0)
    idle_minutes: _Minutes = 5.0
    run_start_seconds: Number = Field(default=10.0, ge=0)
    speed_spread: Number = Field(default=0.05, ge=0, le=1)


def read_cluster(path: str | Path) -> ClusterFile:
    """The cluster in ``path``. Raises :class:`UserError` that names file and field."""
    content, hint = read_yaml(path), "write it as docs/cluster-plan.md shows"
    if not isinstance(content, dict):
        raise UserError(path, "is no cluster", hint)
    return checked(TypeAdapter(ClusterFile), content, path, hint)
