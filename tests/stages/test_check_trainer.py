"""``codescale check-trainer``: one tiny run of a study's command, and what is missing; the examples work."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codescale import Study
from codescale.cli.app import app
from codescale.cli.entry_point import run_program
from codescale.errors import UserError
from codescale.trainers import supervisor

EXAMPLES = Path(__file__).parents[2] / "examples/own_trainer"


def example(name: str, tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """A copy of an example's study, with ``changes`` to its study.yaml."""
    shutil.copy(EXAMPLES / "codescale_results.py", tmp_path)
    folder = Path(shutil.copytree(EXAMPLES / name, tmp_path / name))
    text = (folder / "study.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text)
    return folder


def test_the_fake_trainer_works(tmp_path: Path) -> None:
    folder = example("fake", tmp_path)
    found = CliRunner().invoke(app, ["check-trainer", str(folder)])
    assert found.exit_code == 0, found.output
    said = " ".join(found.output.split())
    assert "Read at 40,960 tokens, annealed: python " in said
    assert "The command works: 5 results in" in said
    assert "test.python" not in said
    assert {path.name for path in folder.iterdir()} <= {"study.yaml", "train.sh", "checkpoints"}
    assert not list((folder / "checkpoints").iterdir())


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    row = '{"tokens": 40960, "loss.python": 2.0, "loss.java": 2.0}'
    command = f"command: [sh, -c, 'echo \"$0\" >> \"$CODESCALE_RESULTS\"', '{row}']\n  unheard: "
    folder = example("fake", tmp_path, ("command: ", command))
    text = (folder / "study.yaml").read_text()
    kept = [line for line in text.splitlines() if "unheard" not in line]
    (folder / "study.yaml").write_text("\n".join(kept))
    missing = "\n".join(Study(folder).check_trainer().missing)
    assert "takes neither {mixture} nor {share.LANGUAGE}" in missing
    assert "takes neither {tokens} nor {steps}" in missing
    assert "does not take {seed}" in missing
    assert "no test.python: codescale compare needs losses" in missing
    assert "no trial can be stopped early" in missing


def test_a_command_that_fails_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = example("fake", tmp_path, ("{study}/train.sh", "{study}/trian.sh"))
    monkeypatch.setattr(sys, "argv", ["codescale", "check-trainer", str(folder)])
    with pytest.raises(SystemExit) as ended:
        run_program()
    assert ended.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "study.yaml, trainer: the run failed: ended with exit code" in said
    assert "trian.sh" in said
    assert (folder / "trainer_logs" / "check-trainer.log").exists()


def test_a_study_without_a_trainer_is_told_so(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", preset="quick")
    with pytest.raises(UserError, match="has no section trainer: our own core trains"):
        study.check_trainer()


def test_torchrun_with_two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = f'"{sys.executable}", -m, torch.distributed.run, --standalone'
    folder = example("ddp", tmp_path, ("torchrun, --standalone", run))
    found = Study(folder).check_trainer(tokens=1_024)
    assert [one.n_tokens for one in found.record.evaluations] == [256, 512, 768, 1_024]
    assert set(found.test) == {"python", "java"}
    assert not supervisor.processes_of(-1, str(folder / "checkpoints/check-trainer.run"))


@pytest.mark.skipif(importlib.util.find_spec("accelerate") is None, reason="transformers' Trainer needs accelerate")
def test_transformers_trainer(tmp_path: Path) -> None:
    folder = example("transformers", tmp_path, ("[python, train.py", f'["{sys.executable}", train.py'))
    found = Study(folder).check_trainer(tokens=2_048)
    assert [one.n_tokens for one in found.record.evaluations] == [512, 1_024, 1_536, 2_048]
    assert set(found.test) == {"python", "java"}


def test_the_ten_lines_write_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from codescale_results import report  # type: ignore[import-not-found]

    monkeypatch.setitem(os.environ, "CODESCALE_RESULTS", str(tmp_path / "results.jsonl"))
    report(1_000, {"python": 2.0}, test={"python": 2.5}, metrics={"acc": 1}, annealed=True)
    text = '{"tokens": 1000, "annealed": true, "loss.python": 2.0, "test.python": 2.5, "metric.acc": 1.0}\n'
    assert (tmp_path / "results.jsonl").read_text() == text
