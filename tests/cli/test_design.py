"""``codescale design``: a space in, a runs table without losses out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.runs.table_reader import read_runs
from tests.cli.program import refusal, run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a space."""
    monkeypatch.chdir(tmp_path)
    Path("space.yaml").write_text("languages: {python: [0.2, 1], java: free, rust: free}\n")
    return tmp_path


def test_a_space_gets_its_first_runs(place: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    words = ("--runs", "6", "--params", "1e6", "--tokens", "1e8", "-o", "runs.csv")
    assert run(monkeypatch, "design", "space.yaml", *words) == 0
    shown = capsys.readouterr().out
    for word in ("6 runs", "3.6e+15 FLOPs", "interval of a share", "if spread", "Wrote runs.csv"):
        assert word in shown
    planned = read_runs("runs.csv")
    assert len(planned) == 6
    assert np.isnan(planned.losses).all()
    assert (planned.proportions[:, planned.domains.index("python")] >= 0.2 - 1e-9).all()


def test_a_ladder_for_a_budget(place: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    words = ("--params", "1e6,3e6", "--tokens", "1e8,3e8", "--budget", "2e16", "-o", "runs.parquet")
    assert run(monkeypatch, "design", "space.yaml", *words) == 0
    assert "3 M parameters" in capsys.readouterr().out.replace("\xa0", " ")
    planned = read_runs("runs.parquet")
    assert (6 * planned.n_params * planned.n_tokens).sum() <= 2e16 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("space.yaml",), "--params: is missing"),
        (("nowhere.yaml", "--params", "1e6", "--tokens", "1e8"), "nowhere.yaml: "),
        (("space.yaml", "--params", "many", "--tokens", "1e8"), "'many' is no list of numbers"),
        (("space.yaml", "--params", "1e6", "--tokens", "1e8", "--kind", "round"), "'round' is none"),
        (("space.yaml", "--params", "1e6", "--tokens", "1e8", "--law", "auto"), "cannot be designed for"),
        (("space.yaml", "--params", "1e6", "--tokens", "1e8", "--domains", "python"), "is not a language"),
        (("space.yaml", "--table", "nowhere.csv"), "nowhere.csv: no such file"),
    ],
)
def test_bad_input_is_one_line(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys,  # type: ignore[no-untyped-def]
    words: tuple[str, ...],
    line: str,
) -> None:
    assert line in refusal(monkeypatch, capsys, "design", *words, "--output", "runs.csv")
    assert not (place / "runs.csv").exists()
