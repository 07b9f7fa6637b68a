"""When waiting for a cluster is given up, and when it is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

import codescale.cluster.demand as waiting
from codescale.cluster.autoscaling import ClusterState
from codescale.cluster.demand import ANSWER_SECONDS, DemandWatch, described, gpus_come
from codescale.errors import UserError

SMALL, LARGE = {"CPU": 2.0, "memory": 1e9}, {"CPU": 16.0, "GPU": 1.0}
WITH_GPU = {"CPU": 2.0, "GPU": 1.0}
GROWING = ClusterState(nodes=({"CPU": 0.0},), grows=True, unmet=({"CPU": 4.0},))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that it is, in a list of one."""
    now = [1000.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    return now


def test_an_autoscaler_that_starts_nothing_for_long_has_answered(clock: list[float]) -> None:
    watch = DemandWatch({"CPU": 4.0, "GPU": 0.0})
    clock[0] += ANSWER_SECONDS - 1
    watch.check(GROWING)
    clock[0] += 1
    with pytest.raises(UserError, match=r"a worker of 4 cores cannot be placed: the autoscaler .*largest .* 2 cores"):
        watch.check(replace(GROWING, nodes=(SMALL,)))


def test_several_machines_are_counted_one_by_one(clock: list[float]) -> None:
    DemandWatch({"CPU": 2.0}, nodes=2).check(ClusterState((SMALL, LARGE)))
    with pytest.raises(UserError, match=r"trainer.resources.nodes: 2 machines with 16 cores are wanted .* 1 are there"):
        DemandWatch({"CPU": 16.0}, nodes=2).check(ClusterState((SMALL, LARGE, {"CPU": 4.0})))


@pytest.mark.parametrize("hope", [{"coming": 1}, {"unmet": ()}, {"nodes": (SMALL, LARGE)}], ids=str)
def test_hope_begins_the_wait_anew(hope: dict[str, object], clock: list[float]) -> None:
    watch = DemandWatch({"CPU": 4.0})
    clock[0] += ANSWER_SECONDS
    assert not watch.hopeless(replace(GROWING, **hope))  # type: ignore[arg-type]
    clock[0] += ANSWER_SECONDS - 1
    assert not watch.hopeless(GROWING)
    clock[0] += 1
    assert watch.hopeless(GROWING)


@pytest.mark.parametrize(
    ("states", "come"),
    [
        ([replace(GROWING, unmet=(WITH_GPU,))], False),
        ([replace(GROWING, unmet=())], True),
        ([replace(GROWING, nodes=(LARGE,))], True),
        (
            [replace(GROWING, unmet=({"CPU": 2.0, "GPU": 1.0},), coming=1)] * 40 + [replace(GROWING, nodes=(LARGE,))],
            True,
        ),
    ],
    ids=["refused", "started", "there", "the first autoscaler, which says less"],
)
def test_gpus_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, clock: list[float], states: list[ClusterState], come: bool
) -> None:
    told, killed = iter(states), []
    monkeypatch.setattr(waiting, "cluster_state", lambda: next(told, states[-1]))
    monkeypatch.setattr(waiting.ray, "remote", lambda **_: lambda kind: SimpleNamespace(remote=lambda: kind))
    monkeypatch.setattr(waiting.ray, "kill", killed.append)
    assert gpus_come(2) is come
    assert len(killed) == (states[0].nodes != (LARGE,))


def test_a_ray_of_this_machine_alone_never_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    DemandWatch({"CPU": 2.0}).check(ClusterState((SMALL,)))
    with pytest.raises(UserError, match="a worker of 1 core and 1 GPU cannot be placed: no machine"):
        DemandWatch({"CPU": 1.0, "GPU": 1.0}).check(ClusterState((SMALL,)))


def test_machines_of_a_cluster_have_a_minute_to_join(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    watch = DemandWatch(LARGE)
    clock[0] += 59
    watch.check(ClusterState((SMALL,)))
    clock[0] += 1
    with pytest.raises(UserError, match="no machine of the cluster is large enough"):
        watch.check(ClusterState((SMALL,)))


def test_resources_in_words() -> None:
    assert [described(one) for one in (SMALL, LARGE, {"CPU": 1.0, "GPU": 0.25}, {})] == [
        "2 cores",
        "16 cores and 1 GPU",
        "1 core and 0.25 GPU",
        "0 cores",
    ]
