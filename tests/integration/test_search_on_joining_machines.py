"""A search on a cluster without an autoscaler, which a machine joins on the way: real Ray nodes as processes here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from codescale.cluster.ray_cluster import workers_of
from codescale.files import write_text
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunSpec
from codescale.search.run import run_search
from codescale.search.warm_start import WarmStart
from codescale.study.folder import StudyFolder
from tests.integration.small_cluster import NODE, head_alone
from tests.search.synthetic_trials import OpenSynthetic, SyntheticSession, problem, study

pytestmark = [pytest.mark.ray, pytest.mark.slow]
LIMIT_SECONDS = 200


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with head_alone() as made:
        yield made


@dataclass(frozen=True)
class OpenLocated(OpenSynthetic):
    """Opens synthetic sessions, and writes down on which machine and when."""

    def __call__(self, spec: RunSpec) -> SyntheticSession:
        """The session of ``spec``."""
        write_text(self.root / "begun" / spec.run_id, f"{ray.get_runtime_context().get_node_id()} {time.time()}")
        return super().__call__(spec)

    def begun(self) -> list[tuple[str, float]]:
        """The machine and the moment of each trial."""
        told = [path.read_text().split() for path in (self.root / "begun").glob("[!.]*")]
        return sorted(((node, float(moment)) for node, moment in told), key=lambda one: one[1])


def test_a_machine_that_joins_is_used(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    first = cluster.add_node(**NODE)
    opened = OpenLocated(tmp_path, 0.75)
    base = study(trials=12, concurrency=None, sampler="random", prune=False)
    config = base.model_copy(update={"ray": base.ray.model_copy(update={"workers": None})})
    joined: list[tuple[str, float]] = []

    def join() -> None:
        begun = time.monotonic()
        while len(opened.begun()) < 2 and time.monotonic() - begun < LIMIT_SECONDS:
            time.sleep(0.1)
        joined.append((cluster.add_node(**NODE).node_id, time.time()))

    thread = threading.Thread(target=join, daemon=True)
    thread.start()
    warm = WarmStart(Mixture({"python": 0.4, "java": 0.3, "rust": 0.3}), [])
    found = run_search(problem(config), warm, opened, StudyFolder(tmp_path), Silent()).content()
    thread.join(LIMIT_SECONDS)

    assert len(found["trials"]) == 12
    begun = opened.begun()
    assert {node for node, _ in begun} == {first.node_id, joined[0][0]}
    used = next(moment for node, moment in begun if node == joined[0][0])
    print(f"a machine was used {used - joined[0][1]:.1f} s after it had joined")
    assert workers_of(config.ray).count == 2
