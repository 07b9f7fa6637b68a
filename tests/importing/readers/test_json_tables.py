"""JSON: lines, a list, nested objects, NaN as Python and W&B write it; what is broken is named by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.importing.readers.tables import read_table


def test_lines_and_a_list_are_the_same_rows(tmp_path: Path) -> None:
    rows = ['{"Name": "r", "config": {"n": 1e6, "mix": {"a": 1}}, "loss": NaN}', '{"Name": "s", "loss": "Infinity"}']
    (tmp_path / "a.jsonl").write_text("\n\n".join(rows))
    (tmp_path / "a.json").write_text(f"[{','.join(rows)}]")
    for name in ("a.jsonl", "a.json"):
        table, _ = read_table(tmp_path / name)
        assert table.names == ["Name", "config.n", "config.mix.a", "loss"]
        assert np.isnan(table.numbers("loss")[0])
        assert np.isinf(table.numbers("loss")[1])
        assert table.empty("config.n").tolist() == [False, True]


def test_what_pandas_writes_by_column_are_rows(tmp_path: Path) -> None:
    """pandas 2: ``DataFrame.to_json()`` without ``orient``."""
    (tmp_path / "a.json").write_text('{"Name":{"0":"r","1":"s"},"config":{"0":{"n":1e6},"1":{"n":2e6}}}')
    table, _ = read_table(tmp_path / "a.json")
    assert table.text("Name") == ["r", "s"]
    assert table.numbers("config.n").tolist() == [1e6, 2e6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": 2', "line 2: is not JSON"),
        ('{"a": 1}\n3', "row 2: is no object"),
        ("not json", "line 1: is not JSON"),
        ('[{"a": 1},', "line 1: is not JSON"),
        ('{"a": 1}\n{"a": 1, "a": 2}', "line 2: a occurs twice in one object"),
        ('{"a.b": 1, "a": {"b": 2}}', "row 1: column a.b occurs twice"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(UserError, match=rf"a\.jsonl.*{message}"):
        read_table(tmp_path / "a.jsonl")
