"""Functions that may fail: texts that are read, numbers that are checked, failures that are handed on."""

from __future__ import annotations

from codescale.parallel_programs.expressions import (
    Arithmetic,
    Builtin,
    Call,
    Comparison,
    Expression,
    Literal,
    Text,
    Variable,
    number,
    text,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.expressions import condition, integer, text_condition
from codescale.parallel_programs.generation.functions.numbers import turn
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.statements import (
    Body,
    Fail,
    ForEach,
    Function,
    If,
    Let,
    ParseInt,
    Return,
    Statement,
)
from codescale.parallel_programs.types import CHARACTER, INT, STRING, STRINGS


def _bad(draw: Draw, subject: Expression) -> Text:
    words = draw.one_of(("bad", "unknown", "invalid", "unexpected", "wrong", "strange"))
    what = draw.one_of(("number", "value", "entry", "input", "field"))
    return Text((f"{words} {what}: ", subject))


def _refused(draw: Draw, subject: Expression) -> Text:
    words = draw.one_of(("too large", "out of range", "not allowed", "too far", "over the limit", "refused"))
    return Text((f"{words}: ", subject)) if draw.chance(0.6) else Text((subject, f" is {words}"))


def fields(context: Context) -> Part:
    """A text of a name and a number, read with all that may be wrong with it."""
    draw, names = context.draw, Names(context.draw)
    source, parts = names.new("text", STRING), names.new("words", STRINGS)
    value = names.new("scratch")
    separator = draw.one_of(":=,/;")
    count = draw.one_of((2, 2, 3))
    asked = Comparison("!=", Builtin("length", (parts,), INT), number(count))
    wrong = If(((asked, (Fail(_bad(draw, source)),)),))
    place = draw.between(1, count - 1)
    piece = Builtin("item", (parts, number(place)), STRING)
    scope = Scope((value,), helpers=context.helpers)
    lines: list[Statement] = [
        Let(parts, Builtin("split", (source, Literal(separator, CHARACTER)), STRINGS)),
        wrong,
        ParseInt(value, piece, _bad(draw, piece)),
    ]
    if draw.chance(0.6):
        lines.append(If(((condition(draw, scope, value), (Fail(_refused(draw, value)),)),)))
    name = Builtin("item", (parts, number(0)), STRING)
    if draw.chance(0.4):
        size = names.new("scratch")
        lines.append(Let(size, Builtin("length", (name,), INT)))
        scope = scope.having(size, positive=True)
    if draw.chance(0.4):
        early = text_condition(draw, name) if draw.chance(0.4) else condition(draw, scope)
        lines.append(If(((early, (Return(integer(draw, scope, 2)),)),)))
    whole = Arithmetic("+", value, Builtin("length", (name,), INT))
    result = integer(draw, scope, draw.between(1, 2)) if draw.chance(0.7) else whole
    function = Function(context.function_name("failure"), (source,), INT, (*lines, Return(result)), fails=True)
    return Part("", (function,), tuple((text(_line(draw, separator, count, place)),) for _ in range(5)))


def _line(draw: Draw, separator: str, count: int, place: int) -> str:
    parts = [draw.one_of(vocabulary().words) for _ in range(count)]
    if draw.chance(0.75):
        parts[place] = str(draw.between(1, 90))
    if draw.chance(0.25):
        parts.pop()
    return separator.join(parts)


def numbers_read(context: Context) -> Part:
    """A text of numbers, read one after another and added up."""
    draw, names = context.draw, Names(context.draw)
    source, word = names.new("text", STRING), names.new("word", STRING)
    value, total = names.new("scratch"), names.new("total")
    separator = draw.one_of(",; :/")
    scope = Scope((value,), helpers=context.helpers)
    inner: list[Statement] = [ParseInt(value, word, _bad(draw, word))]
    if draw.chance(0.5):
        inner.append(If(((Comparison(">", value, number(draw.between(30, 60))), (Fail(_refused(draw, value)),)),)))
    step = turn(draw, scope, total, value)
    loop = ForEach(word, Builtin("split", (source, Literal(separator, CHARACTER)), STRINGS), (*inner, *step))
    body: Body = (Let(total, number(0)), loop, Return(total))
    function = Function(context.function_name("failure"), (source,), INT, body, fails=True)
    inputs: list[Arguments] = []
    for _ in range(5):
        parts = [str(draw.between(1, 70)) for _ in range(draw.between(3, 5))]
        if draw.chance(0.35):
            parts[draw.below(len(parts))] = draw.one_of(vocabulary().words)
        inputs.append((text(separator.join(parts)),))
    return Part("", (function,), tuple(inputs))


def checked(context: Context) -> Part:
    """A number that is refused or used, and a function that hands the failure on."""
    draw, names = context.draw, Names(context.draw)
    first, second = names.new("parameter"), names.new("parameter")
    positives = frozenset([first.name, second.name])
    scope = Scope((first, second), positives, context.helpers)
    lines: list[Statement] = [
        If(((condition(draw, scope, first, 0), (Fail(_refused(draw, first)),)),)),
    ]
    if draw.chance(0.5):
        lines.append(If(((condition(draw, scope, second, 0), (Fail(_bad(draw, second)),)),)))
    inner = Function(
        context.function_name("failure"), (first, second), INT, (*lines, Return(integer(draw, scope, 2))), fails=True
    )
    inputs = tuple((number(draw.between(1, 30)), number(draw.between(1, 30))) for _ in range(5))
    if draw.chance(0.4):
        return Part("", (inner,), inputs)
    return Part("", (inner, _handed_on(context, inner)), inputs)


def _handed_on(context: Context, inner: Function) -> Function:
    draw, names = context.draw, Names(context.draw)
    parameters = tuple(names.new("parameter") for _ in inner.parameters)
    got = names.new("scratch")
    again: Variable | None = names.new("scratch") if draw.chance(0.4) else None
    lines: list[Statement] = [Let(got, Call(inner.name, parameters, INT, fails=True))]
    scope = Scope((got, *parameters), frozenset(one.name for one in parameters))
    if again is not None:
        lines.append(Let(again, Call(inner.name, parameters[::-1], INT, fails=True)))
        return Function(
            context.function_name("failure"), parameters, INT, (*lines, Return(Arithmetic("+", got, again))), fails=True
        )
    if draw.chance(0.5):
        lines.append(If(((condition(draw, scope, got, 0), (Return(integer(draw, scope)),)),)))
    result: Expression = integer(draw, scope, 1)
    return Function(context.function_name("failure"), parameters, INT, (*lines, Return(result)), fails=True)
