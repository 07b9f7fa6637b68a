"""``codescale evaluate``: on folders that are named, goes on after a kill, leaves out what no toolchain runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from codescale.errors import UserError
from codescale.evaluation.results.result import EvaluationResult
from codescale.evaluation.sandbox.isolation import open_sandbox
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.files import read_json, write_yaml
from codescale.progress import Silent
from codescale.report.artifacts import read_artifacts
from codescale.report.page import write_report
from codescale.stages import evaluate as stage
from codescale.stages.study import Study
from tests.cli.program import refusal, run
from tests.tiny_study import tiny_study
from tests.training.small_models import llama, write_model

SECTION: dict[str, Any] = {"samples": 2, "k": [1, 2], "new_tokens": 24, "programs": 2, "mutants": 2}


class Lines(Silent):
    """Keeps what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def isolated() -> None:
    try:
        open_sandbox()
    except UserError as error:
        pytest.skip(str(error))


def made(folder: Path, among: list[str], **section: Any) -> Path:
    content = tiny_study().model_dump(mode="json", exclude_unset=True)
    content |= {"languages": among, "evaluation": SECTION | section}
    write_yaml(folder / "study.yaml", content)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    return [write_model(tmp_path / name, llama(seed)) for seed, name in enumerate(("one", "other"))]


def test_models_are_held_beside_the_first_and_a_second_call_does_nothing_again(
    tmp_path: Path, models: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    isolated()
    folder = made(tmp_path / "study", ["python", "javascript"])
    assert run(monkeypatch, "evaluate", folder, "--model", models[0], "--model", models[1]) == 0
    shown = capsys.readouterr().out
    assert "cannot be told" in shown
    found = EvaluationResult.read(folder / "evaluation.json", "")
    one, other = found.models
    assert [(pair.role, pair.reference) for pair in found.contrasts] == [(other, one)]
    scores = found.models[one]
    assert set(scores.languages["python"].passed) == {"1", "2"}
    assert scores.languages["python"].passed["1"].value == 0.0
    assert {name: entry.seen for name, entry in scores.directions.items()} == {
        "python->javascript": True,
        "javascript->python": True,
    }
    assert "tok:13a" in found.signature
    assert found.toolchains.keys() == {"python", "javascript"}
    before = {path: path.stat().st_mtime_ns for path in (folder / "evaluation").rglob("*.json")}
    assert len(before) == 4
    monkeypatch.setattr(stage, "open_model", None)  # nothing is opened again
    assert run(monkeypatch, "evaluate", folder, "--model", models[0], "--model", models[1]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in before}
    study = Study(folder)
    assert read_artifacts(study.folder).evaluation == found
    page = write_report(study.config, study.folder).read_text(encoding="utf-8")
    assert "What the models write and translate" in page
    assert "bits per byte of references" in page.lower()


def test_after_a_kill_it_goes_on_with_the_next_language(
    tmp_path: Path, models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    isolated()
    folder = made(tmp_path / "study", ["python", "javascript"], directions="none")
    original, done = stage.score_language, []

    def killed(model: Any, task: Any, language: str, key: str) -> Any:
        if language == "javascript" and "killed" not in done:
            done.append("killed")
            raise KeyboardInterrupt
        done.append(language)
        return original(model, task, language, key)

    monkeypatch.setattr(stage, "score_language", killed)
    with pytest.raises(KeyboardInterrupt):
        Study(folder).evaluate(models[:1])
    assert not (folder / "evaluation.json").exists()
    done.append("again")
    whole = Study(folder).evaluate(models[:1])
    assert done == ["python", "killed", "again", "javascript"]
    shutil.rmtree(folder / "evaluation")
    assert Study(folder).evaluate(models[:1]) == whole
    part = next((folder / "evaluation").rglob("python.json"))
    part.write_text(part.read_text()[:100])  # half a file, as no kill leaves it
    assert Study(folder).evaluate(models[:1]) == whole


def test_a_language_without_a_toolchain_is_left_out_with_a_line_and_no_failure(
    tmp_path: Path, models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    isolated()
    line = "python: version 3.1 is too old, 3.10 or newer is needed; apt-get install python3"
    monkeypatch.setattr(stage, "find_toolchains", lambda sandbox, languages: Toolchains({}, {"python": line}))
    folder, progress = made(tmp_path / "study", ["python"]), Lines()
    Study(folder, progress).evaluate(models[:1])
    assert f"Not run: {line}" in progress.said
    found = EvaluationResult.read(folder / "evaluation.json", "")
    (scores,) = found.models.values()
    assert (scores.languages["python"].passed, scores.languages["python"].compiled) == ({}, None)
    assert scores.languages["python"].bits_per_byte.value > 0
    assert found.missing == {"python": line}


def test_problems_of_a_file_are_scored_beside(tmp_path: Path, models: list[Path]) -> None:
    isolated()
    folder = made(tmp_path / "study", ["python"], problems=["human.jsonl"], directions="none")
    row = '{"task_id": "H/0", "prompt": "def f():\\n", "test": "def check(f):\\n    assert f() == 1\\n", '
    (folder / "human.jsonl").write_text(row + '"entry_point": "f"}\n')
    found = Study(folder).evaluate(models[:1])
    (scores,) = found["models"].values()
    assert scores["languages"]["python"]["problems"]["human.jsonl"]["1"]["value"] == 0.0
    part = read_json(next((folder / "evaluation").rglob("python.json")))
    assert part["problems"]["human.jsonl"]["H/0"]["samples"] == 2


@pytest.mark.parametrize(
    ("section", "words", "message"),
    [
        ({"k": [3]}, [], "k: 3 of 2 samples"),
        ({"temperature": 0}, [], "at temperature 0 all are the same"),
        ({"languages": ["rust"]}, [], "'rust' is not a language of the study"),
        ({"margin": 2}, [], "evaluation.margin"),
        ({}, [], "run codescale compare"),
        ({}, ["--model", "nowhere"], "--model: nowhere does not exist"),
        ({"problems": ["bad.jsonl"]}, ["--model", "one"], "row 1, tests: is missing"),
        ({}, ["--model", "unfit"], "beyond the model's 200"),
        ({}, ["--model", "one", "--model", "one"], "names one model twice"),
    ],
)
def test_bad_input_is_one_line(
    section: dict[str, Any],
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    isolated()
    folder = made(tmp_path / "study", ["python"], **section)
    (folder / "bad.jsonl").write_text('{"name": "a", "language": "py", "prompt": "", "stop_tokens": []}\n')
    write_model(tmp_path / "one", llama())
    write_model(tmp_path / "unfit", llama(vocab_size=200))
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert message in refusal(monkeypatch, capsys, "evaluate", folder, *words)
