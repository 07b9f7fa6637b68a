"""The sections ``train`` and ``ray`` of study.yaml."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from codescale.study.base import Positive, Section
from codescale.validation import Number, WholeNumber


def worker_range(given: Any) -> Any:
    """Fewest and most workers, of ``4``, ``"1-4"`` or ``[1, 4]``. Raises ``ValueError`` for what is neither."""
    if isinstance(given, str):
        low, _, high = given.partition("-")
        if not (low.strip().isdigit() and (high or low).strip().isdigit()):
            raise ValueError(f"{given!r} is not a number of workers, such as 4 or 1-4")
        given = (int(low), int(high or low))
    if isinstance(given, int) and not isinstance(given, bool):
        given = (given, given)
    if isinstance(given, list | tuple) and len(given) == 2 and given[0] > given[1]:
        raise ValueError(f"{given[0]} to {given[1]} workers: the fewest come first")
    return given


class TrainSection(Section):
    """``codescale train``: one model on one or several workers. None: as the cluster has room.

    ``sharded``: workers share weights and optimizer state out (FSDP2) instead of each having them whole (DDP).
    ``storage``: where checkpoints go, a folder or an address such as s3://bucket/folder; the last ``keep`` stay.
    """

    workers: Annotated[tuple[Positive, Positive] | None, BeforeValidator(worker_range)] = None
    threads: Positive | None = None
    sharded: bool = False
    storage: str | None = Field(default=None, min_length=1)
    keep: Positive = 2
    failures: WholeNumber = Field(default=8, ge=0)
    resize_seconds: Number = Field(default=60.0, gt=0)


class RaySection(Section):
    """Warm workers and the threads of each; None: as many as the cores allow, sharing the GPUs evenly.

    ``pack``: runs of a sweep that are trained as one batched model; None: as many as a GPU holds, and 1 on a CPU.
    """

    workers: Annotated[WholeNumber, Field(gt=0, le=100_000)] | None = None
    threads: Annotated[WholeNumber, Field(gt=0, le=1_024)] = 1
    gpus_per_worker: Number | None = Field(default=None, ge=0)
    pack: WholeNumber | None = Field(default=None, gt=0, le=1_024)
