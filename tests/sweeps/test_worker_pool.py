"""Workers that are asked for, come, go and are lost; with a Ray of a few lines."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError

import codescale.sweeps.worker_pool as pooling
from codescale.cluster.autoscaling import ClusterState
from codescale.cluster.demand import ANSWER_SECONDS, MOST_ASKED_FOR
from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.folder import StudyFolder
from codescale.sweeps import losses
from codescale.sweeps.packing import Pack
from codescale.sweeps.worker_pool import Landing, WorkerPool
from tests.sweeps.fake_ray import FakeRay

GROWING = ClusterState((), grows=True, coming=1)


class Scene:
    """A pool, what waits for it, its cluster's state, and a clock that stands between two looks."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ray, self.state, self.clock, self.folder = FakeRay(), ClusterState(({"CPU": 2.0},)), 1000.0, folder
        monkeypatch.setattr(pooling, "ray", self.ray)
        monkeypatch.setattr(pooling, "cluster_state", lambda: self.state)
        monkeypatch.setattr(pooling.time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(losses, "node_alive", lambda node: node != "lost")
        self.waiting: deque[Pack] = deque()

    def pool(self, packs: int, workers: Workers, limit: int | None = None) -> WorkerPool:
        self.waiting.extend(Pack(f"pack-{number}", ()) for number in range(packs))
        return WorkerPool(lambda pack, claim: [], workers, limit, StudyFolder(self.folder), Silent())

    def step(self, pool: WorkerPool, seconds: float = 0.0) -> list[Landing]:
        self.clock += seconds
        return list(pool.step(self.waiting))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


ONE = Workers(1, 1, 0.0)


@pytest.mark.parametrize(
    ("state", "workers", "limit", "asked"),
    [
        (ClusterState(({"CPU": 2.0},)), Workers(2, 1, 0.0), None, 2),
        (ClusterState(({"CPU": 2.0}, {"CPU": 3.0})), ONE, None, 5),
        (ClusterState(({"CPU": 2.0},)), Workers(7, 1, 0.0), 7, 7),
        (GROWING, Workers(100, 1, 0.0, grows=True), None, MOST_ASKED_FOR),
        (GROWING, Workers(6, 1, 0.0, grows=True), 6, 6),
    ],
)
def test_as_many_are_asked_for_as_may_be(
    scene: Scene, state: ClusterState, workers: Workers, limit: int | None, asked: int
) -> None:
    scene.state = state
    pool = scene.pool(500, workers, limit)
    scene.step(pool)
    assert len(scene.ray.actors) == asked
    scene.ray.place(0)
    scene.step(pool)
    scene.step(pool)
    more = 1 if limit is None and state.grows else 0
    assert len(scene.ray.actors) == asked + more, "a worker that came makes room for another one that is asked for"


def test_a_machine_that_joins_is_used(scene: Scene) -> None:
    pool = scene.pool(5, ONE)
    scene.state = ClusterState(({"CPU": 1.0},))
    scene.step(pool)
    scene.state = ClusterState(({"CPU": 1.0}, {"CPU": 2.0}))
    scene.step(pool)
    assert len(scene.ray.actors) == 1
    scene.step(pool, pooling.LOOK_SECONDS)
    assert len(scene.ray.actors) == 3


def test_packs_go_only_to_workers_that_are_there(scene: Scene) -> None:
    pool = scene.pool(3, Workers(2, 1, 0.0))
    scene.step(pool)
    worker = scene.ray.place(1)
    scene.step(pool)
    for number in range(3):
        scene.step(pool)
        reference, pack, claim = worker.given[number]
        assert (pack.name, claim.held()) == (f"pack-{number}", True)
        reference.answer = [f"record-{number}"]
        (landing,) = scene.step(pool)
        assert (landing.records, landing.cause, claim.held()) == ([f"record-{number}"], None, False)
    assert not pool.busy
    scene.step(pool)
    assert scene.ray.actors == [worker], "what was asked for is no longer when nothing waits"
    scene.step(pool, pooling.RELEASE_SECONDS)
    assert scene.ray.actors == []


def test_a_machine_that_is_about_to_go_gets_nothing(scene: Scene) -> None:
    pool = scene.pool(3, ONE)
    scene.step(pool)
    worker = scene.ray.place(0, "going")
    scene.step(pool)
    scene.step(pool)
    scene.state = replace(scene.state, draining=frozenset({"going"}))
    scene.step(pool, pooling.LOOK_SECONDS)
    worker.given[0][0].answer = ["record"]
    assert scene.step(pool)[0].records == ["record"]
    scene.step(pool)
    assert worker not in scene.ray.actors
    assert len(scene.waiting) == 2


@pytest.mark.parametrize(
    ("error", "node", "cause"),
    [
        (ActorDiedError(), "node", "crash"),
        (ActorDiedError(), "lost", "machine"),
        (ActorUnavailableError("no answer", None), "node", "unreachable"),
    ],
)
def test_a_lost_worker_is_ended_and_may_write_no_more(scene: Scene, error: Exception, node: str, cause: str) -> None:
    pool = scene.pool(1, ONE)
    for often in (1, 2):
        scene.step(pool)
        worker = scene.ray.place(0, node)
        scene.step(pool)
        scene.step(pool)
        reference, pack, claim = worker.given[0]
        reference.answer = error
        (landing,) = scene.step(pool)
        assert (landing.pack, landing.cause, landing.often, landing.error) == (pack, cause, often, error)
        assert not claim.held()
        assert scene.ray.actors == []
        scene.waiting.append(pack)


def test_the_end_leaves_nobody_and_nothing(scene: Scene) -> None:
    pool = scene.pool(9, Workers(4, 1, 0.0))
    scene.state = ClusterState(({"CPU": 4.0},))
    scene.step(pool)
    scene.ray.place(0)
    for _ in range(3):
        scene.step(pool)
    pool.close()
    assert scene.ray.actors == []
    assert not list((scene.folder / "checkpoints").iterdir())


def test_workers_that_never_start_end_it(scene: Scene) -> None:
    pool = scene.pool(1, ONE)
    failing = ActorDiedError()
    failing._actor_init_failed = True
    failing.error_msg = "The actor died\nModuleNotFoundError: No module named 'codescale'"

    def start() -> None:
        scene.step(pool)
        scene.ray.place(-1, failing)

    for _ in range(5):  # a step sees that one failed and asks for the next
        start()
    with pytest.raises(UserError, match="workers do not start: ModuleNotFoundError: No module named 'codescale'"):
        start()


def test_workers_that_are_lost_before_they_are_there_end_it_too_but_later(scene: Scene) -> None:
    pool = scene.pool(1, ONE)

    def lose(workers: int) -> None:
        for _ in range(workers):
            scene.step(pool)
            scene.ray.place(-1, ActorDiedError())

    lose(pooling.MOST_FAILED_STARTS)
    with pytest.raises(UserError, match="workers do not start"):
        lose(pooling.MOST_FAILED_STARTS)


def test_what_never_fits_ends_it(scene: Scene) -> None:
    pool = scene.pool(1, Workers(100, 4, 0.0, grows=True))

    scene.state = ClusterState(({"CPU": 1.0},), grows=True, unmet=({"CPU": 4.0},))
    scene.step(pool)
    scene.step(pool, ANSWER_SECONDS - 1)
    with pytest.raises(UserError, match="a worker of 4 cores cannot be placed"):
        scene.step(pool, pooling.LOOK_SECONDS)
