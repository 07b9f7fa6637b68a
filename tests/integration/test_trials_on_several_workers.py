"""Trials that are Ray Train runs of two workers, training for real: stopped, killed, and leaving nothing behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import psutil
import pytest
import ray
from ray._private.state import actors

from codescale.corpus.reader import open_corpus
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records
from codescale.search.objective.problem import SearchProblem
from codescale.search.run import run_search
from codescale.search.space.space import load_space
from codescale.search.warm_start import WarmStart
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.training.session_factory import session_factory
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray
FREE_SECONDS = 10
START = Mixture({"python": 0.5, "java": 0.3, "rust": 0.2})


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    training = {"context": 32, "batch": 4, "evaluations": 50, "evaluation_tokens": 1024, "checkpoint_seconds": 0.01}
    made = Study(make_study(tmp_path_factory.mktemp("study"), training=training))
    made.corpus()
    return made


def search(study: Study, *known: RunRecord, **changes: Any) -> dict[str, Any]:
    section = study.config.search.model_copy(update={"workers_per_trial": 2, "concurrency": None} | changes)
    config = study.config.model_copy(update={"search": section})
    corpus_id = open_corpus(study.folder.corpus).corpus_id
    opened = session_factory(config, study.folder.corpus, study.folder.checkpoints)
    problem = SearchProblem(config, load_space(section.space, config.languages), corpus_id)  # longer than the target
    warm = WarmStart(START, [], list(known))
    return run_search(problem, warm, opened, study.folder, Silent()).content()


def trained_far_better(config: StudyConfig, corpus_id: str, tokens: int, number: int) -> RunRecord:
    """A run of a sweep that nobody can beat, so that whatever is tried is stopped at its first look."""
    spec = RunSpec(
        run_id=f"mixture-{number}", stage="mixture", size="small", n_params=config.sizes["small"].n_params,
        token_points=(tokens,), proportions=dict(START), seed=config.seed,
    )  # fmt: skip

    def evaluation(at: int, value: float, annealed: bool) -> Evaluation:
        losses = dict.fromkeys(config.languages, value + 0.001 * number)
        return Evaluation(n_tokens=at, losses=losses, annealed=annealed, branch=tokens if annealed else None, flops=1.0)

    looks = (evaluation(128, 2.0, False), evaluation(tokens * 3 // 4, 0.2, False), evaluation(tokens, 0.1, True))
    return RunRecord(
        spec=spec, status="ok", evaluations=looks, corpus_id=corpus_id, tokens_trained=tokens, flops=1.0,
        seconds=1.0, finished=0.0,
    )  # fmt: skip


def alive(name: str) -> list[int]:
    """The processes of living actors whose class has ``name`` in it, as Ray's state says."""
    found = [a for a in actors().values() if a["State"] == "ALIVE" and name in a["ActorClassName"]]
    return sorted(actor["Pid"] for actor in found)


class Watched(threading.Thread):
    """Asks again and again which workers there are; ``do`` may do mischief with them."""

    def __init__(self, do: Any = lambda workers: None) -> None:
        super().__init__(daemon=True)
        self.last_seen: dict[int, float] = {}
        self.do, self.ended = do, False
        self.start()

    def run(self) -> None:
        while not self.ended:
            workers = alive("RayTrainWorker")
            self.last_seen.update((pid, time.time()) for pid in [*self.last_seen, *workers] if psutil.pid_exists(pid))
            self.do(workers)
            time.sleep(0.1)


def left_behind(workers: Iterable[int]) -> dict[str, Any]:
    """What Ray's state still knows of trials and their workers, and which of ``workers`` the system still has."""
    groups = ray.util.placement_group_table().values()
    names = [found["ActorClassName"] for found in actors().values() if found["State"] != "DEAD"]
    return {
        "cores": 2 - ray.available_resources().get("CPU", 0.0),
        "actors": [name for name in names if name != "_AutoscalingCoordinatorActor"],  # Ray's own, one a cluster
        "groups": [group["state"] for group in groups if group["state"] != "REMOVED"],
        "processes": [pid for pid in workers if psutil.pid_exists(pid)],
    }


def wait_until_nothing_is_left(workers: Iterable[int]) -> None:
    begun = time.monotonic()
    while any(left_behind(workers).values()):
        assert time.monotonic() - begun < FREE_SECONDS, left_behind(workers)
        time.sleep(0.1)


def test_the_workers_of_a_stopped_trial_are_free_at_once(study: Study) -> None:
    tokens = 2_560_000  # minutes of training
    corpus_id = open_corpus(study.folder.corpus).corpus_id
    known = [trained_far_better(study.config, corpus_id, tokens, number) for number in range(6)]
    watched = Watched()
    content = search(study, *known, tokens=tokens, trials=1)
    wait_until_nothing_is_left(watched.last_seen)
    watched.ended = True
    assert [entry["state"] for entry in content["trials"] if entry["number"] is not None] == ["PRUNED"]
    (stopped,) = (record.finished for record in read_records(study.folder.runs))
    assert len(watched.last_seen) == 2
    assert max(watched.last_seen.values()) < stopped + FREE_SECONDS


@pytest.mark.slow
def test_a_trial_outlives_its_workers_and_itself_and_its_record_is_that_of_one_worker(study: Study) -> None:
    killed: list[str] = []
    before: set[int] = set()

    def kill(workers: list[int]) -> None:
        """First one of the workers; when there are new ones, the trial that started them."""
        if len(killed) == 2 or len(workers) < 2 or before & set(workers):
            return
        name = "Trainable" if killed else "RayTrainWorker"
        victims = alive(name)
        if victims and any(study.folder.checkpoints.glob("trial-*.safetensors")):
            before.update(workers)
            killed.append(name)
            os.kill(victims[-1], signal.SIGKILL)

    watched = Watched(kill)
    content = search(study, tokens=51_200, trials=1, prune=False)
    watched.ended = True
    wait_until_nothing_is_left(watched.last_seen)
    assert killed == ["RayTrainWorker", "Trainable"]
    record = next(r for r in read_records(study.folder.runs) if r.spec.run_id == content["incumbent"]["run_id"])
    alone = session_factory(study.config, study.folder.corpus, None)(record.spec)
    while not alone.finished:
        alone.advance()
    expected = alone.record("ok")
    assert record.status == "ok"
    assert record.tokens_trained == expected.tokens_trained
    assert [e.n_tokens for e in record.evaluations] == [e.n_tokens for e in expected.evaluations]
    for one, other in zip(record.evaluations, expected.evaluations, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-4)


def test_more_workers_than_there_are_is_refused(study: Study) -> None:
    with pytest.raises(UserError, match=r"search.workers_per_trial: a trial is to have 3 workers, and there are 2"):
        search(study, workers_per_trial=3, trials=5)
