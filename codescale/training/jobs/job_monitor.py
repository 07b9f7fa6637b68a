"""A Ray Train job's events while it runs: how far it is, its losses, and the workers that failed on the way.

Ray Train calls back in a process of its own on the driver's machine, which writes a line of JSON for each event into a
file that the driver reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ray.train import UserCallback

from codescale.errors import UserError
from codescale.files import writing


class JobWatch(UserCallback):
    """Writes a job's events to a file, and ends the job where going on would only fail again.

    A disk that is full and bad input do not pass by beginning again from the last checkpoint; a dead worker does.

    Parameters
    ----------
    events
        The file: a line of JSON for each event.
    storage
        The checkpoints' address without credentials.
    """

    def __init__(self, events: Path, storage: str) -> None:
        self._events, self._storage = events, storage

    def _write(self, event: dict[str, Any]) -> None:
        with self._events.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def after_report(self, run_context: Any, metrics: list[dict[str, Any]], checkpoint: Any) -> None:
        """All workers have reported; the first one's figures are all workers'."""
        self._write(metrics[0])

    def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
        """Raises :class:`UserError` for what does not pass by."""
        causes = [cause_of(error) for error in worker_exceptions.values()]
        for cause in causes:
            if isinstance(cause, UserError):
                raise cause
            if isinstance(cause, OSError):
                _raise_full_disk(cause, self._storage)
        self._write({"failed": one_line(causes[0])})


def _raise_full_disk(cause: OSError, storage: str) -> None:
    """Raises :class:`UserError` where a disk refuses; not for what a network says, which may pass."""
    try:
        with writing(cause.filename or storage):
            raise cause
    except OSError:
        return


def cause_of(error: BaseException) -> BaseException:
    """What a worker raised, out of Ray Train's wrappings."""
    inner = getattr(error, "_base_exc", None) or getattr(error, "controller_failure", None)
    if inner is None and getattr(error, "worker_failures", None):
        inner = next(iter(error.worker_failures.values()))  # type: ignore[attr-defined]
    return error if inner is None else cause_of(inner)


def one_line(error: BaseException) -> str:
    """What is wrong, without a traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    return first[:300]


class EventReader:
    """Reads the events that have come since it last read."""

    def __init__(self, events: Path) -> None:
        self._events, self._position = events, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if not self._events.exists():
            return
        with self._events.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):  # half written
                    return
                self._position += len(line)
                yield json.loads(line)
