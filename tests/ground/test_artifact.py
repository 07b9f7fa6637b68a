"""A stage's JSON: unknown names are refused where it is made and ignored where it is read, absent keys stay absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from codescale.artifact import Artifact, Interval
from codescale.errors import UserError


class Inner(Artifact):
    tokens: int
    note: str = ""


class Outer(Artifact):
    name: str
    best: Inner | None = None
    parts: dict[str, Inner] = {}
    spread: Interval | None = None


def test_keys_are_written_in_the_order_of_the_fields_and_absent_ones_stay_absent(tmp_path: Path) -> None:
    made = Outer(spread=Interval(value=1.0, low=None), parts={"a": Inner(tokens=2)}, name="x")
    made.write(tmp_path / "outer.json")
    text = (tmp_path / "outer.json").read_text()
    assert json.loads(text) == {"name": "x", "parts": {"a": {"tokens": 2}}, "spread": {"value": 1.0, "low": None}}
    assert list(json.loads(text)) == ["name", "parts", "spread"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = Outer(name="x", best=Inner(tokens=3, note="y"))
    made.write(tmp_path / "outer.json")
    again = Outer.read(tmp_path / "outer.json", "")
    assert again == made
    assert again.content() == made.content()


def test_the_maker_may_not_name_what_is_not_there() -> None:
    with pytest.raises(ValidationError, match="tokns"):
        Inner(tokns=3)  # type: ignore[call-arg]


def test_a_reader_ignores_what_a_later_version_says_however_deep() -> None:
    content = {"name": "x", "best": {"tokens": 3, "later": 1}, "parts": {"a": {"tokens": 1, "more": []}}, "new": {}}
    read = Outer.of(content, "outer.json", "")
    assert read.content() == {"name": "x", "best": {"tokens": 3}, "parts": {"a": {"tokens": 1}}}


def test_the_first_wrong_value_is_named_with_file_and_field(tmp_path: Path) -> None:
    path = tmp_path / "outer.json"
    path.write_text('{"name": "x", "parts": {"a": {"tokens": "many"}}}')
    with pytest.raises(UserError, match=r"outer\.json, parts\.a\.tokens: is 'many'.*; make it again"):
        Outer.read(path, "make it again")
