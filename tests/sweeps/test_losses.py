"""Why a worker's run did not come back."""

from __future__ import annotations

import pytest
from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
)

from codescale.sweeps import losses
from codescale.sweeps.losses import LOST, TRIES, cause_of, note_of


def preempted() -> ActorDiedError:
    error = ActorDiedError()
    error._preempted = True
    return error


@pytest.mark.parametrize(
    ("error", "machine_lives", "cause"),
    [
        (ActorDiedError(), True, "crash"),
        (ActorDiedError(), False, "machine"),
        (preempted(), True, "machine"),
        (NodeDiedError("gone"), True, "machine"),
        (ObjectLostError("ff", None, ""), True, "machine"),
        (ActorUnavailableError("no answer", None), True, "unreachable"),
        (OutOfMemoryError("too little"), True, "memory"),
    ],
)
def test_causes(monkeypatch: pytest.MonkeyPatch, error: RayError, machine_lives: bool, cause: str) -> None:
    monkeypatch.setattr(losses, "node_alive", lambda node: machine_lives)
    assert isinstance(error, LOST)
    assert cause_of(error, "node") == cause


def test_what_a_run_is_not_to_blame_for_hardly_counts() -> None:
    assert TRIES["crash"] == TRIES["memory"] == 3
    assert TRIES["machine"] == TRIES["unreachable"] == 100


def test_a_note_names_what_ray_knows() -> None:
    error = RuntimeError("The actor died unexpectedly.\n\tpid: 7\nWorker exit type: SYSTEM_ERROR, end of file")
    assert note_of("crash", error) == (  # type: ignore[arg-type]
        "its worker died 3 times: Worker exit type: SYSTEM_ERROR, end of file"
    )
