"""What grows on a study's driver with its runs and its machines, piece by piece, so that it can be reckoned for many.

    .venv/bin/python scripts/bench_large_study.py --runs 100000 --machines 1000

Seconds of: planning the runs that are left; a claim; a look at a cluster of so many machines; waiting for one of many
calls that Ray has under way, as many as there are machines; and, of a study in a store, what is done every five seconds
though nothing has changed. No machine but this one is needed: the cluster's state and the records are made up, the
calls wait in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ray
from bench_executor import specs_of
from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply, NodeStatus  # type: ignore[attr-defined]

from codescale.cluster.autoscaling import cluster_state
from codescale.cluster.ray_cluster import running_ray
from codescale.progress import Silent
from codescale.runs.records import RunSpec
from codescale.stages.study import Study
from codescale.storage.address import parse_address
from codescale.storage.agreement import agreed, write_agreement
from codescale.storage.cache import VARIABLE
from codescale.storage.working_copy import WorkingCopy
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.execute import done_already
from codescale.sweeps.packing import packs_of
from codescale.sweeps.plan import run_flops
from codescale.training.loop.claim import Claim


def timed(what: str, work: Callable[[], Any], times: int = 1) -> None:
    """Prints how long ``work`` takes, and how much of that this process computes."""
    begun, computed = time.perf_counter(), time.process_time()
    for _ in range(times):
        work()
    seconds, computed = (time.perf_counter() - begun) / times, (time.process_time() - computed) / times
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {seconds:.4f} s ({computed:.4f} computed), at most {peak:.2f} GiB so far", flush=True)


def planned(config: StudyConfig, folder: StudyFolder, specs: list[RunSpec]) -> None:
    """What the executor does with runs of which none is done before it hands out the first."""
    assert not done_already(folder, specs)
    packs = packs_of(specs, config, lambda spec: 1)
    sorted(packs, key=lambda pack: -sum(run_flops(config, spec) for spec in pack.runs))


def many_machines(count: int) -> Any:
    """A control store that tells of ``count`` machines."""
    reply = GetClusterStatusReply()
    for number in range(count):
        node = reply.cluster_resource_state.node_states.add()
        node.node_id, node.status = number.to_bytes(28, "big"), NodeStatus.Value("RUNNING")
        node.total_resources.update({"CPU": 16.0, "GPU": 1.0, "memory": 6e10, "object_store_memory": 2e10})
        node.available_resources.update(node.total_resources)
    answer = reply.SerializeToString()
    return SimpleNamespace(get_cluster_status=lambda: answer, internal_kv_get=lambda *_: b"")


class Waiting:
    """An actor whose calls wait until they are let go."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()

    async def call(self, ends: bool) -> None:
        """Waits, or ends."""
        if not ends:
            await self._ended.wait()


def wait_among(count: int, times: int) -> None:
    """One call after another that ends beside ``count`` that do not, as runs of a sweep do."""
    with running_ray():
        actor: Any = ray.remote(max_concurrency=count + 10)(Waiting).remote()
        flying = [actor.call.remote(False) for _ in range(count)]
        ray.get(actor.call.remote(True))

        def once() -> None:
            done = actor.call.remote(True)
            ray.wait([*flying, done], timeout=60)

        timed(f"a call that ends beside {count:,} that do not", once, times)


def copy_of(place: Path, runs: int) -> WorkingCopy:
    """A working copy of a study in a store, with small records that the store has too, as far as the copy knows."""
    copy = WorkingCopy(parse_address(f"file://{place}/store"))
    (copy.root / "runs").mkdir(parents=True)
    known = {}
    for number in range(runs):
        path = copy.root / "runs" / f"run-{number:06}.json"
        path.write_text("{}")
        known[copy.name(path)] = agreed(path, f"version-{number}")
    write_agreement(copy.root, str(copy.address), known)
    return copy


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="What grows on a driver with runs and machines.")
    parser.add_argument("--runs", type=int, default=100_000, help="runs (100,000)")
    parser.add_argument("--machines", type=int, default=1_000, help="machines (1,000)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        os.environ[VARIABLE] = f"{place}/cache"
        config = Study.create(Path(place) / "study", "quick", Silent()).config
        folder = StudyFolder(Path(place) / "runs")
        specs = specs_of(config, given.runs)
        timed(f"plan {given.runs:,} runs", lambda: planned(config, folder, specs))
        timed("claim a run and give it up", lambda: Claim.make(folder, "run", ["run"], "here").give_up(), 200)
        store = many_machines(given.machines)
        timed(f"look at {given.machines:,} machines", lambda: cluster_state(store), 10)
        copy = copy_of(Path(place), given.runs)
        timed(f"put what is new of {given.runs:,} records: nothing", copy.push, 3)
        wait_among(given.machines, 500)


if __name__ == "__main__":
    main()
