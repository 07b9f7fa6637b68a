"""What Ray's control store says of a cluster: with either autoscaler, and without one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply, NodeStatus  # type: ignore[attr-defined]

import codescale.cluster.autoscaling as reading
from codescale.cluster.autoscaling import ClusterState, cluster_state

HEAD, WORKER = b"\x01", b"\x02"


def status(kind: str = "") -> Any:
    """A head, a worker that is about to go and one that has gone; ``kind`` is what the autoscaler calls them."""
    reply = GetClusterStatusReply()
    for node_id, state, cores in ((HEAD, "IDLE", 0.0), (WORKER, "DRAINING", 4.0), (b"\x03", "DEAD", 8.0)):
        node = reply.cluster_resource_state.node_states.add(node_id=node_id, status=NodeStatus.Value(state))
        node.ray_node_type_name = kind
        node.total_resources["CPU"] = cores
    return reply


def read(monkeypatch: pytest.MonkeyPatch, reply: Any, report: dict[str, Any] | None = None) -> ClusterState:
    store = SimpleNamespace(
        get_cluster_status=reply.SerializeToString,
        internal_kv_get=lambda key, namespace: json.dumps(report).encode() if report else None,
    )
    monkeypatch.setattr(reading, "_gcs", lambda: store)
    return cluster_state()


def test_the_second_autoscaler(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = status("worker")
    reply.autoscaling_state.autoscaler_state_version = 7
    reply.autoscaling_state.pending_instance_requests.add(ray_node_type_name="worker", count=3)
    reply.autoscaling_state.pending_instances.add()
    reply.autoscaling_state.failed_instance_requests.add(reason="no capacity")
    reply.autoscaling_state.infeasible_resource_requests.add().resources_bundle["GPU"] = 8.0
    of_a_group = reply.autoscaling_state.infeasible_gang_resource_requests.add().requests.add()
    of_a_group.resources_bundle["CPU"] = 64.0
    told = read(monkeypatch, reply)
    assert told == ClusterState(({"CPU": 0.0},), frozenset({WORKER.hex()}), True, 5, ({"GPU": 8.0}, {"CPU": 64.0}))


def first(names: list[str], **report: Any) -> dict[str, Any]:
    told = {"pending_launches": {}, "pending_nodes": [], "node_availability_summary": {"node_availabilities": {}}}
    return {
        "time": 12.5,
        "autoscaler_report": {"active_nodes": dict.fromkeys(names, 1)} | told | report,
        "load_metrics_report": {"resource_demand": [[{"CPU": 2.0}, 4]]},
    }


def test_the_first_autoscaler(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"node_availabilities": {"gpu": {"is_available": False}, "cpu": {"is_available": True}}}
    launching = {"pending_launches": {"cpu": 2}, "pending_nodes": [["ip", "cpu", "setting-up"]]}
    told = read(monkeypatch, status(), first(["head"], **launching, node_availability_summary=known))
    assert (told.grows, told.coming, told.unmet) == (True, 4, ({"CPU": 2.0},))


@pytest.mark.parametrize(
    "report", [None, {"time": 1.0}, first([f"node_{HEAD.hex()}"])], ids=["none", "young", "looks on"]
)
def test_a_cluster_without_an_autoscaler_does_not_grow(
    monkeypatch: pytest.MonkeyPatch, report: dict[str, Any] | None
) -> None:
    told = read(monkeypatch, status(), report)
    assert told == ClusterState(({"CPU": 0.0},), frozenset({WORKER.hex()}))


def test_an_autoscaler_of_its_second_version_that_only_looks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = status()
    reply.autoscaling_state.autoscaler_state_version = 7
    assert not read(monkeypatch, reply).grows


def test_what_fits() -> None:
    state = ClusterState(({"CPU": 5.0, "GPU": 1.0}, {"CPU": 3.0}))
    assert state.fits({"CPU": 4.0, "GPU": 1.0})
    assert not state.fits({"CPU": 6.0})
    assert not state.fits({"CPU": 1.0, "GPU": 2.0})
    assert [state.room({"CPU": 2.0}), state.room({"CPU": 1.0, "GPU": 0.5})] == [3, 2]
