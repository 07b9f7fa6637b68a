"""The notation of types: what it holds, and when two values are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.evaluation.programs.types import Type, parse_type

SIMPLE = ["int", "long", "float", "bool", "string"]
NESTED = ["list<list<int>>", "map<string, list<string>>", "list<map<string, map<string, long>>>"]
NOTED = st.sampled_from([*SIMPLE, "list<float>", "map<string, bool>", *NESTED])


def values(kind: Type) -> st.SearchStrategy[object]:
    """Values of ``kind``."""
    if kind.item is not None:
        inner = values(kind.item)
        return st.lists(inner, max_size=3) if kind.kind == "list" else st.dictionaries(st.text(max_size=3), inner)
    return {
        "int": st.integers(-(2**31), 2**31 - 1),
        "long": st.integers(-(2**53), 2**53 - 1),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "bool": st.booleans(),
        "string": st.text(max_size=5),
    }[kind.kind]


@given(NOTED)
def test_a_type_reads_as_it_is_written(text: str) -> None:
    assert str(parse_type(text)) == text


@given(NOTED.map(parse_type).flatmap(lambda kind: st.tuples(st.just(kind), values(kind))))
def test_values_of_a_type_are_held_by_it_and_equal_to_themselves(pair: tuple[Type, object]) -> None:
    kind, value = pair
    assert kind.holds(value)
    assert kind.equal(value, value)


@pytest.mark.parametrize(
    "text", ["", "integer", "list<>", "list<int", "map<int, int>", "map<string,int>", "optional<int>"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no type"):
        parse_type(text)


def test_an_optional_is_for_results() -> None:
    kind = parse_type("optional<list<int>>", result=True)
    assert kind.holds(None)
    assert kind.holds([1])
    assert kind.equal(None, None)
    assert not kind.equal(None, [])
    assert not kind.equal([], None)


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("int", 1, True),
        ("int", 1, "1"),
        ("int", 1, 1.5),
        ("int", 1, None),
        ("bool", True, 1),
        ("string", "a", None),
        ("float", 0.5, 0.50000001),
        ("list<int>", [1, 2], [2, 1]),
        ("list<int>", [1], [1, 1]),
        ("list<int>", [], None),
        ("list<int>", [], {}),
        ("map<string, int>", {"a": 1}, {"a": 2}),
        ("map<string, int>", {"a": 1}, {"b": 1}),
        ("map<string, int>", {}, []),
        ("list<list<string>>", [["a"]], [["b"]]),
    ],
)
def test_what_differs_is_not_equal(text: str, expected: object, value: object) -> None:
    assert not parse_type(text).equal(expected, value)


def test_floats_to_nine_digits_and_whole_numbers_as_javascript_has_them() -> None:
    assert parse_type("float").equal(0.1 + 0.2, 0.3)
    assert parse_type("float").equal(2.0, 2)
    assert parse_type("int").equal(2, 2.0)
