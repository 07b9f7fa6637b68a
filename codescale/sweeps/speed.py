"""How fast a study's own runs went, by size of model: what the hours of runs still to come are reckoned with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codescale.runs.records import RunRecord
from codescale.study.config import StudyConfig
from codescale.sweeps.work import run_work


@dataclass(frozen=True)
class WorkerSpeed:
    """FLOPs of work (:func:`~codescale.sweeps.work.run_work`) a second of one worker, how that is known, and the
    deviation of its logarithm between runs (None: not known).
    """

    flops_per_second: float
    source: str
    spread: float | None = None


def recorded_speeds(
    config: StudyConfig, records: Iterable[RunRecord], tested: Mapping[str, float] | None = None
) -> dict[str, WorkerSpeed]:
    """A worker's speed by size, the median over finished runs; sizes that none of ``records`` has are left out.

    ``tested``: by run id, how much of the test split a run of the proof read (:func:`~codescale.sweeps.work.run_work`);
    one of which that is not known tells nothing.

    The deviation is that of the middle half of the runs, so that a machine that was busy with something else for a
    while counts little; it is None for fewer than four.
    """
    rates: dict[str, list[float]] = {}
    for record in records:
        spec, read = record.spec, (tested or {}).get(record.spec.run_id)
        known = spec.stage != "comparison" or read is not None
        if known and record.status == "ok" and record.seconds > 0 and spec.size in config.sizes:
            rates.setdefault(spec.size, []).append(run_work(config, spec, read or 0.0) / record.seconds)
    return {
        size: WorkerSpeed(statistics.median(found), f"{len(found)} runs of this study", _deviation(found))
        for size, found in rates.items()
    }


def _deviation(rates: list[float]) -> float | None:
    """Of the logarithm, as the quartiles of a normal distribution have it."""
    if len(rates) < 4:
        return None
    low, _, high = statistics.quantiles([math.log(rate) for rate in rates], n=4)
    return (high - low) / 1.349
