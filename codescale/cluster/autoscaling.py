"""What Ray says of a cluster that may grow: its machines, those that are coming, and what it can never give.

Ray has no public call for this. What is read here is what ``ray status`` prints: the reply that the second autoscaler
fills, and the first one's report in Ray's key-value store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ray
from ray._private import ray_constants
from ray._private.worker import global_worker
from ray.core.generated.autoscaler_pb2 import (  # type: ignore[attr-defined]
    AutoscalingState,
    GetClusterStatusReply,
    NodeStatus,
)

from codescale.cluster.placement import Node, room

_GONE = NodeStatus.Value("DEAD")
_GOING = NodeStatus.Value("DRAINING")
_OF_NO_AUTOSCALER = "node_"
"""What the first autoscaler calls a machine's type, with the machine's id behind it, where it only looks on."""


@dataclass(frozen=True)
class ClusterState:
    """A cluster at one moment.

    Parameters
    ----------
    nodes
        What each machine that takes work has, in use or not.
    draining
        Ids of machines that are about to go.
    grows
        Whether an autoscaler adds machines on demand.
    coming
        Machines that it has asked for and that have not joined; also those that could not be had when last asked for.
    unmet
        Demands for which it starts no machine: too large for any that may come, or as many as it may have are there.
    """

    nodes: tuple[Node, ...]
    draining: frozenset[str] = frozenset()
    grows: bool = False
    coming: int = 0
    unmet: tuple[Node, ...] = ()

    def large_enough(self, demand: Node) -> int:
        """How many machines that are there are large enough for ``demand``, once they are free."""
        return sum(all(node.get(name, 0.0) >= amount for name, amount in demand.items()) for node in self.nodes)

    def fits(self, demand: Node, nodes: int = 1) -> bool:
        """Whether so many machines are there that are large enough for ``demand``, once they are free."""
        return self.large_enough(demand) >= nodes

    def room(self, demand: Node) -> int:
        """How many times ``demand`` fits on the machines that are there, once they are free."""
        return room(self.nodes, demand.get("CPU", 0.0), demand.get("GPU", 0.0))


def cluster_state(control_store: Any = None) -> ClusterState:
    """The cluster that Ray is connected to, now, or that of another ``control_store`` (a client of it)."""
    store = _gcs() if control_store is None else control_store
    reply = GetClusterStatusReply()
    reply.ParseFromString(store.get_cluster_status())
    alive = [node for node in reply.cluster_resource_state.node_states if node.status != _GONE]
    nodes = tuple(dict(node.total_resources) for node in alive if node.status != _GOING)
    draining = frozenset(node.node_id.hex() for node in alive if node.status == _GOING)
    state = reply.autoscaling_state
    if state.autoscaler_state_version and any(node.ray_node_type_name for node in alive):
        return _second(state, nodes, draining)
    return _first(store, nodes, draining)


def node_alive(node: str) -> bool:
    """Whether the machine with the id ``node`` is there and stays, as far as Ray knows."""
    known: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return any(entry["NodeID"] == node and entry["Alive"] for entry in known)


def _gcs() -> Any:
    """The client of Ray's control store."""
    return global_worker.gcs_client  # type: ignore[attr-defined]


def _second(state: AutoscalingState, nodes: tuple[Node, ...], draining: frozenset[str]) -> ClusterState:
    together = [one for gang in state.infeasible_gang_resource_requests for one in gang.requests]
    unmet = tuple(dict(one.resources_bundle) for one in (*state.infeasible_resource_requests, *together))
    asked = sum(request.count for request in state.pending_instance_requests)
    coming = asked + len(state.pending_instances) + len(state.failed_instance_requests)
    return ClusterState(nodes, draining, True, coming, unmet)


def _first(store: Any, nodes: tuple[Node, ...], draining: frozenset[str]) -> ClusterState:
    """By the first autoscaler's report, which runs on every head, also where it only looks on."""
    text = store.internal_kv_get(ray_constants.DEBUG_AUTOSCALING_STATUS.encode(), None)
    status: Mapping[str, Any] = json.loads(text) if text else {}
    report = status.get("autoscaler_report") or {}
    types = {*report.get("active_nodes", ()), *report.get("pending_launches", ())}
    if not any(not name.startswith(_OF_NO_AUTOSCALER) for name in types):
        return ClusterState(nodes, draining)
    unmet = tuple(shape for shape, _ in status["load_metrics_report"]["resource_demand"])
    known = report["node_availability_summary"]["node_availabilities"].values()
    coming = sum(report["pending_launches"].values()) + len(report["pending_nodes"])
    coming += sum(not availability["is_available"] for availability in known)
    return ClusterState(nodes, draining, True, coming, unmet)
