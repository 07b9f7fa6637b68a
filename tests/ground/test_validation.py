"""What is wrong in a file, in plain words: where, what was written, what is wanted. Numbers as people write them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.validation import Number, WholeNumber, checked


class Folder(BaseModel):
    kind: Literal["folder"]
    path: str


class Table(BaseModel):
    kind: Literal["table"]
    rows: WholeNumber


class Everything(BaseModel):
    """One field of each kind that the project's files have."""

    model_config = ConfigDict(extra="forbid")
    trials: WholeNumber = Field(default=1, gt=0, lt=10**6)
    rate: float = Field(default=0.1, ge=0, le=1, allow_inf_nan=False)
    sampler: Literal["law", "tpe", "random"] = "law"
    share: Number = 0.5
    deep: bool = False
    name: str = Field(default="a", min_length=1, max_length=5)
    sizes: tuple[str, ...] = Field(default=("a",), min_length=1)
    bounds: dict[str, Annotated[float, Field(le=1)] | tuple[float, float]] = {}
    sources: tuple[Annotated[Folder | Table, Field(discriminator="kind")], ...] = ()
    scale: dict[Literal["low", "high"], float] = {}


SHAPE = TypeAdapter(Everything)

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"trials": "many"}, "f.yaml, trials: is 'many', where a whole number is wanted"),
    ({"trials": 1.5}, "f.yaml, trials: is 1.5, where a whole number is wanted"),
    ({"trials": "1.5e0"}, "f.yaml, trials: is '1.5e0', where a whole number is wanted"),
    ({"trials": "1e999"}, "f.yaml, trials: is '1e999', where a whole number is wanted"),
    ({"trials": True}, "f.yaml, trials: is true, where a whole number is wanted"),
    ({"trials": None}, "f.yaml, trials: is empty, where a whole number is wanted"),
    ({"trials": 0}, "f.yaml, trials: is 0, where a number above 0 is wanted"),
    ({"trials": "1e6"}, "f.yaml, trials: is 1000000, where a number below 1,000,000 is wanted"),
    ({"rate": "fast"}, "f.yaml, rate: is 'fast', where a number is wanted"),
    ({"share": True}, "f.yaml, share: is true, where a number is wanted"),
    ({"scale": {"low": "x"}, "colour": 1}, "f.yaml, scale.low: is 'x', where a number is wanted"),
    ({"rate": [1]}, "f.yaml, rate: is a list, where a number is wanted"),
    ({"rate": -0.5}, "f.yaml, rate: is -0.5, where a number of 0 or more is wanted"),
    ({"rate": float("nan")}, "f.yaml, rate: is nan, where a finite number is wanted"),
    ({"sampler": "lwa"}, "f.yaml, sampler: is 'lwa', where law, tpe or random is wanted"),
    ({"deep": "perhaps"}, "f.yaml, deep: is 'perhaps', where true or false is wanted"),
    ({"name": 3.1}, "f.yaml, name: is 3.1, where text (put it in quotes) is wanted"),
    ({"name": ""}, "f.yaml, name: is '', where text of 1 characters or more is wanted"),
    ({"name": "x" * 99}, f"f.yaml, name: is '{'x' * 38}…, where text of 5 characters or less is wanted"),
    ({"sizes": "tiny"}, "f.yaml, sizes: is 'tiny', where a list is wanted"),
    ({"sizes": []}, "f.yaml, sizes: has 0 entries, where 1 or more are wanted"),
    ({"bounds": [1]}, "f.yaml, bounds: is a list, where a mapping is wanted"),
    ({"bounds": {"a": "half"}}, "f.yaml, bounds.a: is 'half', where a number or a list is wanted"),
    ({"bounds": {"a": 2}}, "f.yaml, bounds.a: is 2, where a number of 1 or less is wanted"),
    ({"bounds": {"a": [0.1]}}, "f.yaml, bounds.a: has too few entries"),
    ({"bounds": {"a": [0, 1, 2]}}, "f.yaml, bounds.a: has 3 entries, where 2 or less are wanted"),
    ({"bounds": {"a": [0, "b"]}}, "f.yaml, bounds.a.1: is 'b', where a number is wanted"),
    ({"sources": [{"kind": "folder"}]}, "f.yaml, sources.0.path: is missing"),
    ({"sources": [{"kind": "web"}]}, "f.yaml, sources.0: is of kind 'web', where folder or table is wanted"),
    ({"sources": [{"path": "x"}]}, "f.yaml, sources.0.kind: is missing"),
    ({"sources": [{"kind": "table", "rows": "x"}]}, "f.yaml, sources.0.rows: is 'x', where a whole number is wanted"),
    ({"scale": {"middle": 1}}, "f.yaml, scale.middle: unknown key; known are low or high"),
    ({"colour": 1}, "f.yaml, colour: unknown key"),
]


@pytest.mark.parametrize(("content", "message"), WRONG)
def test_mistakes_are_told_in_plain_words(content: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        checked(SHAPE, content, "f.yaml", "correct it")
    assert str(caught.value) == f"{message}; correct it"


@pytest.mark.parametrize("written", [1000, "1e3", "1E3", "1.0e+3", "1_000", 1e3])
def test_whole_numbers_are_read_however_they_are_written(written: object) -> None:
    assert checked(SHAPE, {"trials": written}, "f.yaml", "").trials == 1000


def test_text_that_looks_like_a_number_stays_text() -> None:
    assert checked(SHAPE, {"name": "1e3", "sizes": ["12e45"]}, "f.yaml", "").name == "1e3"
