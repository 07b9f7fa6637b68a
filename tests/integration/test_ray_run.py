"""One run on several workers: killed, fewer and more of them, sharded; a full disk, and a real S3 server that goes."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray
import torch
from moto.server import ThreadedMotoServer
from pyarrow import fs
from ray.cluster_utils import Cluster
from ray.data._internal.cluster_autoscaler.default_autoscaling_coordinator import (
    get_or_create_autoscaling_coordinator,
)

from codescale.cluster.ray_cluster import stay_on_loopback
from codescale.corpus.reader import open_corpus
from codescale.errors import UserError
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.stages.study import Study
from codescale.training.jobs.one_run import RunJob, train_on_ray
from codescale.training.session_factory import session_factory
from tests.integration.paced_training import PacedFactory
from tests.integration.small_study import make_study

pytestmark = pytest.mark.ray

STEP_TOKENS = 5 * 32
TOKENS = (80 * STEP_TOKENS, 160 * STEP_TOKENS)
RUN = "train-test"
LIMIT_SECONDS = 240
SECRET = "not-to-be-seen"
ENVIRONMENT = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # one process less to start
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "5",  # a lost node is still counted on for a while
    "TORCH_PROCESS_GROUP_SHUTDOWN_TIMEOUT_S": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 200 * 2**20}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with a corpus, whose runs keep a checkpoint every half second and where they are held."""
    training = {"context": 32, "batch": 5, "evaluations": 4, "evaluation_tokens": 1024, "checkpoint_seconds": 0.5}
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
        factory = PacedFactory(study.config, study.folder.corpus, None, holds=self.holds)
        settings = {"workers": (2, 2), "resize_seconds": 0.5, "tokenizer": "tokenizer.json"}
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
        kept = [event for event in self.events if "n_tokens" not in event]  # the others tell of an evaluation
        return any(event.get("workers") == workers and event["tokens_trained"] >= step * STEP_TOKENS for event in kept)

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


def assert_transformers_opens(model: Path, study: Study) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    opened = AutoModelForCausalLM.from_pretrained(model)
    expected = (
        study.config.sizes["small"].n_params + study.config.corpus.vocabulary * study.config.sizes["small"].hidden
    )
    assert sum(parameter.numel() for parameter in opened.model.parameters()) == expected
    text = "def main():\n    return 1\n"
    tokenizer = AutoTokenizer.from_pretrained(model)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    tokens = torch.from_numpy(
        open_corpus(study.folder.corpus).documents("python", "validation").tokens[:32].astype("int64")
    )
    with torch.no_grad():
        assert opened(tokens[None], labels=tokens[None]).loss < 2.5, "the vocabulary's entropy is 5.7"


@pytest.mark.slow
def test_a_worker_killed_on_the_way_changes_nothing(
    study: Study, cluster: Cluster, undisturbed: RunRecord, tmp_path: Path
) -> None:
    training = Training(study, str(tmp_path / "storage"), tmp_path, (45, 2))
    wait_for("a checkpoint", lambda: training.reached(45, 2))
    workers()[-1].send_signal(signal.SIGKILL)
    wait_for("the failure", lambda: any("failed" in event for event in training.events))
    training.release(45, 2)
    assert_same(training.result(), undisturbed)
    failed = next(k for k, event in enumerate(training.events) if "failed" in event)
    assert first_step(training.events[failed + 1 :]) >= 45
    assert 1 <= len(checkpoints(tmp_path / "storage")) <= 2
    assert_transformers_opens(training.output, study)


def test_from_two_workers_to_one_and_back_as_a_machine_goes_and_comes(
    study: Study, cluster: Cluster, undisturbed: RunRecord, tmp_path: Path
) -> None:
    storage = tmp_path / "storage"
    training = Training(study, str(storage), tmp_path, (45, 2), (75, 1), kind="sharded", workers=(1, 2))
    wait_for("two workers", lambda: training.reached(45, 2))
    cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
    wait_for("one worker", lambda: counted_anew() and training.reached(75, 1))
    cluster.add_node(**NODE)
    assert_same(wait_for_result(training), undisturbed)
    assert_transformers_opens(training.output, study)
    files = [path for path in storage.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in (".pt", ".pkl", ".distcp")], "nothing is pickled"
    reports = [event for event in training.events if "workers" in event]
    groups = [list(group) for _, group in groupby(reports, key=lambda event: event["workers"])]
    assert [group[0]["workers"] for group in groups] == [2, 1, 2]
    assert first_step(groups[1]) >= 45
    assert first_step(groups[2]) >= 75


