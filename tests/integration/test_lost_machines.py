"""Machines that join, go and are lost while a sweep runs: real Ray nodes as processes on this machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ray._private.worker import global_worker
from ray.cluster_utils import Cluster
from ray.core.generated.autoscaler_pb2 import DrainNodeReason  # type: ignore[attr-defined]

import codescale.sweeps.execute as executing
import codescale.sweeps.worker_pool as pooling
from codescale.cluster.ray_cluster import Workers
from codescale.runs.records import RunRecord, RunSpec
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.integration.slow_runs import Beginning, SlowFactory
from tests.integration.small_cluster import NODE, head_alone

pytestmark = pytest.mark.ray
WORKERS = Workers(count=1, threads=1, gpus=0.0)
LIMIT_SECONDS = 300


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with head_alone() as made:
        yield made


class Sweep(threading.Thread):
    """``execute`` in a thread, so that the test can do mischief; it keeps what was said."""

    def __init__(self, config: StudyConfig, folder: Path, runs: int, factory: SlowFactory) -> None:
        super().__init__(daemon=True)
        self.config, self.folder, self.factory = config, StudyFolder(folder), factory
        self.specs = [
            RunSpec(
                run_id=f"run-{number}", stage="mixture", size="tiny", n_params=config.sizes["tiny"].n_params,
                token_points=(1280,), proportions=dict.fromkeys(config.languages, 1 / 3), seed=number,
            )
            for number in range(runs)
        ]  # fmt: skip
        self.said: list[str] = []
        self.records: list[RunRecord] = []
        self.start()

    def run(self) -> None:
        execution = executing.execute(
            self.specs, self.config, self.folder, WORKERS, self, lambda record: record.status, "Sweep"
        )
        self.records = execution.records

    def bar(self, description: str, total: float | None) -> Bar:
        return Bar()

    def say(self, message: str) -> None:
        self.said.append(message)

    def done(self) -> set[str]:
        return {path.stem for path in self.folder.runs.glob("*.json")}

    def begun(self, run_id: str) -> list[Beginning]:
        return [one for one in self.factory.beginnings() if one.run_id == run_id]


class Bar:
    """Nobody looks at it."""

    def __enter__(self) -> Callable[[float], None]:
        return lambda amount: None

    def __exit__(self, *_: object) -> None:
        pass


def wait_for(what: str, condition: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < LIMIT_SECONDS, f"waited in vain for {what}"
        time.sleep(0.05)


@pytest.fixture
def factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlowFactory:
    made = SlowFactory(tmp_path / "steps", steps=5, seconds=0.05)
    monkeypatch.setattr(executing, "session_factory_of", lambda *_: made)
    monkeypatch.setattr(pooling, "LOOK_SECONDS", 0.5)
    monkeypatch.setenv("RAY_ADDRESS", "the cluster's")  # machines may be waited for
    return made


def test_a_run_outlives_as_many_machines_as_are_lost(
    cluster: Cluster, config: StudyConfig, tmp_path: Path, factory: SlowFactory
) -> None:
    """Its machine is lost three times, as often as a run may crash; one more joins beside the last."""
    factory.hold("run-1", 1)
    factory.hold("run-2", 0)
    sweep = Sweep(config, tmp_path, 5, factory)
    node = cluster.add_node(**NODE)
    for step, number in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM), start=1):
        wait_for("the second run", lambda step=step: len(sweep.begun("run-1")) == step)  # type: ignore[misc]
        wait_for("its next step", lambda step=step: factory.step("run-1") == step)  # type: ignore[misc]
        os.kill(node.all_processes["raylet"][0].process.pid, number)
        if number == signal.SIGKILL:  # its worker would live on for a while, and finish the run
            os.kill(sweep.begun("run-1")[-1].pid, number)
        node = cluster.add_node(**NODE)
        factory.hold("run-1", step + 1)
    factory.release("run-1")
    wait_for("the third run", lambda: sweep.begun("run-2"))
    other = cluster.add_node(**NODE)
    joined = time.time()
    wait_for("the fourth run", lambda: sweep.begun("run-3"))
    factory.release("run-2")
    sweep.join(LIMIT_SECONDS)

    assert [record.status for record in sweep.records] == ["ok"] * 5
    assert sweep.done() == {spec.run_id for spec in sweep.specs}
    assert [len(sweep.begun(spec.run_id)) for spec in sweep.specs] == [1, 4, 1, 1, 1]
    assert [one.step for one in sweep.begun("run-1")] == [0, 1, 2, 3]
    assert sum("A machine was lost: run-1 goes on" in line for line in sweep.said) == 3
    (fourth,) = sweep.begun("run-3")
    assert fourth.node == other.node_id
    print(f"a node was used {fourth.moment - joined:.1f} s after it had joined")
    assert not list(sweep.folder.checkpoints.glob("*.claim"))


def test_a_machine_that_is_about_to_go_gets_no_more_runs(
    cluster: Cluster, config: StudyConfig, tmp_path: Path, factory: SlowFactory
) -> None:
    going = cluster.add_node(**NODE)
    factory.hold("run-0", 1)
    sweep = Sweep(config, tmp_path, 3, factory)
    wait_for("the first run", lambda: sweep.begun("run-0"))
    deadline = int((time.time() + 600) * 1000)
    store = global_worker.gcs_client  # type: ignore[attr-defined]
    preempted = DrainNodeReason.Value("DRAIN_NODE_REASON_PREEMPTION")
    accepted, _ = store.drain_node(going.node_id, preempted, "the spot price rose", deadline)
    assert accepted
    stays = cluster.add_node(**NODE)
    time.sleep(5 * pooling.LOOK_SECONDS)
    factory.release("run-0")
    sweep.join(LIMIT_SECONDS)
    assert [record.status for record in sweep.records] == ["ok"] * 3
    assert [one.node for one in factory.beginnings()] == [going.node_id, stays.node_id, stays.node_id]
