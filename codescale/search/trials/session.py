"""What a search needs of training: a run that goes on from one evaluation to the next.

``codescale.training.loop.session.TrainingSession`` is one; a test's synthetic law is another.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status


class Session(Protocol):
    """One run in progress. Opened again after a kill, it goes on from its own checkpoint."""

    spec: RunSpec

    @property
    def finished(self) -> bool:
        """Whether the last evaluation has been done (or the run diverged)."""
        ...

    def advance(self) -> Evaluation | None:
        """Trains up to the next evaluation, saving checkpoints on the way; the last evaluation is annealed."""
        ...

    def record(self, status: Status, note: str = "") -> RunRecord:
        """What happened so far, as a record; evaluations from before a kill included."""
        ...


@runtime_checkable
class HoldsWorkers(Protocol):
    """A session that holds more than this process: other workers, which have to be let go when its trial ends."""

    def close(self) -> None:
        """Ends what the session started, wherever it is; may be called again."""
        ...


@runtime_checkable
class MayFail(Protocol):
    """A session whose run may fail in another way than its training: a command that crashes or hangs."""

    @property
    def failed(self) -> bool:
        """Whether it has; its record then says ``failed``, and why."""
        ...


class OpenSession(Protocol):
    """A picklable function that opens the session of a run on the worker."""

    def __call__(self, spec: RunSpec) -> Session:
        """The session of ``spec``, resumed where it has a checkpoint."""
        ...


@runtime_checkable
class OpenShared(Protocol):
    """A picklable object that opens a run's session as one of several workers, within a started process group."""

    def shared(self, spec: RunSpec) -> Session:
        """This worker's part of the session of ``spec``, resumed where it has a checkpoint."""
        ...
