"""A cluster whose machines are Ray nodes of this one, as processes: they can be lost, and join."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray.cluster_utils import Cluster

from codescale.cluster.ray_cluster import stay_on_loopback

NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 100 * 2**20}
"""A machine of one core, on the loopback address."""


@contextmanager
def head_alone() -> Iterator[Cluster]:
    """A cluster of a head without cores, which this process has joined."""
    stay_on_loopback()
    folder = tempfile.mkdtemp(prefix="ray-")
    made = Cluster(
        initialize_head=True,
        head_node_args={**NODE, "num_cpus": 0, "include_dashboard": False, "temp_dir": folder},
    )
    ray.init(address=made.address, log_to_driver=False)
    try:
        yield made
    finally:
        ray.shutdown()
        made.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
