"""Problems from files as they are published, and what is wrong with a file in one line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codescale.errors import UserError
from codescale.evaluation.benchmarks.files import read_problems

ROW: dict[str, Any] = {
    "name": "HumanEval_0_double",
    "language": "rs",
    "prompt": "fn double(count: i64) -> i64 {\n",
    "tests": "}\nfn main() {}\n",
    "stop_tokens": ["\n}"],
    "doctests": "transform",
}
HUMAN = {
    "task_id": "HumanEval/0",
    "prompt": "def double(count):\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
    "entry_point": "double",
    "canonical_solution": "    return 2 * count\n",
}


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_of_both_kinds_are_read(tmp_path: Path) -> None:
    found = read_problems(lines(tmp_path / "a.jsonl", ROW, ROW | {"language": "cs"}, HUMAN))
    assert [(one.name, one.language) for one in found] == [
        ("HumanEval_0_double", "rust"),
        ("HumanEval_0_double", "csharp"),
        ("HumanEval/0", "python"),
    ]
    assert found[0].stops == ("\n}",)
    assert found[2].tests.endswith("check(double)\n")


def test_parquet_and_gzip_hold_the_same(tmp_path: Path) -> None:
    plain = read_problems(lines(tmp_path / "a.jsonl", ROW))
    pq.write_table(pa.Table.from_pylist([ROW]), tmp_path / "a.parquet")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress((tmp_path / "a.jsonl").read_bytes()))
    assert read_problems(tmp_path / "a.parquet") == read_problems(tmp_path / "a.jsonl.gz") == plain


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{key: ROW[key] for key in ROW if key != "tests"}], r"row 1, tests: is missing"),
        ([ROW, {key: ROW[key] for key in ROW if key != "stop_tokens"}], r"row 2, stop_tokens: is missing"),
        ([ROW | {"language": "cobolt"}], r"row 1, language: 'cobolt' is not known"),
        ([ROW, ROW], "HumanEval_0_double in rust twice"),
        ([HUMAN | {"entry_point": "x); import os; (y"}], r"row 1, entry_point"),
        ([["a"]], "row 1: is no object"),
        ([], "holds no problem"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_problems(lines(tmp_path / "a.jsonl", *rows))


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.jsonl", "a.jsonl.gz"):
        (tmp_path / name).write_bytes(b"\xff\x00nothing")
        with pytest.raises(UserError, match=r"is not JSON|is no readable Parquet"):
            read_problems(tmp_path / name)
        with pytest.raises(UserError, match=r"no such file|is no readable Parquet"):
            read_problems(tmp_path / f"missing.{name}")
