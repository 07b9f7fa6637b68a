"""The types of generated programs: few enough that every language has each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["int", "bool", "character", "string", "list", "map", "record"]


@dataclass(frozen=True)
class Type:
    """``of``: what a list holds, or the values of a map, whose keys are strings; ``name``: of a record or class."""

    kind: Kind
    of: Type | None = None
    name: str = ""

    @property
    def element(self) -> Type:
        """What a list or a map holds, and a string's characters."""
        if self.kind == "string":
            return CHARACTER
        assert self.of is not None
        return self.of


INT = Type("int")
BOOL = Type("bool")
CHARACTER = Type("character")
STRING = Type("string")


def list_of(element: Type) -> Type:
    """Lists of ``element``."""
    return Type("list", element)


INTS = list_of(INT)
STRINGS = list_of(STRING)
COUNTS = Type("map", INT)


def record(name: str) -> Type:
    """The record or class ``name``."""
    return Type("record", name=name)
