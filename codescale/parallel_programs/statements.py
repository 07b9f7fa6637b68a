"""Statements of generated programs, and what they stand in: functions, records, classes, whole programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from codescale.parallel_programs.expressions import Call, Expression, MethodCall, Text, Variable
from codescale.parallel_programs.types import Type


@dataclass(frozen=True)
class Let:
    """A new variable."""

    variable: Variable
    value: Expression


@dataclass(frozen=True)
class Assign:
    """Another value for a variable."""

    variable: Variable
    value: Expression


@dataclass(frozen=True)
class Update:
    """``variable operator= value``, of integers."""

    variable: Variable
    operator: OneOf["+", "-", "*", "//"]
    value: Expression


@dataclass(frozen=True)
class AppendText:
    """A string or character at the end of a string variable, which begins empty and is never assigned."""

    variable: Variable
    value: Expression


@dataclass(frozen=True)
class Append:
    """One more element of a list."""

    variable: Variable
    value: Expression


@dataclass(frozen=True)
class SetItem:
    """Another element at a place of a list."""

    variable: Variable
    index: Expression
    value: Expression


@dataclass(frozen=True)
class Count:
    """Adds to a map's value, which is 0 where there is none."""

    variable: Variable
    key: Expression
    value: Expression


@dataclass(frozen=True)
class OwnAssign:
    """Another value for an integer field of the object whose method it stands in; with ``operator``, an update."""

    name: str
    operator: OneOf["", "+", "-"]
    value: Expression


@dataclass(frozen=True)
class OwnAppend:
    """One more element of a list that is a field of the object."""

    name: str
    value: Expression


@dataclass(frozen=True)
class If:
    """The first of ``branches`` whose condition holds, else ``otherwise``."""

    branches: tuple[tuple[Expression, Body], ...]
    otherwise: Body = ()


@dataclass(frozen=True)
class While:
    """As long as ``condition`` holds."""

    condition: Expression
    body: Body


@dataclass(frozen=True)
class ForRange:
    """``variable`` from ``start`` to before ``stop``."""

    variable: Variable
    start: Expression
    stop: Expression
    body: Body


@dataclass(frozen=True)
class ForEach:
    """Every element of a list, or every character of a string."""

    variable: Variable
    source: Expression
    body: Body


@dataclass(frozen=True)
class ForIndexed:
    """Every element of a list, with its place from 0."""

    index: Variable
    variable: Variable
    source: Expression
    body: Body


@dataclass(frozen=True)
class ForEntries:
    """Every key of a map with its value, in the order of the keys."""

    key: Variable
    value: Variable
    source: Variable
    body: Body


@dataclass(frozen=True)
class Return:
    """The function's result."""

    value: Expression


@dataclass(frozen=True)
class Break:
    """Ends the loop."""


@dataclass(frozen=True)
class Continue:
    """The loop's next turn."""


@dataclass(frozen=True)
class Fail:
    """Ends a function that fails."""

    message: Text


@dataclass(frozen=True)
class ParseInt:
    """A new integer variable from a text; the function fails with ``message`` where it is none."""

    variable: Variable
    text: Expression
    message: Text


@dataclass(frozen=True)
class Attempt:
    """A call that may fail: ``success`` with its result, or ``failure`` with the message as the variable ``error``."""

    variable: Variable
    call: Call
    success: Body
    failure: Body


@dataclass(frozen=True)
class Do:
    """A method without a result."""

    call: MethodCall


@dataclass(frozen=True)
class Print:
    """A line of output."""

    text: Text


Statement = (
    Let
    | Assign
    | Update
    | AppendText
    | Append
    | SetItem
    | Count
    | OwnAssign
    | OwnAppend
    | If
    | While
    | ForRange
    | ForEach
    | ForIndexed
    | ForEntries
    | Return
    | Break
    | Continue
    | Fail
    | ParseInt
    | Attempt
    | Do
    | Print
)
Body = tuple[Statement, ...]


@dataclass(frozen=True)
class Function:
    """``returns`` nothing only where it is a method; one that ``fails`` may end in a message instead."""

    name: str
    parameters: tuple[Variable, ...]
    returns: Type | None
    body: Body
    fails: bool = False


@dataclass(frozen=True)
class Record:
    """Values that belong together and do not change."""

    name: str
    fields: tuple[Variable, ...]


@dataclass(frozen=True)
class Class:
    """An object with state. ``fields`` begin as ``initial`` says, in terms of the constructor's ``parameters``."""

    name: str
    parameters: tuple[Variable, ...]
    fields: tuple[Variable, ...]
    initial: tuple[Expression, ...]
    methods: tuple[Function, ...]


@dataclass(frozen=True)
class Program:
    """A whole program: ``main`` calls the functions on inputs and prints what comes out. ``name`` is what it is about,
    in snake case.
    """

    name: str
    records: tuple[Record, ...]
    classes: tuple[Class, ...]
    functions: tuple[Function, ...]
    main: Body
