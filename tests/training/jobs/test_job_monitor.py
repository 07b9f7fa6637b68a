"""What a job says on its way, and which failures end it at once."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import Any

import pytest
from ray.train.v2._internal.exceptions import UserExceptionWithTraceback
from ray.train.v2.api.exceptions import ControllerError, WorkerGroupError

from codescale.errors import UserError
from codescale.training.jobs import one_run as ray_run
from codescale.training.jobs.job_monitor import EventReader, JobWatch, cause_of, one_line


def watch(folder: Path) -> JobWatch:
    return JobWatch(folder / "events", "s3://runs/here")


def test_events_are_read_once_and_whole(tmp_path: Path) -> None:
    reader = EventReader(tmp_path / "events")
    assert list(reader) == []
    watch(tmp_path).after_report(None, [{"tokens_trained": 1}, {"tokens_trained": 1}], None)
    assert list(reader) == [{"tokens_trained": 1}]
    with (tmp_path / "events").open("a") as file:
        file.write('{"tokens_tr')
        file.flush()
        assert list(reader) == []
        file.write('ained": 2}\n')
    assert list(reader) == [{"tokens_trained": 2}]
    assert list(reader) == []


def test_a_dead_worker_is_told_and_not_the_end(tmp_path: Path) -> None:
    watch(tmp_path).after_exception(None, {1: RuntimeError("the peer\nis gone"), 0: OSError("AWS Error NETWORK")})
    assert list(EventReader(tmp_path / "events")) == [{"failed": "the peer"}]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "s3://runs/here.*the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/runs/state"), "/runs/state.*read-only"),
        (UserError("corpus", "lacks rust", "add it"), "corpus: lacks rust; add it"),
    ],
)
def test_what_does_not_pass_by_ends_the_job(tmp_path: Path, error: Exception, words: str) -> None:
    wrapped = UserExceptionWithTraceback(error, "Traceback")
    with pytest.raises(UserError, match=words) as ended:
        watch(tmp_path).after_exception(None, {0: RuntimeError("the peer is gone"), 1: wrapped})
    assert cause_of(ControllerError(ended.value)) is ended.value
    assert cause_of(WorkerGroupError("failed", {0: wrapped})) is error


def test_one_line_of_an_error_without_words() -> None:
    assert one_line(TimeoutError()) == "TimeoutError"


def test_a_job_without_workers_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_run, "WAIT_SECONDS", 0.1)
    ended, told = threading.Event(), []
    thread = threading.Thread(target=lambda: ended.wait(10))
    thread.start()
    batches: list[list[dict[str, Any]]] = [[], [], [], [{"tokens_trained": 1}], [], [{"failed": "x"}], [], []]

    class Reader:
        def __iter__(self):  # type: ignore[no-untyped-def]
            if not batches:
                ended.set()
                return iter([])
            return iter(batches.pop(0))

    ray_run._listen(thread, Reader(), told.append)
    kinds = [next(iter(event)) for event in told]
    assert kinds == ["waiting", "tokens_trained", "failed", "waiting"]


class EndsWhileItIsAskedFor(threading.Thread):
    """A job that says its last word and ends between two looks at it."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        super().__init__()
        self._events, self._looks = events, iter([True, False, False])

    def join(self, timeout: float | None = None) -> None:
        pass

    def is_alive(self) -> bool:
        self._events.append({"last": len(self._events)})
        return next(self._looks)


def test_what_a_job_says_last_is_heard() -> None:
    said: list[dict[str, Any]] = []
    heard: list[dict[str, Any]] = []

    class Reader:
        def __iter__(self) -> Any:
            fresh, said[:] = list(said), []
            return iter(fresh)

    ray_run._listen(EndsWhileItIsAskedFor(said), Reader(), heard.append)
    assert not said
    assert len(heard) == 2
