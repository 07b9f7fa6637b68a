"""``codescale suggest``: a table in, a table out, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codescale.runs.table import write_runs
from codescale.runs.table_reader import read_runs
from tests.cli.program import refusal, run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the runs of somebody's trainer and a space."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.ones(3), 12)
    columns = {"run_id": [f"mine-{k}" for k in range(12)], "n_params": [1e6] * 12, "n_tokens": [1e8] * 12}
    for k, name in enumerate(("python", "java", "rust")):
        columns[f"proportion.{name}"] = shares[:, k].tolist()
        columns[f"loss.{name}"] = (2.0 - 0.5 * np.sqrt(shares[:, k])).tolist()
    write_runs("runs.csv", pa.table(columns))
    Path("space.yaml").write_text("languages: {python: [0.2, 1], java: free, rust: free}\n")
    return tmp_path


def test_a_table_gets_its_next_runs(place: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    assert run(monkeypatch, "suggest", "runs.csv", "--space", "space.yaml", "--count", "3", "-o", "next.csv") == 0
    shown = capsys.readouterr().out
    for word in ("Take now: mine-", "finished, ", "earlier", "Go on?", "further runs together", "next-0012"):
        assert word in shown
    planned = read_runs("next.csv")
    assert len(planned) == 3
    assert (planned.proportions[:, planned.domains.index("python")] >= 0.2 - 1e-9).all()
    assert set(planned.n_params) == {1e6}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("nowhere.csv", "--space", "space.yaml"), "nowhere.csv: no such file"),
        (("runs.csv", "--space", "nowhere"), "'nowhere' is not a search space"),
        (("runs.csv", "--space", "space.yaml", "--tokens", "0"), "--tokens: 0 is not a count"),
        (("runs.csv", "--space", "space.yaml", "--law", "runs.csv"), "runs.csv"),
        (("runs.csv", "--space", "space.yaml", "--hyper", "batch=1"), "there is no such column"),
        (("runs.csv", "--space", "space.yaml", "--corpus-id", "x"), "has no row of that recipe"),
    ],
)
def test_bad_input_is_one_line(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys,  # type: ignore[no-untyped-def]
    words: tuple[str, ...],
    line: str,
) -> None:
    assert line in refusal(monkeypatch, capsys, "suggest", *words, "--output", "next.csv")
    assert not (place / "next.csv").exists()


def test_an_output_of_no_known_format_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    assert run(monkeypatch, "suggest", "runs.csv", "--space", "space.yaml", "-o", "next.txt") == 2
    assert "end it in .csv or .parquet" in capsys.readouterr().err
