"""The runs table of records, whatever they have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codescale.runs import table as tables
from codescale.runs.records import Evaluation, RunRecord, RunSpec
from codescale.runs.table import records_table, write_runs
from codescale.runs.table_reader import read_runs


def record(number: int, losses: dict[str, float], **changed: Any) -> RunRecord:
    """A run of one evaluation for each 1,000 tokens of two."""
    spec = {
        "run_id": f"run-{number}", "stage": "mixture", "size": "tiny", "n_params": 1000, "token_points": (2000,),
        "proportions": {"python": 1.0}, "seed": number,
    }  # fmt: skip
    evaluations = tuple(
        Evaluation(n_tokens=1000 * k, losses=losses, annealed=k == 2, branch=2000 if k == 2 else None, flops=1.0)
        for k in (1, 2)
    )
    return RunRecord(
        spec=RunSpec(**spec | changed), status="ok" if losses else "failed", evaluations=evaluations if losses else (),
        corpus_id="c", tokens_trained=2000, flops=1.0, seconds=1.0, finished=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_the_table_is_the_same_however_many_records_are_laid_out_at_once(
    monkeypatch: pytest.MonkeyPatch, at_once: int, tmp_path: Path
) -> None:
    """Columns that only later records have, records without rows, shares of languages that others lack."""
    records = [
        record(0, {}),
        record(1, {"python": 2.5}),
        record(2, {"python": 2.25, "java": 1.5}, proportions={"python": 0.5, "java": 0.5}, hyper={"decay": 2.0}),
        record(3, {}),
        record(4, {"java": 1.25}, proportions={"java": 1.0}),
    ]
    monkeypatch.setattr(tables, "_AT_ONCE", at_once)
    table = records_table(records)
    first = ["run_id", "parent_run_id", "stage", "size", "status", "annealed", "n_params", "n_tokens"]
    shown = ["proportion.python", "proportion.java", "loss.python", "loss.java", "hyper.decay"]
    assert table.column_names == [*first, *shown, "seed", "organisation", "corpus_id", "flops"]
    assert table["run_id"].to_pylist() == ["run-1", "run-1@2000", "run-2", "run-2@2000", "run-4", "run-4@2000"]
    assert table["parent_run_id"].to_pylist() == [None, "run-1", None, "run-2", None, "run-4"]
    assert table["proportion.python"].to_pylist() == [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]
    assert table["proportion.java"].to_pylist() == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    assert table["loss.python"].to_pylist() == [2.5, 2.5, 2.25, 2.25, None, None]
    assert table["hyper.decay"].to_pylist() == [None, None, 2.0, 2.0, None, None]
    write_runs(tmp_path / "runs.parquet", table)
    assert len(read_runs(tmp_path / "runs.parquet")) == 6


def test_no_records_are_a_table_without_rows() -> None:
    assert records_table([]).num_rows == 0
    assert records_table([record(0, {})]).num_rows == 0
