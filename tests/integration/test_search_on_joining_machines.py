"""A search on a cluster without an autoscaler, which a machine joins on the way: real Ray nodes as processes here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from codescale.files import write_text
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunSpec
from codescale.search.run import run_search
from codescale.search.warm_start import WarmStart
from codescale.study.folder import StudyFolder
from tests.integration.small_cluster import NODE, head_alone
from tests.search.synthetic_trials import EVALUATIONS, OpenSynthetic, SyntheticSession, problem, study

pytestmark = [pytest.mark.ray, pytest.mark.slow]
TRIAL_SECONDS = 20.0
"""Longer than a process starts: before, Tune gives the trial that waits for it to one that has become free."""


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


class JoinsMachine(Silent):
    """Has another machine join the cluster when it is told of the first trial that ended."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.node, self.joined = "", 0.0

    def say(self, message: str) -> None:
        """Called for each trial."""
        if message.startswith("Trial ") and not self.node:
            self.node, self.joined = self._cluster.add_node(**NODE).node_id, time.time()


def test_a_machine_that_joins_is_used(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    first, joins = cluster.add_node(**NODE), JoinsMachine(cluster)
    opened = OpenLocated(tmp_path, TRIAL_SECONDS / EVALUATIONS)
    base = study(trials=8, concurrency=None, sampler="random", prune=False)
    config = base.model_copy(update={"ray": base.ray.model_copy(update={"workers": None})})
    warm = WarmStart(Mixture({"python": 0.4, "java": 0.3, "rust": 0.3}), [])
    found = run_search(problem(config), warm, opened, StudyFolder(tmp_path), joins).content()

    assert sorted(trial["number"] for trial in found["trials"]) == list(range(8))
    begun = opened.begun()
    assert {node for node, _ in begun} == {first.node_id, joins.node}
    used = next(moment for node, moment in begun if node == joins.node)
    print(f"a machine was used {used - joins.joined:.1f} s after it had joined")
