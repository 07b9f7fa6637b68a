"""A part of a program: functions that belong together, and how ``main`` calls them on inputs."""

from __future__ import annotations

from dataclasses import dataclass, field

from codescale.parallel_programs.expressions import (
    Builtin,
    Call,
    Expression,
    ListLiteral,
    Literal,
    Text,
    Variable,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.scope import Names
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.statements import (
    Attempt,
    Class,
    ForEach,
    ForEntries,
    Function,
    Let,
    Print,
    Record,
    Statement,
)
from codescale.parallel_programs.types import INTS, STRING, STRINGS

Arguments = tuple[Expression, ...]


@dataclass(frozen=True)
class Part:
    """``functions``, the last of which is called on ``inputs``; ``theme`` names what it is about."""

    theme: str
    functions: tuple[Function, ...]
    inputs: tuple[Arguments, ...]
    records: tuple[Record, ...] = ()
    classes: tuple[Class, ...] = ()


@dataclass
class Context:
    """What parts of one program share: the words that are taken, and ``helpers`` from one integer to another."""

    draw: Draw
    taken: set[str] = field(default_factory=set)
    helpers: tuple[Function, ...] = ()

    def function_name(self, kind: str) -> str:
        """A new name of a verb for this kind of result, and an object."""
        while True:
            name = f"{self.draw.one_of(vocabulary().verbs[kind])}_{self.draw.one_of(vocabulary().objects)}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def calls(draw: Draw, names: Names, part: Part) -> list[Statement]:
    """The statements of ``main`` that call the part's last function and print what comes out."""
    function = part.functions[-1]
    simple = len(function.parameters) == 1 and function.returns is not None
    if simple and function.parameters[0].type.kind in ("int", "string") and draw.chance(0.5):
        return _in_a_loop(draw, names, part)
    statements: list[Statement] = []
    for arguments in part.inputs:
        given: list[Expression] = []
        for parameter, argument in zip(function.parameters, arguments, strict=True):
            shown: Expression = argument
            if isinstance(argument, ListLiteral):
                shown = variable = Variable(names.take(parameter.name), parameter.type)
                statements.append(Let(variable, argument))
            given.append(shown)
        statements += _shown(names, function, tuple(given), (f"{_label(function)}: ",))
    return statements


def _label(function: Function) -> str:
    return function.name.replace("_", " ")


def _in_a_loop(draw: Draw, names: Names, part: Part) -> list[Statement]:
    function = part.functions[-1]
    is_number = function.parameters[0].type.kind == "int"
    items = ListLiteral(tuple(one for (one,) in part.inputs), INTS if is_number else STRINGS)
    gathered = names.new("list" if is_number else "words", items.type)
    item = names.new("item" if is_number else "text", items.type.element)
    body = _shown(names, function, (item,), (item, ": "))
    return [Let(gathered, items), ForEach(item, gathered, tuple(body))]


def _shown(
    names: Names, function: Function, arguments: Arguments, before: tuple[str | Expression, ...]
) -> list[Statement]:
    """Prints what ``function`` gives, behind ``before``."""
    returns = function.returns
    assert returns is not None
    call = Call(function.name, arguments, returns, function.fails)
    if function.fails:
        got = Variable(names.take("result"), returns)
        message = Variable("error", STRING)
        failed: tuple[str | Expression, ...] = (*before, "error: ", message)
        return [Attempt(got, call, (Print(Text((*before, got))),), (Print(Text(failed)),))]
    if returns.kind in ("list", "map"):
        got = Variable(names.take("result"), returns)
        return [Let(got, call), *_listed(names, got, before)]
    return [Print(Text((*before, call)))]


def _listed(names: Names, got: Variable, before: tuple[str | Expression, ...]) -> list[Statement]:
    if got.type.kind == "map":
        key, value = Variable(names.take("key"), STRING), Variable(names.take("total"), got.type.element)
        return [ForEntries(key, value, got, (Print(Text((*before, key, " ", value))),))]
    if got.type.element.kind == "int":
        return [Print(Text((*before, Builtin("join_numbers", (got,), STRING))))]
    return [Print(Text((*before, Builtin("join", (got, Literal(" ", STRING)), STRING))))]
