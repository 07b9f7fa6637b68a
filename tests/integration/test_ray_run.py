"""One run on several workers: killed, fewer and more of them, sharded; on a real S3 server, and on none."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
from small_study import make_study

from codescale.pipeline import Study
from codescale.runs import RunRecord, RunSpec
from codescale.sweeps.cluster import started_ray
from codescale.training.factory import session_factory
from codescale.training.ray_run import RunJob, train_on_ray

pytestmark = pytest.mark.ray

TOKENS = (12_800, 25_600)
LIMIT_SECONDS = 120


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with a corpus, whose steps are slow enough to be killed between two checkpoints."""
    training = {"context": 32, "batch": 5, "evaluations": 4, "evaluation_tokens": 1024, "checkpoint_seconds": 0.01}
    made = Study(make_study(tmp_path_factory.mktemp("study"), training=training))
    made.corpus()
    return made


def spec(study: Study) -> RunSpec:
    return RunSpec(
        run_id="train-test", stage="train", size="small", n_params=study.config.sizes["small"].n_params,
        token_points=TOKENS, proportions={"python": 0.5, "java": 0.3, "rust": 0.2}, seed=3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(study: Study) -> RunRecord:
    """The same run on one worker, without Ray."""
    session = session_factory(study.config, study.folder.corpus, None)(spec(study))
    while not session.finished:
        session.advance()
    return session.record("ok")


def job(study: Study, storage: Path | str, **changes: object) -> RunJob:
    factory = session_factory(study.config, study.folder.corpus, None)
    settings: dict = {"workers": (2, 2), "resize_seconds": 1.0, "tokenizer": study.folder.corpus / "tokenizer.json"}
    settings["environment"] = {"CODESCALE_TEST": str(storage)[-60:]}
    return RunJob(spec(study), factory, str(storage), **(settings | changes))


def workers_of(storage: Path | str) -> list[psutil.Process]:
    """The processes that train into ``storage``."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("CODESCALE_TEST") == str(storage)[-60:]
                and "RayTrainWorker" in process.cmdline()[0]
            ):
                found.append(process)
        except (psutil.Error, IndexError):
            continue
    return found


def checkpoints(storage: Path) -> list[Path]:
    return [path for path in (storage / "train-test").glob("checkpoint_*") if any(path.iterdir())]


def wait_for(what: str, condition: object) -> None:
    begun = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - begun < LIMIT_SECONDS, f"waited in vain for {what}"
        time.sleep(0.05)


class Training(threading.Thread):
    """``train_on_ray`` in a thread, so that the test can do mischief."""

    def __init__(self, job: RunJob, output: Path) -> None:
        super().__init__(daemon=True)
        self.job, self.output = job, output
        self.record: RunRecord | None = None
        self.problem: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.record = train_on_ray(self.job, self.output)
        except BaseException as problem:
            self.problem = problem

    def result(self) -> RunRecord:
        self.join(LIMIT_SECONDS)
        if self.problem:
            raise self.problem
        assert self.record is not None, "still training"
        return self.record


def assert_same(found: RunRecord, expected: RunRecord) -> None:
    assert [one.n_tokens for one in found.evaluations] == [one.n_tokens for one in expected.evaluations]
    for one, other in zip(found.evaluations, expected.evaluations, strict=True):
        assert one.losses == pytest.approx(other.losses, abs=1e-5)


@pytest.mark.parametrize("kind", ["replicated", "sharded"])
def test_a_worker_killed_on_the_way_changes_nothing_and_transformers_opens_the_model(
    study: Study, undisturbed: RunRecord, tmp_path: Path, kind: str
) -> None:
    output = tmp_path / "model"
    with started_ray(study.config):
        training = Training(job(study, tmp_path / "storage", kind=kind), output)
        wait_for("a checkpoint", lambda: checkpoints(tmp_path / "storage") and workers_of(tmp_path / "storage"))
        workers_of(tmp_path / "storage")[-1].send_signal(signal.SIGKILL)
        record = training.result()
    assert_same(record, undisturbed)
    assert len(checkpoints(tmp_path / "storage")) <= 2
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(output)
    assert sum(parameter.numel() for parameter in model.model.layers.parameters()) > 0
    text = "def main():\n    return 1\n"
    tokenizer = AutoTokenizer.from_pretrained(output)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
