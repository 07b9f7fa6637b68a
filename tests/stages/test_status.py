"""How far a study is: what is done, runs, waits and failed, by its files alone; and that looking on changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from codescale.errors import UserError
from codescale.files import read_json, write_json
from codescale.report.terminal.status import status_tables
from codescale.runs.records import read_records
from codescale.stages import status as looking
from codescale.stages.cluster_plan import ClusterQuestion
from codescale.stages.status import status
from codescale.storage import holder
from codescale.storage.holder import MARK, marked, this_process
from codescale.study.folder import StudyFolder
from codescale.study.status import StageProgress, StudyStatus
from codescale.sweeps.time_left import seconds_left
from codescale.terminal import PlainConsole
from codescale.training.loop.claim import Claim

KEPT = Path(__file__).parents[1] / "fixtures" / "study_e8b6a9a"


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> StudyFolder:
    """A study whose sweep is done but for its mixtures; nobody works on it."""
    shutil.copytree(KEPT, tmp_path / "s")
    for record in (tmp_path / "s" / "runs").glob("mixture-*.json"):
        record.unlink()
    return StudyFolder(tmp_path / "s")


def stage(found: StudyStatus, name: str) -> StageProgress:
    return next(one for one in found.stages if one.name == name)


def files_of(root: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below ``root``, with what changes when it is written."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(root.rglob("*"))}


def printed(found: StudyStatus) -> str:
    console = PlainConsole()
    with console.capture() as captured:
        console.print(status_tables(found))
    return captured.get()


def test_what_is_done_and_what_waits_is_told_by_the_files(folder: StudyFolder) -> None:
    before, records = files_of(folder.root), read_records(folder.runs)
    found = status(folder.root)
    sweep, search = stage(found, "sweep"), stage(found, "search")
    missing = len(list((KEPT / "runs").glob("mixture-*.json")))
    assert (sweep.state, sweep.waiting, sweep.running) == ("stopped", missing, 0)
    assert sweep.done == sum(record.spec.stage != "trial" for record in records)
    assert sweep.planned == sweep.done + missing
    assert search.done == sum(record.spec.stage == "trial" for record in records)
    assert [stage(found, name).state for name in ("corpus", "fit", "optimize", "compare", "report")] == [
        "done", "done", "done", "waiting", "waiting",
    ]  # fmt: skip
    assert found.tokens == sum(record.tokens_trained for record in records)
    assert found.worker_hours == pytest.approx(sum(record.seconds for record in records) / 3600)
    assert found.driver is None
    assert found.ends is None
    assert found.hours_left == pytest.approx(sum(one.hours_left or 0.0 for one in found.stages))
    assert found.hours_left
    assert files_of(folder.root) == before
    assert StudyStatus.of(json.loads(json.dumps(found.content())), "status", "") == found


def test_a_study_has_the_stages_that_it_asks_for(folder: StudyFolder) -> None:
    usual = ["corpus", "sweep", "fit", "optimize", "search", "compare", "report"]
    assert [one.name for one in status(folder.root).stages] == usual
    with folder.config_file.open("a") as file:
        file.write("\nevaluation: {}\n")
    found = status(folder.root)
    assert [one.name for one in found.stages] == [*usual[:-1], "evaluate", "report"]
    assert stage(found, "evaluate").state == "waiting"


def test_claimed_runs_are_running_while_their_driver_lives(folder: StudyFolder) -> None:
    waiting = stage(status(folder.root), "sweep").waiting
    Claim.make(folder, "mixture-003-small-s0", where="far-away")
    Claim.make(folder, "pack-123", ["mixture-004-small-s0", "mixture-005-small-s0", "grid-java-small-s0"])
    with marked(folder.root):
        before = files_of(folder.root)
        found = status(folder.root)
        assert files_of(folder.root) == before
    assert {run.run_id: run.where for run in found.running if run.stage == "sweep"} == {
        "mixture-003-small-s0": "far-away",
        "mixture-004-small-s0": socket.gethostname(),
        "mixture-005-small-s0": socket.gethostname(),
    }
    sweep = stage(found, "sweep")
    assert waiting is not None
    assert (sweep.state, sweep.running, sweep.waiting) == ("running", 3, waiting - 3)
    assert found.driver is not None
    assert found.driver.alive
    assert found.ends is not None
    assert found.ends > found.moment
    assert "mixture-003-small-s0" in printed(found)
    after = status(folder.root)  # the mark is gone, the claims are what a killed driver leaves
    assert (stage(after, "sweep").state, stage(after, "sweep").running) == ("stopped", 0)
    assert "Left under way" in printed(after)


def test_what_a_checkpoint_has_done_is_not_left(folder: StudyFolder) -> None:
    """With three of its four quarters trained; with one run left the rest is a quarter of what it was."""
    run_id = "mixture-003-small-s0"
    for path in (KEPT / "runs").glob("mixture-*.json"):
        if path.stem != run_id:
            shutil.copy(path, folder.runs)
    before = status(folder.root)
    Claim.make(folder, run_id)
    progress = {"progress": json.dumps({"tokens_trained": 960})}
    save_file({"now/x": np.zeros(1)}, folder.checkpoints / f"{run_id}.safetensors", metadata=progress)
    after = status(folder.root)
    (run,) = (one for one in after.running if one.run_id == run_id)
    assert (run.tokens, run.tokens_planned) == (960, 1280)
    left, less = stage(before, "sweep").hours_left, stage(after, "sweep").hours_left
    assert left
    assert less == pytest.approx(left / 4)
    assert "960 of 1.28" in " ".join(printed(after).split())


def test_a_driver_that_was_killed_is_told_from_one_that_lives(folder: StudyFolder) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_json(folder.root / MARK, this_process() | {"pid": ended.pid})
    found = status(folder.root)
    assert found.driver is not None
    assert found.driver.alive is False
    assert found.ends is None
    assert "was killed" in printed(found)
    write_json(folder.root / MARK, this_process() | {"machine": "another"})
    elsewhere = status(folder.root)
    assert elsewhere.driver is not None
    assert elsewhere.driver.alive is None
    assert any("cannot be told from this machine" in note for note in elsewhere.notes)


def test_the_mark_stays_until_the_longest_work_of_its_process_ends(tmp_path: Path) -> None:
    with marked(tmp_path):
        with marked(tmp_path):
            assert read_json(tmp_path / MARK)["pid"] == os.getpid()
        assert (tmp_path / MARK).exists()
    assert not (tmp_path / MARK).exists()


def test_what_failed_says_why_and_what_became_of_it(folder: StudyFolder) -> None:
    path = folder.runs / "grid-java-small-s0.json"
    record = read_json(path)
    write_json(path, record | {"status": "diverged", "note": "the mean loss rose"})
    found = status(folder.root)
    (failed,) = found.failed
    assert (failed.run_id, failed.status, failed.again) == (path.stem, "diverged", None)
    assert failed.note == "the mean loss rose"
    assert stage(found, "sweep").diverged == 1
    again = record["spec"] | {"run_id": f"{path.stem}.retry", "hyper": {"learning_rate_factor": 0.5}}
    before = stage(found, "sweep").waiting
    write_json(folder.runs / f"{path.stem}.retry.json", record | {"spec": again})
    found = status(folder.root)
    assert found.failed[0].again == "ok"
    assert before is not None
    assert stage(found, "sweep").waiting == before - 1, "a second try that was to come is done"
    assert "its second try: ok" in " ".join(printed(found).split())


def test_where_no_run_of_a_size_has_ended_the_time_left_is_not_told(folder: StudyFolder) -> None:
    for record in read_records(folder.runs):
        if record.spec.size == "small":
            (folder.runs / f"{record.spec.run_id}.json").unlink()
    found = status(folder.root)
    assert found.hours_left is None
    assert any("No run of size small has ended yet" in note for note in found.notes)


def test_workers_hours_are_worth_what_their_part_of_a_machine_costs(folder: StudyFolder, tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("workers: [{type: aws/m5.xlarge, most: 1}]\n")
    found = status(folder.root, ClusterQuestion(file))
    (cost,) = found.costs
    assert cost.slots == 4 // StudyFolder(KEPT).config().ray.threads
    assert cost.dollars == pytest.approx(found.worker_hours * 0.192 / cost.slots)
    assert cost.dollars_left is not None
    assert cost.dollars_left > 0
    assert "aws/m5.xlarge" in printed(found)


def test_a_study_in_a_store_is_seen_without_its_lock_and_left_as_it_is(
    folder: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "cache"))
    write_json(folder.root / "lease.json", this_process())
    before, address = files_of(folder.root), f"file://{folder.root}"
    found = status(address)
    assert found.study == address
    assert [one.state for one in found.stages] == [
        "done", "stopped", "done", "done", "running", "waiting", "waiting",
    ]  # fmt: skip
    assert found.driver is not None
    assert found.driver.alive
    assert files_of(folder.root) == before
    assert not list((tmp_path / "cache").rglob(".working.lock"))
    assert not list((tmp_path / "cache").rglob("*.arrow"))
    record = next(folder.runs.glob("*.json"))
    record.unlink()
    assert sum(one.done for one in status(address).stages) == sum(one.done for one in found.stages) - 1


def test_a_lease_that_is_not_renewed_is_not_said_to_be_held(
    folder: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "cache"))
    write_json(folder.root / "lease.json", this_process())
    monkeypatch.setattr(holder, "this_machine", lambda: "this one")
    monkeypatch.setattr("codescale.storage.lease.RENEW_SECONDS", 0.1)
    monkeypatch.setattr("codescale.storage.lease.WATCH_SECONDS", 0.1)
    found = status(f"file://{folder.root}")
    assert found.driver is not None
    assert found.driver.alive is None


def test_a_cluster_that_does_not_answer_is_said_to_be_out_of_reach(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setattr(looking, "cluster_at", lambda _: pytest.fail("nothing listens there"))
    for named in (address, "ray://127.0.0.1:10001", "auto"):
        monkeypatch.setenv("RAY_ADDRESS", named)
        found = status(folder.root)
        assert found.cluster is not None
        assert not found.cluster.reached
        assert "cannot be reached" in printed(found)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"runs/grid-java-small-s0.json": "{"}, "grid-java-small-s0.json, line 1: is not JSON"),
        ({"search.json": "[]"}, "search.json"),
        ({"corpus/manifest.json": "{}"}, "manifest.json"),
        ({"study.yaml": "languages: 3"}, "study.yaml"),
        ({"study.yaml": None}, "no such file; make a study with: codescale init"),
    ],
)
def test_a_broken_study_is_one_line(folder: StudyFolder, broken: dict[str, str | None], said: str) -> None:
    for name, text in broken.items():
        if text is None:
            (folder.root / name).unlink()
        else:
            (folder.root / name).write_text(text)
    with pytest.raises(UserError) as refused:
        status(folder.root)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_study_is_made_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODESCALE_CACHE", str(tmp_path / "cache"))
    for place in (tmp_path / "none", f"file://{tmp_path}/none"):
        with pytest.raises(UserError, match="codescale init"):
            status(place)
    assert not (tmp_path / "none").exists()


def test_the_longest_run_or_the_work_of_all_says_how_long_it_takes() -> None:
    assert seconds_left([], 3) == 0
    assert seconds_left([5.0], 3) == 5
    assert seconds_left([1.0, 1.0, 2.0], 2) == 2
    assert seconds_left([3.0, 3.0, 2.0, 2.0, 2.0], 2) == 7  # longest first is not always best
