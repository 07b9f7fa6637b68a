"""Functions of lists of records: sums, choices, the best one, an order, groups."""

from __future__ import annotations

from typing import Literal as OneOf

from codescale.parallel_programs.expressions import (
    Aggregate,
    Arithmetic,
    Comparison,
    EmptyMap,
    Expression,
    Field,
    ListLiteral,
    New,
    Sorted,
    Text,
    Variable,
    number,
    text,
)
from codescale.parallel_programs.generation.expressions import condition, integer, text_condition
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.generation.vocabulary import Theme, vocabulary
from codescale.parallel_programs.statements import (
    Append,
    Assign,
    Body,
    Count,
    ForEach,
    Function,
    If,
    Let,
    Record,
    Return,
    Statement,
    Update,
)
from codescale.parallel_programs.types import BOOL, COUNTS, INT, STRING, STRINGS, Type, list_of
from codescale.parallel_programs.types import record as record_type


class _Setting:
    """A record, a list of it as a parameter, and one of them as a variable."""

    def __init__(self, context: Context) -> None:
        draw = context.draw
        free = [theme for theme in vocabulary().themes if theme.one not in context.taken]
        self.theme: Theme = draw.one_of(free)
        context.taken.add(self.theme.one)
        self.draw, self.names = draw, Names(draw)
        numbers = draw.some_of(self.theme.numbers, draw.between(2, min(3, len(self.theme.numbers))))
        self.fields = tuple(Variable(name, INT) for name in numbers)
        self.record = Record(self.theme.one, (Variable(self.theme.text, STRING), *self.fields))
        self.type = list_of(record_type(self.theme.one))
        self.source = Variable(self.names.take(self.theme.many), self.type)
        self.one = Variable(self.names.take(self.theme.one), self.type.element)
        self.text = Field(self.one, self.theme.text, STRING)

    def number(self) -> Expression:
        """A number of one record: a field, or two of them together."""
        first, second = self.draw.some_of(self.fields, 2)
        one = Field(self.one, first.name, INT)
        if self.draw.chance(0.5):
            return one
        operator: OneOf["+", "*", "-"] = self.draw.one_of(("+", "*", "-"))
        other = Field(self.one, second.name, INT)
        return Arithmetic(operator, one, other if self.draw.chance(0.6) else number(self.draw.between(2, 9)))

    def asked(self) -> Expression:
        """A question about one record."""
        if self.draw.chance(0.15):
            return text_condition(self.draw, self.text)
        scope = Scope((Variable("", INT),))
        if self.draw.chance(0.3):
            first, second = self.draw.some_of(self.fields, 2)
            order: OneOf["<", ">", ">="] = self.draw.one_of(("<", ">", ">="))
            return Comparison(order, Field(self.one, first.name, INT), Field(self.one, second.name, INT))
        field = Field(self.one, self.draw.one_of(self.fields).name, INT)
        asked = condition(self.draw, scope, field, 0)
        return asked if '""' not in repr(asked) and "name=''" not in repr(asked) else self.asked()

    def items(self) -> ListLiteral:
        """A list of records."""
        names = self.draw.some_of(vocabulary().words, 5)
        made = tuple(
            New(
                self.record.name,
                (text(self.draw.one_of(names)), *(number(self.draw.between(1, 30)) for _ in self.fields)),
            )
            for _ in range(self.draw.between(3, 5))
        )
        return ListLiteral(made, self.type)

    def part(self, context: Context, kind: str, returns: Type, body: Body, parameter: Variable | None = None) -> Part:
        """The part with this body."""
        more = (parameter,) if parameter is not None else ()
        function = Function(f"{context.function_name(kind)}", (self.source, *more), returns, body)
        inputs: tuple[Arguments, ...] = tuple(
            (self.items(), *(number(self.draw.between(5, 25)) for _ in more)) for _ in range(self.draw.between(1, 2))
        )
        return Part(self.theme.many, (function,), inputs, (self.record,))


