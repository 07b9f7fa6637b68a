"""The face of a study: every stage is handed the one context, and plain values come back where they always did."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import codescale
from codescale.stages.study import Study

STAGES = {
    "corpus": ("corpus", "make_corpus"),
    "plan": ("sweep", "planned_runs"),
    "sweep": ("sweep", "sweep"),
    "fit": ("fit", "fit"),
    "optimize": ("optimize", "optimize"),
    "forecast_search": ("cost", "cost"),
    "search": ("search", "search"),
    "compare": ("compare", "compare"),
    "train": ("train", "train"),
    "report": ("report", "report"),
}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "mine", preset="quick")


@pytest.mark.parametrize("method", STAGES)
def test_each_method_is_its_stage(study: Study, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    file, function = STAGES[method]
    handed: list[object] = []

    def stage(context: object, **wanted: object) -> SimpleNamespace:
        handed.append(context)
        return SimpleNamespace(content=lambda: "plain", mixture="the best")

    monkeypatch.setattr(importlib.import_module(f"codescale.stages.{file}"), function, stage)
    result = getattr(study, method)()
    assert handed == [study.context]
    assert (result == "plain") == (method in ("corpus", "search", "compare"))


def test_the_package_gives_it_when_asked() -> None:
    assert codescale.Study is Study


def test_making_a_study_loads_neither_ray_nor_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from codescale import Study\n"
        f"Study.create({str(tmp_path / 'mine')!r}, preset='quick').plan()\n"
        "print(sorted({'ray', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
