"""The corpus over the machines of a cluster, real Ray nodes as processes here: the same bytes, though one is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.cluster_utils import Cluster

from codescale.cluster.ordered_tasks import OrderedTasks
from codescale.corpus import cleaned_parts, selection_file, spread
from codescale.corpus.build import build_corpus
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, FolderSource
from codescale.study.folder import StudyFolder
from tests.corpus.corpus_material import write_repositories
from tests.integration.small_cluster import NODE, head_alone

pytestmark = pytest.mark.ray


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with head_alone() as made:
        yield made


class Mischief:
    """Spreads over the cluster; once some results are there a machine is lost and another one joins."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.lost = False

    def __call__(self, work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for number, result in enumerate(OrderedTasks()(work, items)):
            if number == 4 and not self.lost:
                self.lost = True
                victim = next(node for node in self._cluster.worker_nodes if node is not None)
                self._cluster.remove_node(victim, allow_graceful=False)
                self._cluster.add_node(**NODE)
            yield result


def slow_square(number: int) -> int:
    time.sleep(0.2)
    return number * number


def test_a_lost_machine_costs_no_result_and_no_order_and_no_byte(
    cluster: Cluster, config: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    cluster.add_node(**NODE)
    cluster.add_node(**NODE)
    squares = Mischief(cluster)
    assert list(squares(slow_square, range(30))) == [number * number for number in range(30)]
    assert squares.lost

    write_repositories(tmp_path / "code", "python", 6, 6)
    write_repositories(tmp_path / "code", "java", 6, 6, start=100_000)
    write_repositories(tmp_path / "code", "rust", 6, 6, start=200_000)
    section = CorpusSection(sources=(FolderSource(kind="folder", path="../code"),), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section})
    studies = {name: StudyFolder(tmp_path / name) for name in ("here", "cluster")}
    for study in studies.values():
        study.root.mkdir()
    build_corpus(chosen, studies["here"], Silent())
    monkeypatch.setattr(cleaned_parts, "_BATCH_BYTES", 8_000)
    monkeypatch.setattr(selection_file, "_GROUP_BYTES", 4_000)
    monkeypatch.setattr(spread, "_HERE", 0)
    mischief = Mischief(cluster)
    build_corpus(chosen, studies["cluster"], Silent(), mischief)
    assert mischief.lost
    here, there = (
        {path.name: path.read_bytes() for path in study.corpus.glob("*.*") if path.name != "manifest.json"}
        for study in studies.values()
    )
    assert here == there


def test_what_breaks_in_a_task_is_said_in_a_line(cluster: Cluster) -> None:
    cluster.add_node(**NODE)
    with pytest.raises(UserError, match=r"work on the corpus was lost: .*TypeError"):
        list(OrderedTasks()(len, [1]))
