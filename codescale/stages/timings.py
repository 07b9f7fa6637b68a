"""timings.json: what every stage cost, on which machine.

Seconds of attempts are added up; runs, tokens and FLOPs are those of the records that the study's folder holds, so that
what was trained before a kill counts too.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.files import read_json
from codescale.runs.records import RunRecord
from codescale.study.timings import StageCost, StudyTimings


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """The machine and the versions that a figure was measured with."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        memory = 0.0
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory, 1),
        "python": platform.python_version(),
        **{package: _installed(package) for package in ("torch", "ray", "optuna")},
    }


class Timings:
    """The stages' costs, kept in one file of the study folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _stages(self) -> dict[str, StageCost]:
        if not self._path.exists():
            return {}
        content, hint = read_json(self._path), "delete it: only the times of stages are lost"
        try:
            return StudyTimings.of(content, self._path, hint).stages
        except UserError:
            raise UserError(self._path, "is not what codescale wrote", hint) from None

    def _write(self, stage: str, cost: StageCost) -> None:
        StudyTimings(stages=self._stages() | {stage: cost}, machine=machine()).write(self._path)

    def put(self, stage: str, *, seconds: float, orchestration: float = 0.0, records: Sequence[RunRecord] = ()) -> None:
        """Sets the cost of ``stage``: seconds by the clock, those of them in which no worker trained, and its runs."""
        self._write(stage, _cost(seconds, orchestration, records))

    def add(self, stage: str, *, seconds: float, orchestration: float = 0.0, records: Sequence[RunRecord] = ()) -> None:
        """Adds another attempt's seconds to those of ``stage``; ``records`` are all of its runs, earlier attempts'
        too.
        """
        before = self._stages().get(stage, StageCost())
        self._write(
            stage,
            _cost(before.seconds + seconds, (before.orchestration_seconds or 0.0) + orchestration, records),
        )


def _cost(seconds: float, orchestration: float, records: Sequence[RunRecord]) -> StageCost:
    return StageCost(
        seconds=seconds,
        orchestration_seconds=orchestration,
        tokens=sum(record.tokens_trained for record in records),
        flops=sum(record.flops for record in records),
        runs=len(records),
    )
