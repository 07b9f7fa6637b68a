"""When waiting for a cluster is given up, and when it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

import codescale.cluster.demand as waiting
from codescale.cluster.autoscaling import ClusterState
from codescale.cluster.demand import REPORTS, DemandWatch, described
from codescale.errors import UserError

SMALL, LARGE = {"CPU": 2.0, "memory": 1e9}, {"CPU": 16.0, "GPU": 1.0}
GROWING = ClusterState(nodes=({"CPU": 0.0},), grows=True)


def reports(state: ClusterState) -> list[ClusterState]:
    return [replace(state, report=str(number)) for number in range(REPORTS)]


def test_an_autoscaler_that_starts_nothing_three_times_has_answered() -> None:
    watch = DemandWatch({"CPU": 4.0, "GPU": 0.0})
    *before, last = reports(replace(GROWING, nodes=(SMALL,), unmet=({"CPU": 4.0},)))
    for state in [*before, *before]:
        watch.check(state)
    with pytest.raises(UserError, match=r"a worker of 4 cores cannot be placed: the autoscaler .*largest .* 2 cores"):
        watch.check(last)


@pytest.mark.parametrize("hope", [{"coming": 1}, {"unmet": ()}, {"nodes": (SMALL, LARGE)}], ids=str)
def test_hope_begins_the_count_anew(hope: dict[str, object]) -> None:
    watch = DemandWatch({"CPU": 4.0})
    *before, last = reports(replace(GROWING, unmet=({"CPU": 4.0},)))
    for state in before:
        assert not watch.hopeless(state)
    assert not watch.hopeless(replace(last, **hope))  # type: ignore[arg-type]
    assert not watch.hopeless(last)


def test_a_ray_of_this_machine_alone_never_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    DemandWatch({"CPU": 2.0}).check(ClusterState((SMALL,)))
    with pytest.raises(UserError, match="a worker of 1 core and 1 GPU cannot be placed: no machine"):
        DemandWatch({"CPU": 1.0, "GPU": 1.0}).check(ClusterState((SMALL,)))


def test_machines_of_a_cluster_have_a_minute_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    clock = iter([0.0, 59.0, 61.0])
    monkeypatch.setattr(waiting.time, "monotonic", lambda: next(clock))
    watch = DemandWatch(LARGE)
    watch.check(ClusterState((SMALL,)))
    with pytest.raises(UserError, match="no machine of the cluster is large enough"):
        watch.check(ClusterState((SMALL,)))


def test_resources_in_words() -> None:
    assert [described(one) for one in (SMALL, LARGE, {"CPU": 1.0, "GPU": 0.25}, {})] == [
        "2 cores",
        "16 cores and 1 GPU",
        "1 core and 0.25 GPU",
        "0 cores",
    ]
