"""Seconds add up over pauses, failures and attempts."""

from __future__ import annotations

import pytest

from codescale.training.loop import stopwatch as module
from codescale.training.loop.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the machine's clock shows, to be set."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_pauses_are_not_counted_and_it_may_be_read_while_it_runs(clock: list[float]) -> None:
    watch = Stopwatch()
    with watch.running():
        clock[0] += 3
        assert watch.seconds == 3
        clock[0] += 1
    clock[0] += 50
    assert watch.seconds == 4
    with watch.running():
        clock[0] += 2
    assert watch.seconds == 6


def test_it_goes_on_from_an_earlier_attempt(clock: list[float]) -> None:
    watch = Stopwatch()
    watch.begin_at(40.0)
    with watch.running():
        clock[0] += 2
    assert watch.seconds == 42


def test_what_fails_was_work_all_the_same(clock: list[float]) -> None:
    watch = Stopwatch()

    def fail() -> None:
        with watch.running():
            clock[0] += 5
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    clock[0] += 5
    assert watch.seconds == 5
