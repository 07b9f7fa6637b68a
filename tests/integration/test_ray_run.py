"""One run on several workers: killed, fewer and more of them, sharded; a full disk, and a real S3 server that goes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from small_study import make_study

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import ray  # noqa: E402
from paced_training import PacedFactory  # noqa: E402
from ray.cluster_utils import Cluster  # noqa: E402
from ray.data._internal.cluster_autoscaler.default_autoscaling_coordinator import (  # noqa: E402
    get_or_create_autoscaling_coordinator,
)

from codescale.errors import UserError  # noqa: E402
from codescale.pipeline import Study  # noqa: E402
from codescale.runs import RunRecord, RunSpec  # noqa: E402
from codescale.sweeps.cluster import stay_on_loopback  # noqa: E402
from codescale.training.factory import session_factory  # noqa: E402
from codescale.training.ray_run import RunJob, train_on_ray  # noqa: E402

pytestmark = pytest.mark.ray

STEP_TOKENS = 5 * 32
TOKENS = (80 * STEP_TOKENS, 160 * STEP_TOKENS)
RUN = "train-test"
LIMIT_SECONDS = 90
ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "5",  # a lost node is still counted on for a while
    "TORCH_PROCESS_GROUP_SHUTDOWN_TIMEOUT_S": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
}
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 200 * 2**20}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with a corpus; a run of it keeps a checkpoint every ten steps on two workers, every step on one."""
    training = {"context": 32, "batch": 5, "evaluations": 4, "evaluation_tokens": 1024, "checkpoint_seconds": 0.01}
    made = Study(make_study(tmp_path_factory.mktemp("study"), training=training))
    made.corpus()
    return made


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes of one core, on the loopback address; one may go."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    stay_on_loopback()
    folder = tempfile.mkdtemp(prefix="ray-")
    made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False, "temp_dir": folder})
    made.add_node(**NODE)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()
    shutil.rmtree(folder, ignore_errors=True)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def spec(study: Study) -> RunSpec:
    return RunSpec(
        run_id=RUN, stage="train", size="small", n_params=study.config.sizes["small"].n_params,
        token_points=TOKENS, proportions={"python": 0.5, "java": 0.3, "rust": 0.2}, seed=3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(study: Study) -> RunRecord:
    """The same run on one worker, without Ray."""
    session = session_factory(study.config, study.folder.corpus, None)(spec(study))
    while not session.finished:
        session.advance()
    return session.record("ok")


def wait_for(what: str, condition: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < LIMIT_SECONDS, f"waited in vain for {what}"
        time.sleep(0.05)


class Training(threading.Thread):
    """``train_on_ray`` in a thread, so that the test can do mischief; held before a step with so many workers."""

    def __init__(self, study: Study, storage: str, folder: Path, *holds: tuple[int, int], **changes: Any) -> None:
        super().__init__(daemon=True)
        self.holds, self.output = folder / "holds", folder / "model"
        self.holds.mkdir(parents=True, exist_ok=True)
        for hold in holds:
            self._hold(hold).touch()
        factory = PacedFactory(study.config, study.folder.corpus, None, self.holds)
        settings = {"workers": (2, 2), "resize_seconds": 0.5, "tokenizer": study.folder.corpus / "tokenizer.json"}
        self.job = RunJob(spec(study), factory, storage, **(settings | changes))
        self.events: list[dict[str, Any]] = []
        self.record: RunRecord | None = None
        self.problem: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.record = train_on_ray(self.job, self.output, self.events.append)
        except Exception as problem:
            self.problem = problem

    def _hold(self, hold: tuple[int, int]) -> Path:
        return self.holds / f"hold-{hold[0]}-{hold[1]}"

    def release(self, *hold: int) -> None:
        self._hold((hold[0], hold[1])).unlink()

    def reached(self, step: int, workers: int) -> bool:
        """Whether as many workers have reported, and Ray has kept, a checkpoint of ``step``."""
        assert self.is_alive(), f"ended early: {self.problem}"
        return any(
            event.get("workers") == workers and event["tokens_trained"] >= step * STEP_TOKENS for event in self.events
        )

    def ended(self) -> None:
        self.join(LIMIT_SECONDS)
        assert not self.is_alive(), "still training"

    def result(self) -> RunRecord:
        self.ended()
        if self.problem:
            raise self.problem
        assert self.record is not None
        return self.record

    def refusal(self) -> str:
        self.ended()
        assert isinstance(self.problem, UserError), self.problem
        assert "\n" not in str(self.problem)
        return str(self.problem)


def first_step(events: list[dict[str, Any]]) -> float:
    """The step up to which the first report of a job goes: far from the start where it went on from a checkpoint."""
    return next(event["tokens_trained"] for event in events if "tokens_trained" in event) / STEP_TOKENS


def workers() -> list[psutil.Process]:
    """The processes that train in this test's cluster."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "RayTrainWorker" in process.cmdline()[0]:
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def checkpoints(storage: Path) -> list[Path]:
    return [path for path in (storage / RUN).glob("checkpoint_2*") if any(path.iterdir())]


def assert_same(found: RunRecord, expected: RunRecord) -> None:
    assert [one.n_tokens for one in found.evaluations] == [one.n_tokens for one in expected.evaluations]
    for one, other in zip(found.evaluations, expected.evaluations, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5)


@pytest.mark.parametrize("kind", ["replicated", "sharded"])
def test_a_worker_killed_on_the_way_changes_nothing_and_transformers_opens_the_model(
    study: Study, cluster: Cluster, undisturbed: RunRecord, tmp_path: Path, kind: str
) -> None:
    training = Training(study, str(tmp_path / "storage"), tmp_path, (45, 2), kind=kind)
    wait_for("a checkpoint", lambda: training.reached(40, 2))
    workers()[-1].send_signal(signal.SIGKILL)
    wait_for("the failure", lambda: any("failed" in event for event in training.events))
    training.release(45, 2)
    assert_same(training.result(), undisturbed)
    failed = next(k for k, event in enumerate(training.events) if "failed" in event)
    assert first_step(training.events[failed + 1 :]) > 40
    assert len(checkpoints(tmp_path / "storage")) == 2
    assert not [path for path in (tmp_path / "storage").rglob("*") if path.suffix in (".pt", ".pkl", ".distcp")]
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(training.output)
    expected = study.config.sizes["small"].n_params
    assert sum(parameter.numel() for parameter in model.model.parameters()) == expected + 300 * 32
    text = "def main():\n    return 1\n"
    tokenizer = AutoTokenizer.from_pretrained(training.output)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
