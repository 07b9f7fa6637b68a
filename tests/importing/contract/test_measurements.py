"""NaN in exports: a metric decides nothing, what was not logged was not measured, a run that ends so diverged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable

COLUMNS = Columns(
    n_params="config.n_params",
    tokens_per_step=65536,
    proportions="config.mix.*",
    losses="eval/loss/*",
    metrics={"humaneval": "eval/humaneval"},
)
NOTHING = object()


def row(name: str, step: int, python: Any, go: Any, humaneval: Any = NOTHING) -> dict[str, Any]:
    cells = {"Name": name, "_step": step, "config": {"n_params": 1e7, "mix": {"python": 0.5, "go": 0.5}}}
    measured = {"eval/loss/python": python, "eval/loss/go": go, "eval/humaneval": humaneval}
    return cells | {name: value for name, value in measured.items() if value is not NOTHING}


def imported(folder: Path, rows: list[dict[str, Any]], columns: Columns = COLUMNS) -> RunsTable:
    path = folder / "export.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in rows))
    return import_runs([path], folder / "runs.csv", columns)


def test_a_run_whose_last_losses_are_no_numbers_diverged_also_as_strings(tmp_path: Path) -> None:
    rows = [row("r1", 1000, 2.1, 1.9, 0.01), row("r2", 1000, "NaN", "Infinity", 0.0)]
    with pytest.warns(LawWarning, match="of 2 runs 1 diverged: fits leave them out"):
        table = imported(tmp_path, rows)
    assert table.status.tolist() == ["ok", "diverged"]


def test_a_metric_decides_nothing(tmp_path: Path) -> None:
    rows = [row("r1", 1000, 2.1, 1.9, 0.01), row("r2", 1000, 2.0, 2.2, float("nan")), row("r3", 1, 2.0, 2.2, "inf")]
    assert imported(tmp_path, rows).status.tolist() == ["ok", "ok", "ok"]


def test_what_another_logger_logged_was_not_measured_here_and_both_rows_end_the_run(tmp_path: Path) -> None:
    rows = [row("r1", 500, 2.5, NOTHING), row("r1", 1000, 2.1, float("nan")), row("r1", 1001, float("nan"), 1.9)]
    table = imported(tmp_path, rows, COLUMNS.model_copy(update={"metrics": "metric.*"}))
    assert table.status.tolist() == ["ok"] * 3
    assert table.annealed.tolist() == [False, True, True]


def test_a_run_that_had_numbers_before_diverged_where_its_end_has_none(tmp_path: Path) -> None:
    rows = [row("r1", 10, 2.5, 2.5), row("r1", 20, float("nan"), float("nan")), row("r2", 20, 2.0, 2.0)]
    table = imported(tmp_path, rows)
    assert dict(zip(table.run_id, table.status, strict=True)) == {"r1": "diverged", "r2": "ok"}
    assert not table.annealed[0]


def test_nan_that_fills_rows_between_evaluations_is_no_divergence(tmp_path: Path) -> None:
    nan = float("nan")
    rows = [row("r1", 10, nan, nan), row("r1", 20, 2.5, 2.5), row("r1", 30, nan, nan), row("r2", 20, nan, nan)]
    with pytest.warns(LawWarning, match="NaN is taken for not logged, since runs have losses after it"):
        table = imported(tmp_path, rows)
    assert list(zip(table.run_id, table.n_tokens, table.status, strict=True)) == [
        ("r1", 20 * 65536, "ok"),
        ("r2", 20 * 65536, "diverged"),
    ]


def test_each_evaluation_set_is_a_row_of_its_own_and_rows_of_one_step_are_joined(tmp_path: Path) -> None:
    rows = [row("r1", 10, 2.5, NOTHING), row("r1", 10, NOTHING, 2.4)]
    table = imported(tmp_path, rows)
    assert table.losses.tolist() == [[2.5, 2.4]]
    again = [*rows, row("r1", 10, 2.6, NOTHING)]
    with pytest.raises(UserError, match=r"export\.jsonl, row 3, python: differs from row 1, run r1 at the same"):
        imported(tmp_path, again)


def test_a_pair_has_the_same_rule(tmp_path: Path) -> None:
    (tmp_path / "ratios.csv").write_text("run,a,b\n1,0.5,0.5\n2,0.7,0.3\n3,0.2,0.8\n4,0.2,0.8\n")
    (tmp_path / "metrics.csv").write_text("run,a_loss,b_loss\n1,3.1,3.0\n2,inf,inf\n3,NaN,NaN\n4,,3.0\n")
    table = import_runs([tmp_path], tmp_path / "runs.csv", n_params=1e6, n_tokens=1e9)
    assert table.status.tolist() == ["ok", "diverged", "diverged", "ok"]


def test_a_loss_of_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"export\.jsonl, row 2, eval/loss/go: -1 is not a loss"):
        imported(tmp_path, [row("r1", 1, 2.0, 2.0), row("r2", 1, 2.0, -1)])


def test_curves_of_a_foreign_history_are_said_and_only_its_end_is_annealed(tmp_path: Path) -> None:
    rows = [row(name, step, 5.0 - step / 1000, 4.0) for name in ("a", "b") for step in (0, 250, 500, 1000)]
    with pytest.warns(LawWarning) as said:
        table = imported(tmp_path, rows)
    assert table.annealed.tolist() == [False, False, True] * 2
    lines = " ".join(str(one.message) for one in said)
    assert "4 of 6 rows are curves" in lines
    assert "left out 2 rows evaluated before the first step" in lines
    assert imported(tmp_path, rows, COLUMNS.model_copy(update={"annealed": True})).annealed.all()
    cooled = [one | {"cooled": one["_step"] >= 500} for one in rows]
    table = imported(tmp_path, cooled, COLUMNS.model_copy(update={"annealed": "cooled"}))
    assert table.annealed.tolist() == [False, True, True] * 2


def test_the_end_of_a_trunk_is_not_annealed(tmp_path: Path) -> None:
    """Cooldowns that branch from a run at a constant learning rate: the end of that run is no final loss."""
    rows = [row("t", step, loss, loss) for step, loss in ((100, 3.0), (200, 2.8))]
    rows += [row(f"c{step}", step, loss, loss) | {"parent_run_id": "t"} for step, loss in ((120, 2.7), (240, 2.5))]
    with pytest.warns(LawWarning, match=r"2 of 4 rows are curves, .* along the 1 runs that others branch from"):
        table = imported(tmp_path, rows)
    assert dict(zip(table.run_id.tolist(), table.annealed.tolist(), strict=True)) == {
        "t": False,
        "c120": True,
        "c240": True,
    }


def test_a_run_without_any_loss_is_named(tmp_path: Path) -> None:
    with pytest.warns(LawWarning, match="1 runs have no loss at all, and are left out: r2"):
        imported(tmp_path, [row("r1", 1, 2.0, 2.0), row("r2", 1, NOTHING, NOTHING)])