def aggregated(context: Context) -> Part:
    """A sum, a count, a question or a list of names."""
    setting = _Setting(context)
    kind: OneOf["sum", "count", "any", "all", "list"] = setting.draw.one_of(
        ("sum", "sum", "count", "any", "all", "list")
    )
    asked = setting.asked()
    if kind in ("any", "all"):
        answer = Aggregate(kind, setting.one, setting.source, asked, None, BOOL, "result")
        return setting.part(context, "answer", BOOL, (Return(answer),))
    if kind == "list":
        shown: Expression = setting.text
        if setting.draw.chance(0.5):
            shown = Text((setting.text, setting.draw.one_of(":-="), Field(setting.one, setting.fields[0].name, INT)))
        names = Aggregate("list", setting.one, setting.source, asked, shown, STRINGS, "result")
        return setting.part(context, "list", STRINGS, (Return(names),))
    value = setting.number() if kind == "sum" else None
    unasked = kind == "sum" and setting.draw.chance(0.3)
    total = setting.names.new("total")
    made = Aggregate(kind, setting.one, setting.source, None if unasked else asked, value, INT, total.name)
    if setting.draw.chance(0.5):
        return setting.part(context, "number", INT, (Return(made),))
    limit = setting.names.new("parameter")
    scope = Scope((total, limit), frozenset([limit.name]))
    body: Body = (Let(total, made), Return(integer(setting.draw, scope)))
    return setting.part(context, "number", INT, body, limit)


def looped(context: Context) -> Part:
    """A loop that adds up something of each record."""
    setting = _Setting(context)
    draw, total, scratch = setting.draw, setting.names.new("total"), setting.names.new("scratch")
    scope = Scope((scratch,), helpers=context.helpers)
    changed: Statement = Update(scratch, draw.one_of(("+", "-")), number(draw.between(1, 9)))
    if draw.chance(0.3):
        changed = Assign(scratch, integer(draw, scope))
    inner: Body = (Let(scratch, setting.number()), If(((setting.asked(), (changed,)),)), Update(total, "+", scratch))
    body: Body = (Let(total, number(0)), ForEach(setting.one, setting.source, inner), Return(total))
    return setting.part(context, "number", INT, body)


def best(context: Context) -> Part:
    """What the best record is called."""
    setting = _Setting(context)
    draw, names = setting.draw, setting.names
    highest, found, scratch = names.new("state"), Variable(names.take("winner"), STRING), names.new("scratch")
    order: OneOf["<", ">"] = draw.one_of(("<", ">"))
    better = Comparison(order, scratch, highest)
    keep = If(((better, (Assign(highest, scratch), Assign(found, setting.text))),))
    inner: Body = (Let(scratch, setting.number()), keep)
    if draw.chance(0.4):
        inner = (If(((setting.asked(), inner),)),)
    lines: Body = (
        Let(highest, number(0 if order == ">" else 500)),
        Let(found, text("none")),
        ForEach(setting.one, setting.source, inner),
    )
    if draw.chance(0.5):
        return setting.part(context, "text", STRING, (*lines, Return(found)))
    return setting.part(context, "text", STRING, (*lines, Return(Text((found, draw.one_of(":-="), highest)))))


def in_order(context: Context) -> Part:
    """Names of the records in the order of a number."""
    setting = _Setting(context)
    draw, names = setting.draw, setting.names
    key = draw.one_of(setting.fields)
    ordered = Variable(names.take("ordered"), setting.type)
    lines: list[Statement] = [Let(ordered, Sorted(setting.source, key.name, draw.chance(0.5)))]
    shown: Expression = setting.text
    if draw.chance(0.6):
        shown = Text((setting.text, draw.one_of(":-="), setting.number()))
    if draw.chance(0.5):
        asked = setting.asked() if draw.chance(0.5) else None
        made = Aggregate("list", setting.one, ordered, asked, shown, STRINGS, "result")
        return setting.part(context, "list", STRINGS, (*lines, Return(made)))
    kept = names.new("kept", STRINGS)
    add: Statement = Append(kept, shown)
    if draw.chance(0.5):
        add = If(((setting.asked(), (add,)),), (Append(kept, text(draw.one_of(("none", "-", "skipped")))),))
    loop = ForEach(setting.one, ordered, (add,))
    return setting.part(context, "list", STRINGS, (*lines, Let(kept, ListLiteral((), STRINGS)), loop, Return(kept)))


def grouped(context: Context) -> Part:
    """Numbers of records added up by what they are called."""
    setting = _Setting(context)
    draw = setting.draw
    totals = setting.names.new("map", COUNTS)
    step: Statement = Count(totals, setting.text, number(1) if draw.chance(0.25) else setting.number())
    if draw.chance(0.7):
        branches = [(setting.asked(), (step,))]
        if draw.chance(0.4):
            branches.append((setting.asked(), (Count(totals, setting.text, setting.number()),)))
        otherwise = (Count(totals, text("other"), setting.number()),) if draw.chance(0.4) else ()
        step = If(tuple(branches), otherwise)
    body: Body = (Let(totals, EmptyMap(COUNTS)), ForEach(setting.one, setting.source, (step,)), Return(totals))
    return setting.part(context, "map", COUNTS, body)
