"""Training that waits where a test wants it to, so that mischief comes at a known step."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codescale.training.loop.session import TrainingSession
from codescale.training.parallel import SingleProcess
from codescale.training.session_factory import SessionFactory


@dataclass(frozen=True)
class PacedFactory(SessionFactory):
    """Sessions that keep a checkpoint before step S and wait while W workers train and ``holds`` has ``hold-S-W``."""

    holds: Path = Path()

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"holds": self.holds}

    def open(self, spec: Any, store: Any, parallel: SingleProcess) -> TrainingSession:
        session = super().open(spec, store, parallel)
        take_step = session._stepper.step

        def step(sequences: Any, relative_rate: float) -> Any:
            hold = self.holds / f"hold-{session._step}-{parallel.world}"
            if parallel.broadcast_decision(hold.exists()):
                session._save()
            while hold.exists():
                time.sleep(0.02)
            return take_step(sequences, relative_rate)

        session._stepper.step = step  # type: ignore[method-assign]
        return session
