"""What is unlikely about a table is said, and sound tables are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.runs.doubts import doubts
from codescale.runs.table_reader import read_runs

DATA = Path(__file__).parents[3] / "shared" / "data"


def said(
    folder: Path, loss: float, n_params: float = 1e8, n_tokens: float = 2e9, unit: str = "", name: str = "go"
) -> str:
    lines = [f"run_id,n_params,n_tokens,proportion.go,loss.{name},loss_unit"]
    lines += [f"r{k},{n_params * k},{n_tokens * k},1,{loss},{unit}" for k in (1, 2, 3)]
    (folder / "runs.csv").write_text("\n".join(lines) + "\n")
    return "\n".join(doubts(read_runs(folder / "runs.csv")))


@pytest.mark.parametrize(
    ("loss", "unit", "expected"),
    [
        (35.2, "", "above 15 nats per token, worse than guessing (row 1: 35.2): if they are a perplexity"),
        (35.2, "perplexity", ""),
        (9.1, "bits per byte", "above 8 bits per byte, worse than guessing (row 1: 9.1)"),
        (3.0, "", ""),
        (0.4, "", "half of the losses are below 0.4 nats per token, which is low at N = 2e+08: if they are per byte"),
        (0.4, "bits per byte", ""),
        (0.4, "nats per byte", ""),
    ],
)
def test_losses_that_fit_another_unit_better(tmp_path: Path, loss: float, unit: str, expected: str) -> None:
    found = said(tmp_path, loss, unit=unit)
    assert expected in found
    assert bool(expected) == bool(found)


@pytest.mark.parametrize(
    ("n_params", "n_tokens", "expected"),
    [
        (1e8, 30_000, "no run has more than 0.0003 tokens a parameter (row 1: D = 3e+04, N = 1e+08)"),
        (1e8, 1e8, ""),
        (30, 1e9, "every run has 3.3e+07 tokens a parameter or more (row 1: D = 1e+09, N = 30)"),
    ],
)
def test_counts_of_something_else(tmp_path: Path, n_params: float, n_tokens: float, expected: str) -> None:
    assert expected in said(tmp_path, 3.0, n_params, n_tokens)
    assert bool(expected) == bool(said(tmp_path, 3.0, n_params, n_tokens))


def test_a_name_that_says_another_unit(tmp_path: Path) -> None:
    assert "loss.go_bpb is called bits per byte and read as nats per token" in said(tmp_path, 3.0, name="go_bpb")
    assert said(tmp_path, 1.1, name="go_bpb", unit="bits per byte") == ""


@pytest.mark.parametrize(
    "path", [*sorted(DATA.glob("*_train.csv")), DATA / "chinchilla.csv"], ids=lambda path: path.stem
)
def test_published_tables_are_doubted_only_where_they_are_per_byte(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"{path} is not there")
    assert bool(doubts(read_runs(path))) == ("starcoder" in path.name)


def test_rows_whose_mixture_changes_are_counted(tmp_path: Path) -> None:
    lines = ["run_id,n_params,n_tokens,proportion.go,loss.go,phase.1.until,phase.2.until"]
    lines += ["a,1e8,2e9,1,3.1,0.5,1", "b,1e8,2e9,1,3.2,1,", "c,1e8,2e9,1,3.3,0.9,1"]
    (tmp_path / "runs.csv").write_text("\n".join(lines) + "\n")
    (line,) = doubts(read_runs(tmp_path / "runs.csv"))
    assert line.endswith("the mixtures of 2 rows change by phases, and only their means count here")


@pytest.mark.parametrize(("changes", "said"), [({}, True), ({"loss": "3.2"}, False), ({"seed": "1"}, False)])
def test_mixtures_that_change_nothing_are_told(tmp_path: Path, changes: dict[str, str], said: bool) -> None:
    rows = [{"python": share, "go": 1 - share, "seed": "0", "loss": "3.1"} for share in (0.25, 0.5, 0.75)]
    rows[1] |= changes
    lines = ["run_id,n_params,n_tokens,seed,proportion.python,proportion.go,loss.go"]
    lines += [f"r{k},1e8,2e9,{one['seed']},{one['python']},{one['go']},{one['loss']}" for k, one in enumerate(rows)]
    (tmp_path / "runs.csv").write_text("\n".join(lines) + "\n")
    found = "\n".join(doubts(read_runs(tmp_path / "runs.csv")))
    assert ("3 mixtures with one seed have the same losses to the last digit (rows 1, 2, …)" in found) == said
