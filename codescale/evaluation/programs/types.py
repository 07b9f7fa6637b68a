"""The types of a held-out program's parameters and result, in a notation that every language has its own names for.

``int`` (32 bits), ``long`` (up to 2^53), ``float``, ``bool``, ``string``, ``list<T>``, ``map<string, T>`` and, for a
result alone, ``optional<T>``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

_BOUNDS = {"int": 2**31, "long": 2**53}
_SIMPLE = ("int", "long", "float", "bool", "string")
_OF_ONE = re.compile(r"(list|optional)<(.+)>")
_MAP = re.compile(r"map<string, (.+)>")


@dataclass(frozen=True)
class Type:
    """``kind`` and, for a list, a map's values or an optional, the type of what is in it."""

    kind: str
    item: Type | None = None

    @property
    def of(self) -> Type:
        """The type of what is in it; for a type that holds nothing else this is a defect."""
        assert self.item is not None
        return self.item

    def __str__(self) -> str:
        inner = {"map": f"string, {self.item}"}.get(self.kind, str(self.item))
        return self.kind if self.item is None else f"{self.kind}<{inner}>"

    def holds(self, value: Any) -> bool:
        """Whether ``value``, as read from YAML or JSON, is of this type."""
        if self.kind in _BOUNDS:
            bound = _BOUNDS[self.kind]
            return isinstance(value, int) and not isinstance(value, bool) and -bound <= value < bound
        if self.kind == "float":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if self.kind == "optional":
            return value is None or self.of.holds(value)
        if self.kind == "list":
            return isinstance(value, list) and all(map(self.of.holds, value))
        if self.kind == "map":
            return isinstance(value, dict) and all(isinstance(key, str) and self.of.holds(value[key]) for key in value)
        return isinstance(value, bool if self.kind == "bool" else str)

    def equal(self, expected: Any, value: Any) -> bool:
        """Whether ``value``, whatever it is, is ``expected``, floating-point numbers to nine digits."""
        if self.kind == "float":
            return self.holds(value) and math.isclose(expected, value, rel_tol=1e-9, abs_tol=1e-9)
        if self.kind == "optional" and expected is not None:
            return self.of.equal(expected, value)
        if self.kind == "list":
            return (
                isinstance(value, list)
                and len(value) == len(expected)
                and all(self.of.equal(one, other) for one, other in zip(expected, value, strict=True))
            )
        if self.kind == "map":
            return (
                isinstance(value, dict)
                and value.keys() == expected.keys()
                and all(self.of.equal(expected[key], value[key]) for key in expected)
            )
        if self.kind in _BOUNDS and isinstance(value, float) and value.is_integer():
            value = int(value)  # JavaScript has one kind of number
        return self.holds(value) and bool(expected == value)


def parse_type(text: str, *, result: bool = False) -> Type:
    """The type that ``text`` notes. Raises ``ValueError`` for what is none; ``result`` allows an optional."""
    text = text.strip()
    if text in _SIMPLE:
        return Type(text)
    one, mapping = _OF_ONE.fullmatch(text), _MAP.fullmatch(text)
    if mapping:
        return Type("map", parse_type(mapping[1]))
    if one and (one[1] == "list" or result):
        return Type(one[1], parse_type(one[2]))
    kinds = "int, long, float, bool, string, list<T>, map<string, T> or, for a result, optional<T>"
    raise ValueError(f"{text!r} is no type: {kinds} is wanted")
