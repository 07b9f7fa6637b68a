"""A local Ray cluster that grows from nothing: Ray's own autoscaler and its nodes on this machine, on loopback only.

    .venv/bin/python cluster/local/autoscaling.py --most 3     # until Ctrl-C, which ends it and no other Ray here
    source /tmp/codescale-cluster/environment                  # in another shell
    .venv/bin/codescale demo

The head trains nothing. A node is started when work waits for it, and ended when it has been idle for a while. The
nodes come from the provider that Ray's own tests use, named as an external one: Ray's wheel lacks the file that its
type ``fake_multinode`` reads.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from cluster import DEFAULT_FOLDER, LOOPBACK, OBJECT_STORE_BYTES, environment_of, keep

PROVIDER = "ray.autoscaler._private.fake_multi_node.node_provider"
UPDATE_SECONDS = 1
READY_SECONDS = 180.0


def autoscaling_config(
    most: int, cpus: int, idle_seconds: float, port: int, head: str, head_type: str
) -> dict[str, Any]:
    """What Ray's autoscaler reads: a head without CPUs, and up to ``most`` nodes of ``cpus`` CPUs each."""
    commands = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    return {
        "cluster_name": "codescale-local",
        "max_workers": most,
        "idle_timeout_minutes": idle_seconds / 60,
        "upscaling_speed": 1.0,
        "auth": {},
        "provider": {
            "type": "external",
            "module": f"{PROVIDER}.FakeMultiNodeProvider",
            "gcs_address": f"{LOOPBACK}:{port}",
            "head_node_id": head,
            "launch_multiple": True,
            "use_node_id_as_ip": True,  # all nodes have one address
            "disable_node_updaters": True,  # there is nothing to be installed on them
        },
        "head_node_type": head_type,
        "available_node_types": {
            head_type: {"resources": {"CPU": 0}, "node_config": {}, "min_workers": 0, "max_workers": 0},
            "worker": {
                "resources": {"CPU": cpus, "object_store_memory": OBJECT_STORE_BYTES},
                "node_config": {},
                "min_workers": 0,
                "max_workers": most,
            },
        },
        "file_mounts": {},
        "cluster_synced_files": [],
        "file_mounts_sync_continuously": False,
        "rsync_exclude": [],
        "rsync_filter": [],
    } | {f"{name}_commands": [] for name in commands}


def run(folder: Path, most: int, cpus: int, idle_seconds: float) -> None:
    """Starts the head and its autoscaler and keeps them until SIGINT or SIGTERM."""
    with environment_of(folder) as environment:
        # Ray reads its environment when it is imported.
        from ray.autoscaler._private.fake_multi_node.node_provider import FAKE_HEAD_NODE_ID, FAKE_HEAD_NODE_TYPE
        from ray.cluster_utils import Cluster

        port = _free_port()
        config = autoscaling_config(most, cpus, idle_seconds, port, FAKE_HEAD_NODE_ID, FAKE_HEAD_NODE_TYPE)
        (folder / "autoscaling.json").write_text(json.dumps(config, indent=2))
        own = {
            "RAY_FAKE_CLUSTER": "1",
            "RAY_enable_autoscaler_v2": "1",
            "RAY_CLOUD_INSTANCE_ID": FAKE_HEAD_NODE_ID,
            "RAY_OVERRIDE_NODE_ID_FOR_TESTING": FAKE_HEAD_NODE_ID,
            "RAY_NODE_TYPE_NAME": FAKE_HEAD_NODE_TYPE,
            "AUTOSCALER_UPDATE_INTERVAL_S": str(UPDATE_SECONDS),
        }
        os.environ.update(own)
        cluster = Cluster()
        cluster.add_node(
            gcs_server_port=port,
            node_ip_address=LOOPBACK,
            num_cpus=0,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            temp_dir=str(folder / "ray"),
            autoscaling_config=str(folder / "autoscaling.json"),
        )
        _wait_for_autoscaler(cluster.address)
        words = f"A head at {cluster.address}, and up to {most} nodes with {cpus} CPU each when work waits for them."
        keep(folder, environment | {"RAY_ADDRESS": cluster.address}, words)
        _end_nodes()
        cluster.shutdown()


def _free_port() -> int:
    """A port that nobody has: the nodes of a cluster that ended a moment ago may still knock at its old one."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _wait_for_autoscaler(address: str) -> None:
    """Until the autoscaler has reported: a driver that comes before takes the cluster for one that does not grow."""
    from ray._raylet import GcsClient
    from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply

    client, reply, begun = GcsClient(address=address), GetClusterStatusReply(), time.monotonic()
    while not reply.autoscaling_state.autoscaler_state_version:
        if time.monotonic() - begun > READY_SECONDS:
            raise RuntimeError(f"the autoscaler did not report within {READY_SECONDS:.0f} s: see its monitor.log")
        time.sleep(0.2)
        reply.ParseFromString(client.get_cluster_status())


def _end_nodes() -> None:
    """Ends the nodes that the autoscaler started: they are its children, and would outlive it for a while."""
    import psutil

    started = psutil.Process().children(recursive=True)
    monitors = [process for process in started if any("monitor.py" in word for word in process.cmdline())]
    autoscalers = [process for process in monitors if any("autoscaler" in word for word in process.cmdline())]
    for autoscaler in autoscalers:
        nodes = autoscaler.children(recursive=True)
        for process in [autoscaler, *nodes]:
            process.kill()
        psutil.wait_procs([autoscaler, *nodes], timeout=10)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="A local Ray cluster that grows from nothing, until Ctrl-C.")
    parser.add_argument("--most", type=int, default=2, help="nodes beside the head, at most (2)")
    parser.add_argument("--cpus", type=int, default=1, help="CPUs of each node (1)")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds after which an idle node is ended (30)")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help=f"token and logs ({DEFAULT_FOLDER})")
    given = parser.parse_args()
    run(given.folder.absolute(), given.most, given.cpus, given.idle)


if __name__ == "__main__":
    main()
