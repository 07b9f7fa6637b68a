"""``codescale train`` asked for what cannot be: one line, exit code 2, before Ray is started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codescale.cli import main
from codescale.stages.study import Study
from codescale.sweeps import single_model
from tests.integration.small_study import make_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_study(tmp_path_factory.mktemp("study"))
    Study(folder).corpus()
    return folder


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    def running_ray(*_: object) -> None:
        raise AssertionError("Ray was started for nothing")

    monkeypatch.setattr(single_model, "running_ray", running_ray)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "huge"], ["--size", "'huge'", "tiny, small"]),
        (["--tokens", "3"], ["--tokens", "less than one batch of 128"]),
        (["--tokens", "nan"], ["--tokens", "is not a count"]),
        (["--mixture", "nowhere.yaml"], ["nowhere.yaml", "no such file"]),
        (["--workers", "4-1"], ["--workers", "4-1"]),
        (["--workers", "0"], ["--workers", "0"]),
        (["--workers", "many"], ["--workers", "many"]),
        (["--storage", ""], ["--storage"]),
        (["--output", "."], ["exists already", "--output"]),
        (["--output", "/proc/a/model"], ["/proc/a/model", "cannot be written"]),
        (["--seed", "-1"], ["--seed"]),
        (["--organisation", "sorted"], ["--organisation", "'sorted'", "shuffled or paired"]),
        (["--organisation", "paired"], ["--organisation", "paired needs documents that translate", "python"]),
    ],
)
def test_what_cannot_be_is_one_line(
    study: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    words: list[str],
) -> None:
    monkeypatch.chdir(study)
    monkeypatch.setattr(sys, "argv", ["codescale", "train", str(study), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    text = capsys.readouterr().err
    assert ended.value.code == 2, text
    assert len(text.splitlines()) == 1, text
    for word in words:
        assert word in text
