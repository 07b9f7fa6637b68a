"""A run that diverged is done once more at a lower learning rate, as a run of its own.

Its id is the first one's with :data:`~codescale.runs.records.RETRY` behind it, its ``learning_rate_factor`` is
``training.retry_rate`` times the first one's, and its record says so. The first one stays ``diverged``, with its curve.
A loss at another learning rate is not the one that was planned, so nothing takes it for that: a study's fits leave it
out and say so, and ``codescale fit`` refuses the mix unless told which to take. A search has no use for such a loss: it
is of another point than the one that was asked for, so trials, and stopped ones that are finished to check, are not
done again (docs/diverged.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from codescale.runs.records import RETRY, RunRecord, RunSpec
from codescale.training.optim.hyperparameter_rules import LEARNING_RATE_FACTOR

OF_A_SEARCH = ("trial", "check")
"""Stages whose runs are never done again."""


def retry_of(record: RunRecord, rate: float | None) -> RunSpec | None:
    """The run to be done once more after ``record``; None where it did not diverge, or was a second try itself."""
    return second_try(record.spec, rate) if record.status == "diverged" else None


def second_try(spec: RunSpec, rate: float | None) -> RunSpec | None:
    """What follows ``spec`` where that diverges: the run at ``rate`` times its learning rate. None for a second try,
    for a run of a search, and without a rate.
    """
    if spec.is_retry or spec.stage in OF_A_SEARCH or rate is None:
        return None
    factor = spec.hyper.get(LEARNING_RATE_FACTOR, 1.0) * rate
    return spec.model_copy(update={"run_id": spec.run_id + RETRY, "hyper": spec.hyper | {LEARNING_RATE_FACTOR: factor}})


def retries_of(records: Iterable[RunRecord], rate: float | None) -> list[RunSpec]:
    """The runs to be done once more after ``records``, in their order."""
    return [spec for spec in (retry_of(record, rate) for record in records) if spec is not None]
