"""Runs that are done, lost and given up, with a Ray of a few lines: what becomes of a run is what the test says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, OutOfMemoryError

import codescale.sweeps.execute as executing
import codescale.sweeps.worker_pool as pooling
from codescale.cluster.autoscaling import ClusterState
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, read_records, write_record
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.trainer import TrainerSection
from codescale.sweeps import losses
from codescale.sweeps.execute import StageRuns, do_runs
from codescale.training.loop.claim import Claim, claimed_runs
from tests.sweeps.fake_ray import FakeRay

Outcome = Callable[[RunSpec, int], Any]
"""What becomes of a run that is given to a worker for so many times: a status, or what Ray raises."""


class Played(FakeRay):
    """Places every worker at once, on a machine that is lost where the test says so, and has its run come out."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome, self.given = outcome, Counter[str]()

    def wait(self, references: list[Any], timeout: float) -> Any:
        for actor in self.actors:
            if actor.placed[0].answer is None:
                actor.placed[0].answer = ("node", "host")
            for reference, pack, _ in actor.given:
                if reference.answer is None:
                    (spec,) = pack.runs
                    self.given[spec.run_id] += 1
                    came = self.outcome(spec, self.given[spec.run_id])
                    reference.answer = came if isinstance(came, Exception) else [record(spec, came)]
        return super().wait(references, timeout)


def record(spec: RunSpec, status: Any) -> RunRecord:
    nothing: dict[str, Any] = {"evaluations": (), "corpus_id": "", "tokens_trained": 0, "flops": 0.0}
    return RunRecord(spec=spec, status=status, seconds=1.0, finished=0.0, **nothing)


def specs(config: StudyConfig, count: int) -> list[RunSpec]:
    return [
        RunSpec(
            run_id=f"run-{number}", stage="mixture", size="tiny", n_params=config.sizes["tiny"].n_params,
            token_points=(1280,), proportions=dict.fromkeys(config.languages, 1 / 3), seed=number,
        )
        for number in range(count)
    ]  # fmt: skip


