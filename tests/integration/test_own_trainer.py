"""A whole study by a command of the user's, killed with -9 twice on the way: no run twice, no process left."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from codescale.runs.records import read_records
from codescale.trainers import supervisor

EXAMPLES = Path(__file__).parents[2] / "examples/own_trainer"
LIMIT_SECONDS = 900
STAGES = "study.sweep(); study.fit(); study.optimize(); study.search(); study.compare(); study.report()"


def driver(folder: Path) -> subprocess.Popen[bytes]:
    """A process that does what is left of the study in ``folder``."""
    code = f"from codescale import Study; study = Study({str(folder)!r}); {STAGES}"
    environment = os.environ | {"PAUSE": "0.1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, start_new_session=True)


def wait_for(what: str, happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + LIMIT_SECONDS
    while not happened():
        assert process.poll() is None, f"ended before {what}"
        assert time.monotonic() < until, what
        time.sleep(0.05)


def marked(folder: Path) -> set[int]:
    """Processes of any command of the study."""
    start = f"{supervisor.MARK}={folder}/".encode()
    found = set()
    for one in Path("/proc").iterdir():
        try:
            if one.name.isdigit() and any(
                line.startswith(start) for line in (one / "environ").read_bytes().split(b"\0")
            ):
                found.add(int(one.name))
        except OSError:
            continue
    return found


def killed(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Kills the driver, and waits until Ray and every command are gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 60
    while marked(folder) and time.monotonic() < until:
        time.sleep(0.1)
    assert not marked(folder)


def with_a_log_of_beginnings(folder: Path, command: str) -> None:
    """Has the study's command write down which run it begins, or goes on with."""
    text = (folder / "study.yaml").read_text()
    assert command in text
    words = 'sh, -c, \'echo "$CODESCALE_RUN" >> "$CODESCALE_STUDY/begun"; exec "$0" "$@"\', '
    (folder / "study.yaml").write_text(text.replace(command, command.replace("[", "[" + words, 1)))


def whole_study(folder: Path, records_before: tuple[int, int]) -> None:
    """Does the study, killed when it has so many records of the sweep, and so many of the search."""
    sweep, trials = records_before

    def count(stage: str) -> int:
        return len(list((folder / "runs").glob(f"{stage}*.json")))

    done: dict[str, float] = {}
    for what, happened in (
        ("the sweep", lambda: count("") >= sweep),
        ("the search", lambda: count("trial") >= trials and bool(marked(folder))),
    ):
        process = driver(folder)
        wait_for(what, happened, process)
        killed(process, folder)
        done |= {path.name: path.stat().st_mtime for path in (folder / "runs").glob("*.json")}
    begun_before = Counter((folder / "begun").read_text().split())
    assert driver(folder).wait(LIMIT_SECONDS) == 0
    records = read_records(folder / "runs")
    begun = Counter((folder / "begun").read_text().split())
    assert {record.status for record in records} <= {"ok", "pruned"}
    assert {name: (folder / "runs" / name).stat().st_mtime for name in done} == done
    for name in done:
        run = name.removesuffix(".json")
        assert begun[run] == begun_before[run], f"{run} was done before the last kill"
    assert set(begun) == {record.spec.run_id for record in records}
    assert not marked(folder)
    assert not list((folder / "checkpoints").glob("*.run"))
    assert json.loads((folder / "comparison.json").read_text())["verdict"]
    assert (folder / "report.html").stat().st_size > 10_000


@pytest.mark.ray
@pytest.mark.slow
def test_the_fake_trainer_whole(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "fake", tmp_path / "fake"))
    with_a_log_of_beginnings(folder, 'command: [sh, "{study}/train.sh"')
    whole_study(folder, (6, 2))
    found = json.loads((folder / "search.json").read_text())
    assert 2 <= sum(trial["number"] is not None for trial in found["trials"]) <= 6


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("accelerate") is None, reason="transformers' Trainer needs accelerate")
def test_transformers_trainer_whole(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLES / "transformers", tmp_path / "transformers"))
    with_a_log_of_beginnings(folder, "[python, train.py")
    whole_study(folder, (4, 1))
