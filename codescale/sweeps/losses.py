"""Why a worker's run did not come back: its machine went, memory ran out, or the run took its process with it."""

from __future__ import annotations

from typing import Literal

from ray.exceptions import (
    ActorUnavailableError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayActorError,
)

from codescale.cluster.autoscaling import node_alive

Cause = Literal["machine", "unreachable", "memory", "crash"]


class MachinesLost(Exception):
    """Of a run on several machines one is gone, or may be, by the cause ``lost_by``."""

    def __init__(self, lost_by: Cause, said: str) -> None:
        super().__init__(lost_by, said)
        self.lost_by: Cause = lost_by
        self.said = said

    def __str__(self) -> str:
        """What Ray said of it."""
        return self.said


LOST = (RayActorError, NodeDiedError, ObjectLostError, OutOfMemoryError, MachinesLost)
"""What Ray raises for a worker that is gone, or may be; what a run raises itself is none of these."""
TRIES = {"machine": 100, "unreachable": 100, "memory": 3, "crash": 3}
"""How often a pack is lost by each cause before what is left of it is given up. Machines go without a run's doing; one
that takes a hundred with it is to blame all the same."""
_NOTES = {
    "machine": "its machine was lost {times} times",
    "unreachable": "its worker could not be reached {times} times",
    "memory": "its machine ran out of memory {times} times",
    "crash": "its worker died {times} times",
}


def cause_of(error: Exception, node: str) -> Cause:
    """What ``error`` says about a worker on the machine with the id ``node``.

    Ray marks a machine dead before it fails what ran there. A worker that cannot be reached may live on.
    """
    if isinstance(error, MachinesLost):  # raised by its worker, which lives on
        return error.lost_by
    if isinstance(error, OutOfMemoryError):
        return "memory"
    if isinstance(error, ActorUnavailableError):
        return "unreachable"
    if isinstance(error, RayActorError) and not error.preempted and node_alive(node):
        return "crash"
    return "machine"


def note_of(cause: Cause, error: Exception) -> str:
    """The note of a run that was given up after ``error``."""
    reason = next((line.strip() for line in str(error).splitlines() if "exit" in line or "memory" in line), str(error))
    return f"{_NOTES[cause].format(times=TRIES[cause])}: {reason.splitlines()[0][:200]}"
