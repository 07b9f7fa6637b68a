"""``timings.json``: what every stage cost and on which machine, written and read by one schema."""

from __future__ import annotations

from codescale.artifact import Artifact


class StageCost(Artifact):
    """What one stage took: seconds by the clock, those of them in which no worker trained, and its runs.

    None is not known.
    """

    seconds: float = 0.0
    orchestration_seconds: float | None = None
    tokens: int | float | None = None
    flops: int | float | None = None
    runs: int | None = None


class StudyTimings(Artifact):
    """``timings.json``: each stage's cost by its name."""

    stages: dict[str, StageCost]
    machine: dict[str, str | int | float | None] = {}
