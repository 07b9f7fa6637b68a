"""The comparison keeps its models, and they are evaluated; killed with -9 on the way it goes on and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.evaluation.sandbox.isolation import open_sandbox
from codescale.runs.records import read_records
from codescale.training.model.hf_config import read_architecture
from tests.integration.small_study import make_study

pytestmark = [pytest.mark.ray, pytest.mark.slow]

EVALUATION = {"programs": 2, "samples": 1, "new_tokens": 8, "mutants": 1, "languages": ["python", "java"]}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "codescale.cli", *map(str, arguments)]


def done(*arguments: object) -> str:
    ended = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr + ended.stdout
    return ended.stdout


def parts(folder: Path) -> dict[str, bytes]:
    found = sorted((folder / "evaluation").rglob("*.json"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def killed_after(folder: Path, count: int) -> None:
    process = subprocess.Popen(
        command("evaluate", folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    begun = time.monotonic()
    while len(parts(folder)) < count:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() - begun < 240, "nothing came"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_study_evaluates_its_models(tmp_path: Path) -> None:
    try:
        open_sandbox()
    except UserError as error:
        pytest.skip(str(error))
    folder = make_study(tmp_path, evaluation=EVALUATION)
    done("corpus", folder)
    shown = done("demo", folder)
    assert "token split" in shown
    runs = {one.spec.run_id for one in read_records(folder / "runs") if one.spec.stage == "comparison"}
    kept = {path.name for path in (folder / "models").iterdir()}
    assert kept == runs
    assert read_architecture(folder / "models" / next(iter(kept))).shape.n_params > 0
    result = json.loads((folder / "evaluation.json").read_text())
    roles = {one["role"] for one in result["models"].values()}
    assert "uniform" in roles
    assert {one["reference"] for one in result["contrasts"]} <= roles
    assert all(len(one["languages"]["bits_per_byte"]) == 2 for one in result["contrasts"])
    assert "What the models write and translate" in (folder / "report.html").read_text()

    whole, text = parts(folder), (folder / "evaluation.json").read_bytes()
    shutil.rmtree(folder / "evaluation")
    (folder / "evaluation.json").unlink()
    killed_after(folder, 3)
    assert not (folder / "evaluation.json").exists()
    done("evaluate", folder)
    assert parts(folder) == whole
    assert (folder / "evaluation.json").read_bytes() == text
