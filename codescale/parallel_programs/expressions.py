"""Expressions of generated programs. Each has a ``type``; names are in snake case, languages write them in their own.

Integers stay within 32 bits, the left side of ``//`` and ``%`` is never negative and their right side is positive,
indices lie within: the interpreter refuses a program that does otherwise, so that all languages agree on the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from codescale.parallel_programs.types import BOOL, INT, STRING, Type


@dataclass(frozen=True)
class Literal:
    """A number, truth value, character or text; texts hold letters, digits, blanks and ``,.:;=-/#`` alone."""

    value: int | bool | str
    type: Type


@dataclass(frozen=True)
class Variable:
    """A parameter or a local variable."""

    name: str
    type: Type


@dataclass(frozen=True)
class Arithmetic:
    """Of two integers; ``//`` and ``%`` as in Python, which is the same everywhere for what they are given."""

    operator: OneOf["+", "-", "*", "//", "%"]
    left: Expression
    right: Expression

    @property
    def type(self) -> Type:
        """An integer."""
        return INT


@dataclass(frozen=True)
class Comparison:
    """Of two integers; or whether two characters or strings are the same."""

    operator: OneOf["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression

    @property
    def type(self) -> Type:
        """A truth value."""
        return BOOL


@dataclass(frozen=True)
class Logic:
    """The right side is looked at where the left one does not decide."""

    operator: OneOf["and", "or"]
    left: Expression
    right: Expression

    @property
    def type(self) -> Type:
        """A truth value."""
        return BOOL


@dataclass(frozen=True)
class Not:
    """The opposite."""

    operand: Expression

    @property
    def type(self) -> Type:
        """A truth value."""
        return BOOL


@dataclass(frozen=True)
class Builtin:
    """What a language's own library does: ``name`` is one of :data:`~.interpreter.BUILTINS`."""

    name: str
    arguments: tuple[Expression, ...]
    type: Type


@dataclass(frozen=True)
class Text:
    """Words and values behind each other, as in ``f"{name}: {score}"``."""

    parts: tuple[str | Expression, ...]

    @property
    def type(self) -> Type:
        """A string."""
        return STRING


@dataclass(frozen=True)
class Call:
    """Of a function. One that ``fails`` stands in a :class:`~.statements.Let` or an ``Attempt`` alone."""

    function: str
    arguments: tuple[Expression, ...]
    type: Type
    fails: bool = False


@dataclass(frozen=True)
class Field:
    """Of a record."""

    owner: Expression
    name: str
    type: Type


@dataclass(frozen=True)
class OwnField:
    """A field of the object whose method it stands in."""

    name: str
    type: Type


@dataclass(frozen=True)
class MethodCall:
    """Of an object of a class."""

    owner: Variable
    method: str
    arguments: tuple[Expression, ...]
    type: Type


@dataclass(frozen=True)
class New:
    """A new record with all of its fields, or a new object of a class."""

    name: str
    arguments: tuple[Expression, ...]

    @property
    def type(self) -> Type:
        """The record or class."""
        return Type("record", name=self.name)


@dataclass(frozen=True)
class ListLiteral:
    """A list of ``items``."""

    items: tuple[Expression, ...]
    type: Type


@dataclass(frozen=True)
class EmptyMap:
    """A map without keys."""

    type: Type


@dataclass(frozen=True)
class Aggregate:
    """A sum, a count, a question or a list over those of ``source`` for which ``condition`` holds: a comprehension, a
    stream or a loop. Stands as the whole value of a ``Let`` or a ``Return`` alone. ``result`` is what a loop calls it;
    what is not the ``variable`` is never assigned anew.
    """

    kind: OneOf["sum", "count", "any", "all", "list"]
    variable: Variable
    source: Expression
    condition: Expression | None
    value: Expression | None
    type: Type
    result: str


@dataclass(frozen=True)
class Sorted:
    """A sorted copy of a list: of records by an integer ``key``, equal ones in the order that they had. Stands as the
    whole value of a ``Let`` alone.
    """

    source: Variable
    key: str | None
    descending: bool

    @property
    def type(self) -> Type:
        """That of the source."""
        return self.source.type


Expression = (
    Literal
    | Variable
    | Arithmetic
    | Comparison
    | Logic
    | Not
    | Builtin
    | Text
    | Call
    | Field
    | OwnField
    | MethodCall
    | New
    | ListLiteral
    | EmptyMap
    | Aggregate
    | Sorted
)


def number(value: int) -> Literal:
    """An integer."""
    return Literal(value, INT)


def text(value: str) -> Literal:
    """A string."""
    return Literal(value, STRING)
