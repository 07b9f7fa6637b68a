"""A local Ray cluster: a head and more nodes on this machine, reachable over the loopback address only.

    .venv/bin/python cluster/local/cluster.py     # until Ctrl-C, which ends it and no other Ray here
    source /tmp/codescale-cluster/environment     # in another shell
    .venv/bin/codescale demo

`ray start` is not used: it turns 127.0.0.1 into the machine's own address and then listens on all of them, and `ray
stop` ends every Ray of the machine. Whoever joins needs the token that is made here and lies in a file of its own.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

LOOPBACK = "127.0.0.1"
OBJECT_STORE_BYTES = 200 * 2**20
DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "codescale-cluster"


def settings(folder: Path) -> dict[str, str]:
    """What Ray has to know on the nodes and in every driver that joins them, as environment variables."""
    return {
        # Off, Ray keeps its services on the loopback address, as it does on macOS and Windows.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        # Not Ray's default folder, where a ray.init() that names no address would find this cluster.
        "RAY_TMPDIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TRAIN_V2_ENABLED": "1",
        # As codescale/cluster/ray_cluster.py has it: workers inherit their node's environment.
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TRIM_THRESHOLD_": str(2**31),
    }


def prepare(folder: Path) -> dict[str, str]:
    """Makes ``folder``, for its owner alone, with a new token in it. Returns the settings."""
    if (folder / "environment").exists():
        sys.exit(f"error: {folder}: holds a cluster already; end it, delete the folder, or name another with --folder")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        sys.exit(f"error: {folder}: belongs to somebody else; name another folder with --folder")
    folder.chmod(0o700)
    (folder / "ray").mkdir(exist_ok=True)
    (folder / "token").write_text(secrets.token_hex(32))
    return settings(folder)


def write_environment(folder: Path, environment: dict[str, str]) -> None:
    """What a shell has to source to join the cluster."""
    (folder / "environment").write_text("".join(f"export {name}={value}\n" for name, value in environment.items()))


@contextmanager
def environment_of(folder: Path) -> Iterator[dict[str, str]]:
    """This process under a new cluster's settings, which are yielded; ``folder`` goes as it ends."""
    environment = prepare(folder)
    os.environ.update(environment)
    os.environ.pop("RAY_ADDRESS", None)
    try:
        yield environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(folder: Path, environment: dict[str, str], words: str) -> None:
    """Says in ``words`` what there is, and how to join it, and returns on SIGINT or SIGTERM."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    write_environment(folder, environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    print(words)
    print(f"In another shell, before codescale demo:\n  source {folder / 'environment'}")
    print("Ctrl-C here ends the cluster.", flush=True)
    ended.wait()


def run(folder: Path, nodes: int, cpus: int, port: int) -> None:
    """Starts ``nodes`` nodes of ``cpus`` CPUs each and keeps them until SIGINT or SIGTERM."""
    with environment_of(folder) as environment:
        # Ray reads its environment when it is imported.
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        node = {"node_ip_address": LOOPBACK, "num_cpus": cpus, "object_store_memory": OBJECT_STORE_BYTES}
        cluster.add_node(gcs_server_port=port, include_dashboard=False, temp_dir=str(folder / "ray"), **node)
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        joined = environment | {"RAY_ADDRESS": cluster.address}
        keep(folder, joined, f"{nodes} nodes with {cpus} CPU each at {cluster.address}.")
        cluster.shutdown()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="A local Ray cluster on the loopback address, until Ctrl-C.")
    parser.add_argument("--nodes", type=int, default=2, help="nodes, the head included (2)")
    parser.add_argument("--cpus", type=int, default=1, help="CPUs of each node (1)")
    parser.add_argument("--port", type=int, default=6399, help="the head's port on the loopback address (6399)")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help=f"token and logs ({DEFAULT_FOLDER})")
    given = parser.parse_args()
    run(given.folder.absolute(), given.nodes, given.cpus, given.port)


if __name__ == "__main__":
    main()
