"""Runs that only wait, step by step, and write down where and when: for tests of who does which run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from codescale.files import write_text
from codescale.runs.records import RunRecord, RunSpec, Status
from codescale.training.loop.claim import Claim


@dataclass(frozen=True)
class Beginning:
    """A run began, or went on, at ``step`` in process ``pid`` on machine ``node``, at a moment of the wall clock."""

    run_id: str
    step: int
    node: str
    moment: float
    pid: int


@dataclass(frozen=True)
class SlowFactory:
    """Opens sessions of ``steps`` steps that take ``seconds`` each and keep a checkpoint after each."""

    folder: Path
    steps: int
    seconds: float

    def __call__(self, spec: RunSpec, claim: Claim) -> SlowSession:
        """The session of ``spec``."""
        return SlowSession(self, spec, claim)

    def step(self, run_id: str) -> int:
        """How far the run's checkpoint is."""
        path = self.folder / f"{run_id}.step"
        return int(path.read_text()) if path.exists() else 0

    def hold(self, run_id: str, step: int) -> None:
        """Has the run wait at ``step``."""
        write_text(self.folder / f"{run_id}.hold", str(step))

    def release(self, run_id: str) -> None:
        """Has it wait no more."""
        (self.folder / f"{run_id}.hold").unlink()

    def held(self, run_id: str, step: int) -> bool:
        """Whether it may not go on from ``step``."""
        path = self.folder / f"{run_id}.hold"
        return path.exists() and step >= int(path.read_text())

    def beginnings(self) -> list[Beginning]:
        """All that was written down, in order."""
        read = [path.read_text().split() for path in self.folder.glob("*.begun")]
        told = [Beginning(run, int(step), node, float(moment), int(pid)) for run, step, node, moment, pid in read]
        return sorted(told, key=lambda one: one.moment)


class SlowSession:
    """One run."""

    outcome = "ok"

    def __init__(self, factory: SlowFactory, spec: RunSpec, claim: Claim) -> None:
        self._factory, self._spec, self._claim = factory, spec, claim
        self._step = factory.step(spec.run_id)
        node, now = ray.get_runtime_context().get_node_id(), time.time()
        write_text(
            factory.folder / f"{spec.run_id}.{now}.begun", f"{spec.run_id} {self._step} {node} {now} {os.getpid()}"
        )

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self._step >= self._factory.steps

    def advance(self) -> None:
        """One step."""
        time.sleep(self._factory.seconds)
        while self._factory.held(self._spec.run_id, self._step):
            time.sleep(0.05)
        self._step += 1
        self._claim.check()
        write_text(self._factory.folder / f"{self._spec.run_id}.step", str(self._step))

    def record(self, status: Status) -> RunRecord:
        """What the run came to."""
        nothing: dict[str, Any] = {"evaluations": (), "corpus_id": "", "tokens_trained": 0, "flops": 0.0}
        return RunRecord(spec=self._spec, status=status, seconds=1.0, finished=time.time(), **nothing)

    def discard_checkpoint(self) -> None:
        """The steps stay, to be looked at."""
