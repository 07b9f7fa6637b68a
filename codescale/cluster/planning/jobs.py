"""The runs that a plan is made for: a study's, or a table of N, D and how many there are of each."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_text
from codescale.validation import Number, WholeNumber, checked

MOST_RUNS = 1_000_000


@dataclass(frozen=True)
class Job:
    """``count`` runs alike. ``flops`` is what each costs, ``work`` that and what its evaluations add (FLOPs as well).

    ``speed``: FLOPs of work a second of one worker on this machine's cores, None where nobody measured it; ``workers``:
    how many it is trained by, None: as the cluster's file says.
    """

    n_params: float
    tokens: float
    flops: float
    work: float
    count: int = 1
    workers: int | None = None
    speed: float | None = None


@dataclass(frozen=True)
class JobPhase:
    """Jobs that do not wait for each other, at most ``at_once`` runs together; phases follow one another."""

    name: str
    jobs: tuple[Job, ...]
    at_once: int | None = None

    @property
    def runs(self) -> int:
        """How many runs."""
        return sum(job.count for job in self.jobs)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""
    phase: str = "runs"
    n_params: Number = Field(ge=1, lt=1e30)
    n_tokens: Number = Field(ge=1, lt=1e30)
    count: WholeNumber = Field(default=1, ge=1, le=MOST_RUNS)
    gpus: WholeNumber | None = Field(default=None, ge=1, le=100_000)


def read_jobs(path: Path) -> list[JobPhase]:
    """The runs in a CSV with the columns ``n_params`` and ``n_tokens``, and where wanted ``count``, ``gpus`` (of one
    run), ``name`` and ``phase``: phases follow each other as they first occur. A run costs 6 N D FLOPs.

    Lines that begin with # are left out. Raises :class:`UserError` that names file, line and column.
    """
    lines = [(k, line) for k, line in enumerate(read_text(path).splitlines(), 1) if line.strip() and line[0] != "#"]
    reader = csv.DictReader(line for _, line in lines)
    missing = [name for name in ("n_params", "n_tokens") if name not in (reader.fieldnames or ())]
    if missing:
        raise UserError(path, f"has no column {missing[0]}", "give it a head such as n_params,n_tokens,count")
    phases: dict[str, list[Job]] = {}
    for entry in reader:
        where = f"{path}, line {lines[reader.line_num - 1][0]}"
        if None in entry or None in entry.values():
            raise UserError(where, "has another number of fields than the head", "correct it")
        given = {name.strip(): value.strip() for name, value in entry.items() if value.strip()}
        row = checked(TypeAdapter(_Row), given, where, "correct it")
        flops = 6.0 * row.n_params * row.n_tokens
        job = Job(row.n_params, row.n_tokens, flops, flops, row.count, row.gpus)
        phases.setdefault(row.phase, []).append(job)
    found = [JobPhase(name, tuple(jobs)) for name, jobs in phases.items()]
    runs = sum(phase.runs for phase in found)
    if not 1 <= runs <= MOST_RUNS:
        raise UserError(path, f"holds {runs:,} runs", f"plan 1 to {MOST_RUNS:,}")
    return found


def smallest_model(phases: Sequence[JobPhase]) -> float:
    """The fewest parameters of any run."""
    return min(job.n_params for phase in phases for job in phase.jobs)
