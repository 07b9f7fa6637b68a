"""Writes down how many workers a cluster has, from Ray's own state: a line whenever it changes, until it is killed.

In a process of its own, since Ray reads a cluster's settings from the environment once.
"""

from __future__ import annotations

import sys
import time

from ray._raylet import GcsClient
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply, NodeStatus  # type: ignore[attr-defined]


def workers(store: GcsClient) -> int:
    """Nodes that are there and have a CPU: the head has none."""
    reply = GetClusterStatusReply()
    reply.ParseFromString(store.get_cluster_status())
    alive = [node for node in reply.cluster_resource_state.node_states if node.status != NodeStatus.Value("DEAD")]
    return sum(node.total_resources["CPU"] > 0 for node in alive)


def main() -> None:
    """Watches the cluster at the address that it is given."""
    store, before = GcsClient(address=sys.argv[1]), None
    while True:
        if (now := workers(store)) != before:
            print(now, flush=True)
            before = now
        time.sleep(0.2)


if __name__ == "__main__":
    main()
