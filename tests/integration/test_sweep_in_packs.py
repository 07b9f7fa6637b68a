"""A sweep in packs, on Ray: losses of lone runs, a second try for a diverged one, and packs that outlive a worker."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import ray

import codescale.sweeps.execute as executing
from codescale.cluster.ray_cluster import Workers
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.training.packed.session import PackedSession
from codescale.training.session_factory import SessionFactory, session_factory
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray
WORKERS = Workers(count=1, threads=1, gpus=0.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """A study with a corpus, whose sweep goes in packs of three at the most, and a Ray of one worker."""
    ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    made = Study(make_study(tmp_path_factory.mktemp("packs"), ray={"pack": 3}))
    made.corpus()
    yield made
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    ray.shutdown()


def specs(study: Study) -> list[RunSpec]:
    """Five runs that go together, the third so fast that it diverges, and one of another shape."""
    small = [spec for spec in study.plan() if spec.stage == "mixture"][:5]
    small[2] = small[2].model_copy(update={"hyper": {"learning_rate_factor": 1e30}})
    return [*small, next(spec for spec in study.plan() if spec.size == "tiny")]


def execute(study: Study, folder: Path, runs: list[RunSpec]) -> list[RunRecord]:
    (folder / "corpus").symlink_to(study.folder.corpus)
    return executing.execute(
        runs, study.config, StudyFolder(folder), WORKERS, Silent(), lambda record: record.note, "Sweep"
    ).records


@dataclass(frozen=True)
class Fatal(SessionFactory):
    """Opens packs that take their worker with them once, as soon as a run has diverged and another segment is done."""

    def pack(self, name: str, specs: Any, claim: Any = None) -> PackedSession:
        opened = super().pack(name, specs, claim)
        advance, marker = opened.advance, self.corpus_folder.parent / "died"

        def dies() -> Any:
            if opened._segment == 3 and opened.diverged_runs() and not marker.exists():
                marker.touch()
                opened._save()
                os._exit(1)
            return advance()

        opened.advance = dies  # type: ignore[method-assign]
        return opened


def fatal(config: StudyConfig, folder: StudyFolder) -> Fatal:
    return Fatal(config, folder.corpus, folder.checkpoints, None, folder)


def test_packs_have_the_lone_runs_losses_and_outlive_their_worker(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executing, "session_factory_of", fatal)
    runs = specs(study)
    records = execute(study, tmp_path, runs)
    assert (tmp_path / "died").exists()
    again = runs[2].model_copy(update={"run_id": f"{runs[2].run_id}.retry", "hyper": {"learning_rate_factor": 5e29}})
    assert [record.spec for record in records] == [*runs, again]
    assert {record.spec.run_id: record.status for record in read_records(tmp_path / "runs")} == {
        record.spec.run_id: record.status for record in records
    }
    assert [record.status for record in records] == ["ok", "ok", "diverged", "ok", "ok", "ok", "diverged"]
    # Five that go together make packs of two and three; of the three, two were left when the worker died.
    assert [record.metrics.get("runs_in_pack") for record in records] == [2, 2, 3, 2, 2, None, None]
    assert "a second try at a lower learning rate" in records[6].note
    alone = session_factory(study.config, study.folder.corpus, None)
    for record in records[:2]:
        session = alone(record.spec)
        while not session.finished:
            session.advance()
        for ours, theirs in zip(record.evaluations, session.evaluations, strict=True):
            assert ours.losses == pytest.approx(theirs.losses, abs=1e-5)
    assert not list((tmp_path / "checkpoints").glob("*"))