def counted_anew() -> bool:
    """Has Ray count the cluster's machines now; by itself it does so every 20 s."""
    ray.get(get_or_create_autoscaling_coordinator().get_reserved_resources.remote("nobody", recompute=True))
    return True


def wait_for_result(training: Training) -> RunRecord:
    wait_for("the end", lambda: counted_anew() and not training.is_alive())
    return training.result()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def test_a_full_disk_is_one_line_and_the_last_checkpoint_goes_on(
    study: Study, cluster: Cluster, undisturbed: RunRecord, tmp_path: Path, small_disk: Path
) -> None:
    training = Training(study, str(small_disk), tmp_path, (45, 1), workers=(1, 1))
    wait_for("a checkpoint", lambda: training.reached(45, 1))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 50_000))
    training.release(45, 1)
    refusal = training.refusal()
    assert "checkpoint_" in refusal
    assert "the disk is full" in refusal
    assert not [event for event in training.events if "failed" in event], "a full disk is not tried again"
    filler.unlink()
    again = Training(study, str(small_disk), tmp_path, workers=(1, 1))
    assert_same(again.result(), undisturbed)
    assert first_step(again.events) >= 45
    assert len(checkpoints(small_disk)) <= 2, "what was begun of the checkpoint that failed is gone"


@pytest.fixture
def object_store() -> Iterator[Any]:
    """A real S3 API on the loopback address, with one bucket."""
    with socket.socket() as free:  # a port that stays the same when the server starts again
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    endpoint = {"scheme": "http", "endpoint_override": f"127.0.0.1:{port}", "region": "us-east-1"}
    fs.S3FileSystem(access_key="someone", secret_key=SECRET, allow_bucket_creation=True, **endpoint).create_dir("runs")
    options = "&".join(f"{name}={value}" for name, value in endpoint.items())
    server.address = f"s3://someone:{SECRET}@runs/here?{options}"
    yield server
    server.stop()


def test_an_object_store_that_cannot_be_reached_is_one_line_and_its_checkpoint_goes_on(
    study: Study, cluster: Cluster, undisturbed: RunRecord, tmp_path: Path, object_store: Any
) -> None:
    training = Training(study, object_store.address, tmp_path, (45, 1), workers=(1, 1), failures=0)
    wait_for("a checkpoint", lambda: training.reached(45, 1))
    object_store.stop()
    training.release(45, 1)
    refusal = training.refusal()
    object_store.start()
    assert RUN in refusal
    assert "AWS Error" in refusal
    assert "s3://runs/here" in refusal
    again = Training(study, object_store.address, tmp_path, workers=(1, 1), failures=0)
    assert_same(again.result(), undisturbed)
    assert first_step(again.events) >= 45
    logs = Path(ray._private.worker._global_node.get_session_dir_path(), "logs").rglob("*")
    written = [path.read_bytes() for path in logs if path.is_file()]
    assert any(b"runs/here" in text for text in written)
    assert not any(SECRET.encode() in text for text in [*written, refusal.encode()])


@pytest.mark.slow
def test_the_command_killed_with_its_driver_goes_on_when_given_again(
    study: Study, cluster: Cluster, tmp_path: Path
) -> None:
    storage, output = tmp_path / "storage", tmp_path / "model"
    options = ["--size", "small", "--tokens", "16e4", "--mixture", "uniform", "--output", output, "--storage", storage]
    command = [sys.executable, "-m", "codescale.cli", "train", str(study.folder.root), *map(str, options)]
    environment = os.environ | {"RAY_ADDRESS": cluster.address}
    driver = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    wait_for("a checkpoint", lambda: list(storage.glob("*/checkpoint_manager_snapshot.json")))
    driver.kill()
    driver.wait()
    wait_for("its workers to go", lambda: not workers())
    assert not output.exists()
    (snapshot,) = storage.glob("*/checkpoint_manager_snapshot.json")
    kept = json.loads(snapshot.read_text())["latest_checkpoint_result"]["metrics"]["tokens_trained"]
    assert 0 < kept < 160_000
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bits per byte" in done.stdout
    (record,) = [record for record in read_records(study.folder.runs) if record.spec.stage == "train"]
    session = session_factory(study.config, study.folder.corpus, None)(record.spec)
    while not session.finished:
        session.advance()
    assert_same(record, session.record("ok"))
    reported = [float(event.n_tokens) for event in record.evaluations]
    assert reported == sorted(reported)
    assert json.loads((output / "run.json").read_text())["spec"]["run_id"] == record.spec.run_id