class Scene:
    """Does runs of ``config`` in ``folder``."""

    def __init__(self, config: StudyConfig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config, self.folder, self._patch = config, StudyFolder(folder), monkeypatch
        monkeypatch.setattr(pooling, "cluster_state", lambda: ClusterState(({"CPU": 1.0},)))
        self.alive = True
        monkeypatch.setattr(losses, "node_alive", lambda node: self.alive)

    def do(self, count: int, outcome: Outcome, retry_rate: float | None = None) -> tuple[list[RunRecord], Played]:
        self.ray = ray = Played(outcome)
        self._patch.setattr(pooling, "ray", ray)
        stage = StageRuns("Test", lambda pack, claim: [], Workers(1, 1, 0.0), lambda spec: 1, retry_rate)
        runs = specs(self.config, count)
        execution = do_runs(stage, runs, self.config, self.folder, Silent(), lambda one: one.status)
        return execution.records, ray


@pytest.fixture
def scene(config: StudyConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(config, tmp_path, monkeypatch)


def test_what_is_done_is_not_done_again(scene: Scene) -> None:
    (first, *_), _ = scene.do(2, lambda spec, times: "ok")
    records, ray = scene.do(3, lambda spec, times: "ok")
    assert [one.spec.run_id for one in records] == ["run-0", "run-1", "run-2"]
    assert (records[0], dict(ray.given)) == (first, {"run-2": 1})
    assert ray.actors == []
    assert not list(scene.folder.checkpoints.iterdir())


def test_a_claim_whose_run_came_to_its_end_after_the_driver_was_killed_is_removed(scene: Scene) -> None:
    """The worker outlived the driver, and wrote the record; nobody was left to give the claim up."""
    scene.do(2, lambda spec, times: "ok")
    for name, runs in (("run-1", ()), ("pack-1", ("run-0", "run-1")), ("pack-2", ("run-1", "another"))):
        Claim.make(scene.folder, name, runs)
    scene.do(2, lambda spec, times: "ok")
    assert [claim.name for claim in claimed_runs(scene.folder)] == ["pack-2"]


@pytest.mark.parametrize(
    ("error", "note"),
    [(ActorDiedError(), "its worker died 3 times"), (OutOfMemoryError("low"), "its machine ran out of memory 3 times")],
)
def test_a_run_that_takes_its_worker_with_it_is_given_up(scene: Scene, error: Exception, note: str) -> None:
    records, ray = scene.do(2, lambda spec, times: error if spec.run_id == "run-0" else "ok")
    assert [one.status for one in records] == ["failed", "ok"]
    assert records[0].note.startswith(note)
    assert dict(ray.given) == {"run-0": 3, "run-1": 1}
    assert {one.spec.run_id: one.status for one in read_records(scene.folder.runs)} == {
        "run-0": "failed",
        "run-1": "ok",
    }


def test_lost_machines_are_not_counted(scene: Scene) -> None:
    scene.alive = False
    records, ray = scene.do(2, lambda spec, times: ActorDiedError() if times < 20 else "ok")
    assert [one.status for one in records] == ["ok", "ok"]
    assert dict(ray.given) == {"run-0": 20, "run-1": 20}


def test_a_run_that_takes_a_hundred_machines_with_it_is_given_up(scene: Scene) -> None:
    scene.alive = False
    (failed,), ray = scene.do(1, lambda spec, times: ActorDiedError())
    assert (failed.status, ray.given["run-0"]) == ("failed", 100)
    assert failed.note.startswith("its machine was lost 100 times")


def test_a_record_that_was_written_before_its_worker_died_counts(scene: Scene) -> None:
    def writes_and_dies(spec: RunSpec, times: int) -> Exception:
        write_record(scene.folder.runs, record(spec, "ok"))
        return ActorDiedError()

    records, ray = scene.do(2, writes_and_dies)
    assert [one.status for one in records] == ["ok", "ok"]
    assert dict(ray.given) == {"run-0": 1, "run-1": 1}


def test_one_that_diverged_is_done_once_more_where_the_stage_says_so(scene: Scene) -> None:
    assert [one.status for one in scene.do(1, lambda spec, times: "diverged")[0]] == ["diverged"]
    (scene.folder.runs / "run-0.json").unlink()
    records, _ = scene.do(1, lambda spec, times: "ok" if spec.is_retry else "diverged", retry_rate=0.5)
    assert [(one.spec.run_id, one.status) for one in records] == [("run-0", "diverged"), ("run-0.retry", "ok")]


def test_what_a_run_raises_ends_the_stage_and_its_workers(scene: Scene) -> None:
    with pytest.raises(UserError, match="is full"):
        scene.do(1, lambda spec, times: UserError("disk", "is full", "free some space"))
    assert scene.ray.actors == []


class Shown:
    """Keeps what the metrics were given."""

    def __init__(self, *names: str) -> None:
        self.names, self.progress, self.restarts = names, list[tuple[Any, float]](), Counter[str]()

    def set_progress(self, runs: Any, tokens: float, flops: float) -> None:
        self.progress.append((dict(runs), tokens))

    def count_restarts(self, cause: str, runs: int) -> None:
        self.restarts[cause] += runs


def test_what_is_shown_adds_up_at_every_moment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Shown] = []
    monkeypatch.setattr(executing, "StageMetrics", lambda *names: shown.append(Shown(*names)) or shown[-1])
    scene.do(1, lambda spec, times: "ok")
    fate = {"run-1": "diverged", "run-2": ActorDiedError()}
    scene.do(4, lambda spec, times: fate.get(spec.run_id, "ok") if times == 1 else "ok", retry_rate=0.5)
    metrics = shown[-1]
    assert metrics.names == (scene.config.name, "test")
    sums = [runs.get("done", 0) + runs["running"] + runs["waiting"] for runs, _ in metrics.progress]
    assert sums[0] == 4
    assert sums[-1] == 5, "a second try is one more run"
    assert sums == sorted(sums)
    assert metrics.progress[0][0]["done"] == 1, "what an earlier command did counts"
    last, _ = metrics.progress[-1]
    assert (last["done"], last["ok"], last["diverged"], last["running"], last["waiting"]) == (5, 4, 1, 0, 0)
    assert metrics.restarts == {"crash": 1}


def test_a_trainer_whose_first_runs_all_fail_is_given_no_more(scene: Scene) -> None:
    scene.config = scene.config.model_copy(update={"trainer": TrainerSection(command=("train",))})
    with pytest.raises(UserError, match=r"trainer: its first 5 runs have all failed, run-4:.*codescale check-trainer"):
        scene.do(9, lambda spec, times: "failed")
    assert len(read_records(scene.folder.runs)) == 5


def test_a_trainer_that_fails_now_and_then_goes_on(scene: Scene) -> None:
    scene.config = scene.config.model_copy(update={"trainer": TrainerSection(command=("train",))})
    records, _ = scene.do(9, lambda spec, times: "ok" if spec.run_id == "run-4" else "failed")
    assert [one.status for one in records].count("failed") == 8
