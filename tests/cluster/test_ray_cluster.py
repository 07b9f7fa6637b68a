"""How many workers a study asks for, and of what: on this machine, on a cluster, and on one that grows."""

from __future__ import annotations

from typing import Any

import pytest

import codescale.cluster.ray_cluster as asking
from codescale.cluster.autoscaling import ClusterState
from codescale.cluster.demand import MOST_ASKED_FOR
from codescale.cluster.ray_cluster import Workers, workers_of
from codescale.study.train import RaySection

HERE = ClusterState(({"CPU": 2.0},))
FIXED = ClusterState(({"CPU": 1.0}, {"CPU": 4.0, "GPU": 1.0}))
GROWING = ClusterState(({"CPU": 0.0},), grows=True)


@pytest.mark.parametrize(
    ("state", "section", "expected"),
    [
        (HERE, {}, Workers(2, 1, 0.0)),
        (HERE, {"threads": 8, "workers": 3}, Workers(3, 2, 0.0)),
        (FIXED, {}, Workers(5, 1, 0.2)),
        (FIXED, {"threads": 2, "gpus_per_worker": 0}, Workers(2, 2, 0.0)),
        (FIXED, {"threads": 2, "workers": 8}, Workers(8, 2, 0.125)),
        (GROWING, {}, Workers(MOST_ASKED_FOR, 1, 1.0, grows=True)),
        (GROWING, {"threads": 2, "workers": 8, "gpus_per_worker": 0.25}, Workers(8, 2, 0.25, grows=True)),
    ],
)
def test_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, state: ClusterState, section: dict[str, Any], expected: Workers
) -> None:
    monkeypatch.setattr(asking, "cluster_state", lambda: state)
    monkeypatch.setattr(asking, "ready_state", lambda demand: state)
    monkeypatch.setattr(asking, "joined", lambda: state is not HERE)
    monkeypatch.setattr(asking, "gpus_come", lambda threads: True)
    assert workers_of(RaySection.model_validate(section)) == expected


def test_without_gpus_a_cluster_that_grows_is_asked_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ready_state", lambda demand: GROWING)
    monkeypatch.setattr(asking, "joined", lambda: True)
    monkeypatch.setattr(asking, "gpus_come", lambda threads: False)
    asked = workers_of(RaySection())
    assert asked.demand == {"CPU": 1.0}
    assert Workers(1, 2, 0.5).demand == {"CPU": 2.0, "GPU": 0.5}
