"""The machines of the drill `chaos.py`: a Ray cluster whose nodes are processes here, and end as machines do."""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

PATIENCE_SECONDS = 120
"""How long after its machines the last process of a cluster may live."""


def on_loopback(folder: Path) -> None:
    """Has every Ray that this process and its children start stay on the loopback address, behind a token."""
    (folder / "token").write_text(secrets.token_hex(32))
    os.environ.update(
        RAY_AUTH_MODE="token",
        RAY_AUTH_TOKEN_PATH=str(folder / "token"),
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0",
        RAY_USAGE_STATS_ENABLED="0",
        RAY_TRAIN_V2_ENABLED="1",
        OMP_NUM_THREADS="1",
    )


class Machines:
    """A head that trains nothing and workers with a core each, as processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cluster: Any = None
        self._lost_heads: list[Any] = []

    def begin(self, workers: int) -> None:
        """A new head and new workers; those of a head that was lost live on until the new ones are there."""
        from ray.cluster_utils import Cluster

        head = {"include_dashboard": False, "temp_dir": str(self._folder)}
        self._cluster = Cluster(initialize_head=True, head_node_args=_node(0) | head)
        for _ in range(workers):
            self.add()
        while self._lost_heads:
            _kill_workers(self._lost_heads.pop())

    @property
    def address(self) -> str:
        """Of the head's control store."""
        return str(self._cluster.address)

    def add(self) -> None:
        """One more worker."""
        self._cluster.add_node(wait=False, **_node(1))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # which Ray has taken for itself

    def worker(self, chance: random.Random) -> Any:
        """One of the workers."""
        return chance.choice(sorted(self._cluster.worker_nodes, key=lambda node: str(node.node_id)))

    def kill(self, node: Any) -> None:
        """The machine ``node`` is gone without a word: kill -9 of its raylet and of what stands beside it. Its workers
        live on until they find out.
        """
        _kill_all(node)
        self._cluster.worker_nodes.discard(node)

    def drain(self, node: Any, seconds: int) -> None:
        """Tells Ray that ``node`` will be gone in so many seconds."""
        from ray._raylet import GcsClient
        from ray.core.generated.autoscaler_pb2 import DrainNodeReason  # type: ignore[attr-defined]

        reason = DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
        deadline = int((time.time() + seconds) * 1000)
        accepted, why = GcsClient(address=self.address).drain_node(node.node_id, reason, "a drill", deadline)
        assert accepted, why

    def kill_head(self) -> None:
        """All processes of the head are gone; the workers find out by themselves."""
        _kill_all(self._cluster.head_node)
        self._lost_heads.append(self._cluster)

    def end(self) -> None:
        """Ends all of it."""
        for cluster in (*self._lost_heads, self._cluster):
            if cluster is not None:
                _kill_workers(cluster)
                _kill_all(cluster.head_node)


def _node(cores: int) -> dict[str, Any]:
    return {"num_cpus": cores, "node_ip_address": "127.0.0.1", "object_store_memory": 80 * 2**20}


def _kill_workers(cluster: Any) -> None:
    for node in cluster.worker_nodes:
        _kill_all(node)


def _kill_all(node: Any) -> None:
    """The raylet first. What was killed is waited for: while its parent has not done so it counts as alive, and what
    looks after it would not find out.
    """
    for name in sorted(node.all_processes, key=lambda name: name != "raylet"):
        for one in node.all_processes[name]:
            with suppress(ProcessLookupError):
                os.kill(one.process.pid, signal.SIGKILL)
            one.process.wait()


def wait_for_the_last_process(folder: Path) -> float:
    """Seconds until no process lives any more that has to do with ``folder``; prints which live longest.

    Raises ``AssertionError`` where one outlives :data:`PATIENCE_SECONDS`.
    """
    begun, told = time.monotonic(), 5.0
    while left := _processes_of(folder):
        waited = time.monotonic() - begun
        if waited > told:
            print(f"after {waited:.0f} s there live: {left}", flush=True)
            told *= 2
        assert waited < PATIENCE_SECONDS, f"left over: {left}"
        time.sleep(0.5)
    return time.monotonic() - begun


def _processes_of(folder: Path) -> list[str]:
    """By what they were called with, or, since Ray's workers change that, by the logs that they have open."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = " ".join(process.cmdline())
            if str(folder) in words or any(str(folder) in file.path for file in process.open_files()):
                found.append(f"{process.pid} {words[:80]}")
    return found
