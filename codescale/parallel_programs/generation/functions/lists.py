"""Functions of lists of numbers: aggregates, loops with a memory, new lists, places, pairs."""

from __future__ import annotations

from typing import Literal as OneOf

from codescale.parallel_programs.expressions import (
    Aggregate,
    Arithmetic,
    Builtin,
    Comparison,
    Expression,
    ListLiteral,
    Sorted,
    Variable,
    number,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.expressions import condition, integer
from codescale.parallel_programs.generation.functions.numbers import turn
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.statements import (
    Append,
    Assign,
    Body,
    ForEach,
    ForIndexed,
    ForRange,
    Function,
    If,
    Let,
    Return,
    SetItem,
    Statement,
    Update,
)
from codescale.parallel_programs.types import BOOL, INT, INTS


def _numbers(draw: Draw) -> ListLiteral:
    return ListLiteral(tuple(number(draw.between(1, 40)) for _ in range(draw.between(4, 7))), INTS)


def _inputs(draw: Draw, more: int) -> tuple[Arguments, ...]:
    """A list and ``more`` numbers, two or three times."""
    return tuple(
        (_numbers(draw), *(number(draw.between(2, 25)) for _ in range(more))) for _ in range(draw.between(2, 3))
    )


class _Setting:
    """The parameters of a function of a list, a variable for its elements, and what expressions may refer to."""

    def __init__(self, context: Context) -> None:
        self.draw, self.names = context.draw, Names(context.draw)
        self.source = self.names.new("list", INTS)
        self.more = [self.names.new("parameter")] if self.draw.chance(0.4) else []
        self.item = self.names.new("item")
        positives = frozenset(one.name for one in (self.item, *self.more))
        self.scope = Scope((self.item, *self.more), positives, context.helpers)

    def part(self, context: Context, kind: str, returns: OneOf["int", "list", "bool"], body: Body) -> Part:
        """The part with this body."""
        types = {"int": INT, "list": INTS, "bool": BOOL}
        function = Function(context.function_name(kind), (self.source, *self.more), types[returns], body)
        return Part("", (function,), _inputs(self.draw, len(self.more)))


def aggregate(context: Context) -> Part:
    """A sum, a count, a question or a list, as an expression."""
    setting = _Setting(context)
    draw, scope = setting.draw, setting.scope
    kind: OneOf["sum", "count", "any", "all", "list"] = draw.one_of(
        ("sum", "sum", "count", "any", "all", "list", "list")
    )
    asked = condition(draw, scope, setting.item)
    if kind in ("sum", "list") and draw.chance(0.2):
        made = Aggregate(kind, setting.item, setting.source, None, integer(draw, scope, 2), INTS, "result")
    else:
        value = integer(draw, scope, draw.between(1, 2)) if kind in ("sum", "list") and draw.chance(0.6) else None
        made = Aggregate(kind, setting.item, setting.source, asked, value, INTS, "result")
    if kind == "list":
        return setting.part(context, "list", "list", (Return(made),))
    if kind in ("any", "all"):
        answer = Aggregate(kind, setting.item, setting.source, asked, None, BOOL, "result")
        return setting.part(context, "answer", "bool", (Return(answer),))
    summed = Aggregate(kind, setting.item, setting.source, made.condition, made.value, INT, "result")
    if draw.chance(0.5):
        return setting.part(context, "number", "int", (Return(summed),))
    total = setting.names.new("total")
    outer = Scope((total, *setting.more), frozenset(one.name for one in setting.more))
    body: Body = (Let(total, summed), Return(integer(draw, outer, 1)))
    return setting.part(context, "number", "int", body)


def looped(context: Context) -> Part:
    """A loop that adds up."""
    setting = _Setting(context)
    total = setting.names.new("total")
    inner = turn(setting.draw, setting.scope, total, setting.item)
    body: Body = (
        Let(total, number(setting.draw.one_of((0, 0, 0, 1, 100)))),
        ForEach(setting.item, setting.source, inner),
        Return(total),
    )
    return setting.part(context, "number", "int", body)


def remembered(context: Context) -> Part:
    """A loop that remembers the best, the last, or how long something has gone on."""
    setting = _Setting(context)
    draw, scope, item = setting.draw, setting.scope, setting.item
    kind = draw.below(3)
    first, second = setting.names.new("state"), setting.names.new("state")
    if kind == 0:
        candidate = setting.names.new("scratch")
        order: OneOf["<", ">"] = draw.one_of(("<", ">"))
        keep: Statement = If(((Comparison(order, candidate, first), (Assign(first, candidate),)),))
        inner: Body = (Let(candidate, integer(draw, scope, draw.between(1, 2))), keep)
        body: Body = (
            Let(first, number(0 if order == ">" else 1000)),
            ForEach(item, setting.source, inner),
            Return(first),
        )
    elif kind == 1:
        longer = If(((Comparison(">", first, second), (Assign(second, first),)),))
        going = If(
            ((condition(draw, scope, item), (Update(first, "+", number(1)), longer)),), (Assign(first, number(0)),)
        )
        loop = ForEach(item, setting.source, (going,))
        body = (Let(first, number(0)), Let(second, number(0)), loop, Return(second))
    else:
        changed = If(
            ((Comparison(draw.one_of(("<", ">")), item, first), (Update(second, "+", integer(draw, scope, 1)),)),)
        )
        loop = ForEach(item, setting.source, (changed, Assign(first, item)))
        body = (Let(first, number(draw.between(0, 30))), Let(second, number(0)), loop, Return(second))
    return setting.part(context, "number", "int", body)


def transformed(context: Context) -> Part:
    """A new list, made in a loop with a running number."""
    setting = _Setting(context)
    draw, scope, item = setting.draw, setting.scope, setting.item
    running, kept = setting.names.new("state"), setting.names.new("kept", INTS)
    within = scope.having(running)
    update: Statement = Update(running, "+", item if draw.chance(0.6) else integer(draw, scope, 1))
    if draw.chance(0.3):
        update = Assign(running, integer(draw, within, 1))
    add: Statement = Append(kept, running if draw.chance(0.4) else integer(draw, within, 1))
    inner: Body = (update, add) if draw.chance(0.6) else (add, update)
    if draw.chance(0.5):
        inner = (inner[0], If(((condition(draw, within, item), (inner[1],)),)))
    body: Body = (
        Let(running, number(draw.between(0, 5))),
        Let(kept, ListLiteral((), INTS)),
        ForEach(item, setting.source, inner),
        Return(kept),
    )
    return setting.part(context, "list", "list", body)


def bucketed(context: Context) -> Part:
    """Numbers added up in places that a remainder chooses."""
    setting = _Setting(context)
    draw, item = setting.draw, setting.item
    size = draw.between(2, 5)
    buckets, place = Variable(setting.names.take("buckets"), INTS), setting.names.new("index")
    added: Expression = number(1) if draw.chance(0.4) else integer(draw, setting.scope, draw.below(2))
    before = Builtin("item", (buckets, place), INT)
    put: Statement = SetItem(buckets, place, Arithmetic("+", before, added))
    if draw.chance(0.6):
        other = SetItem(buckets, place, Arithmetic("-", before, integer(draw, setting.scope, draw.below(2))))
        put = If(((condition(draw, setting.scope, item), (put,)),), (other,) if draw.chance(0.4) else ())
    inner: Body = (Let(place, Arithmetic("%", item, number(size))), put)
    if isinstance(put, If) and draw.chance(0.3):
        inner = (If(((put.branches[0][0], (inner[0], put.branches[0][1][0])),)),)
    empty = ListLiteral((number(0),) * size, INTS)
    body: Body = (Let(buckets, empty), ForEach(item, setting.source, inner), Return(buckets))
    return setting.part(context, "list", "list", body)


def placed(context: Context) -> Part:
    """A loop that knows the place: weighted sums, the first place of something, differences of neighbours."""
    setting = _Setting(context)
    draw, item, source = setting.draw, setting.item, setting.source
    index, total = setting.names.new("index"), setting.names.new("total")
    scope = setting.scope.having(index, positive=True)
    kind = draw.below(3)
    if kind == 0:
        inner = turn(draw, scope, total, draw.one_of((item, index)))
        uses = (Update(total, "+", Arithmetic("*", index, item)),) if draw.chance(0.4) else ()
        loop: Statement = ForIndexed(index, item, source, (*uses, *inner))
        return setting.part(context, "number", "int", (Let(total, number(0)), loop, Return(total)))
    if kind == 1:
        found = If(((condition(draw, setting.scope, item), (Return(index),)),))
        body: Body = (ForIndexed(index, item, source, (found,)), Return(number(-1)))
        return setting.part(context, "number", "int", body)
    before = Builtin("item", (source, Arithmetic("-", index, number(1))), INT)
    gap = setting.names.new("scratch")
    difference = Arithmetic("-", Builtin("item", (source, index), INT), before)
    inner_scope = Scope((gap, index, *setting.more), frozenset(one.name for one in (index, *setting.more)))
    step = turn(draw, inner_scope, total, gap)
    loop = ForRange(index, number(1), Builtin("length", (source,), INT), (Let(gap, difference), *step))
    return setting.part(context, "number", "int", (Let(total, number(0)), loop, Return(total)))


def paired(context: Context) -> Part:
    """Two loops, one in the other, over all pairs of a list."""
    setting = _Setting(context)
    draw, source = setting.draw, setting.source
    outer, inner_index, total = setting.names.new("index"), setting.names.new("inner"), setting.names.new("total")
    first, second = Variable(setting.names.take("first"), INT), Variable(setting.names.take("second"), INT)
    positives = frozenset(one.name for one in (first, second, *setting.more))
    scope = Scope((first, second, *setting.more), positives)
    length = Builtin("length", (source,), INT)
    asked = condition(draw, scope, Arithmetic("+", first, second))
    step = Update(total, "+" if draw.chance(0.8) else "-", number(1) if draw.chance(0.4) else integer(draw, scope, 2))
    otherwise = (Update(total, "-", number(draw.between(1, 5))),) if draw.chance(0.3) else ()
    found = If(((asked, (step,)),), otherwise)
    inner = ForRange(
        inner_index,
        Arithmetic("+", outer, number(1)),
        length,
        (
            Let(first, Builtin("item", (source, outer), INT)),
            Let(second, Builtin("item", (source, inner_index), INT)),
            found,
        ),
    )
    body: Body = (Let(total, number(0)), ForRange(outer, number(0), length, (inner,)), Return(total))
    return setting.part(context, "number", "int", body)


def ordered(context: Context) -> Part:
    """What is left of a sorted copy."""
    setting = _Setting(context)
    draw, item, source = setting.draw, setting.item, setting.source
    sorted_copy = Variable(setting.names.take("ordered"), INTS)
    lines: list[Statement] = [Let(sorted_copy, Sorted(source, None, draw.chance(0.5)))]
    if draw.chance(0.5):
        place = number(draw.below(3))
        chosen: Expression = Builtin("item", (sorted_copy, place), INT)
        last = Builtin("last", (sorted_copy,), INT)
        ends = Variable(setting.names.take("ends"), INT)
        lines.append(Let(ends, Arithmetic(draw.one_of(("+", "-")), chosen, last)))
        outer = Scope((ends, *setting.more), frozenset(one.name for one in setting.more))
        if draw.chance(0.5):
            lines.append(If(((condition(draw, outer), (Return(integer(draw, outer, 1)),)),)))
        return setting.part(context, "number", "int", (*lines, Return(integer(draw, outer, draw.between(1, 2)))))
    value = integer(draw, setting.scope) if draw.chance(0.5) else None
    kept = Aggregate("list", item, sorted_copy, condition(draw, setting.scope, item), value, INTS, "result")
    return setting.part(context, "list", "list", (*lines, Return(kept)))
