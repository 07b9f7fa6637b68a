"""Classes with a state, and a function that makes an object and lets things happen to it."""

from __future__ import annotations

from codescale.parallel_programs.expressions import (
    Arithmetic,
    Builtin,
    Comparison,
    Expression,
    ListLiteral,
    MethodCall,
    New,
    OwnField,
    Variable,
    number,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.expressions import condition
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.statements import (
    Body,
    Class,
    Do,
    ForEach,
    Function,
    If,
    Let,
    OwnAppend,
    OwnAssign,
    Return,
    Statement,
)
from codescale.parallel_programs.types import INT, INTS
from codescale.parallel_programs.types import record as record_type


def simulated(context: Context) -> Part:
    """A class with two methods that change it and one that tells, and a function that uses them."""
    draw = context.draw
    words = draw.one_of([one for one in vocabulary().classes if one.name not in context.taken])
    context.taken.add(words.name)
    state, limit = Variable(words.field, INT), Variable("limit", INT)
    has_limit, logs = draw.chance(0.6), draw.chance(0.4)
    log, moves = Variable("history", INTS), Variable("moves", INT)
    extra = log if logs else moves
    fields = (state, *((limit,) if has_limit else ()), extra)
    first: tuple[Expression, ...] = (number(draw.between(0, 20)), *((limit,) if has_limit else ()))
    initial = (*first, ListLiteral((), INTS) if logs else number(0))
    more, less = (
        _method(draw, name, state, extra, has_limit, grows=grows)
        for name, grows in zip(words.verbs, (True, False), strict=True)
    )
    told = _reading(draw, words.reading, state, extra)
    made = Class(words.name, (limit,) if has_limit else (), fields, initial, (more, less, told))
    return _used(context, made, has_limit)


def _method(draw: Draw, name: str, state: Variable, extra: Variable, has_limit: bool, grows: bool) -> Function:
    amount = Variable("amount", INT)
    own = OwnField(state.name, INT)
    noted: Statement = (
        OwnAppend(extra.name, amount if draw.chance(0.5) else own)
        if extra.type == INTS
        else OwnAssign(extra.name, "+", number(draw.between(1, 3)))
    )
    changed = amount if draw.chance(0.6) else Arithmetic("*", amount, number(draw.between(2, 4)))
    if grows:
        body: Body = (OwnAssign(state.name, "+", changed), noted)
        if has_limit:
            full = Comparison(">", own, OwnField("limit", INT))
            body = (*body, If(((full, (OwnAssign(state.name, "", OwnField("limit", INT)),)),)))
        return Function(name, (amount,), None, body)
    enough = Comparison(">=" if draw.chance(0.6) else ">", own, amount)
    taken: Body = (OwnAssign(state.name, "-", amount),)
    otherwise: Body = (noted,) if draw.chance(0.5) else (OwnAssign(state.name, "", number(draw.below(3))),)
    if draw.chance(0.3):
        return Function(name, (amount,), None, (OwnAssign(state.name, "-", changed), noted))
    return Function(name, (amount,), None, (If(((enough, (*taken, noted)),), otherwise),))


def _reading(draw: Draw, name: str, state: Variable, extra: Variable) -> Function:
    own = OwnField(state.name, INT)
    noted: Expression = (
        Builtin("length", (OwnField(extra.name, INTS),), INT) if extra.type == INTS else OwnField(extra.name, INT)
    )
    if draw.chance(0.3):
        noted = Arithmetic("*", noted, number(draw.between(2, 10)))
    return Function(name, (), INT, (Return(Arithmetic("+" if draw.chance(0.6) else "-", own, noted)),))


def _used(context: Context, made: Class, has_limit: bool) -> Part:
    draw, names = context.draw, Names(context.draw)
    source, item = names.new("list", INTS), names.new("item")
    target = Variable(names.take(made.name), record_type(made.name))
    more, less, told = made.methods
    given: tuple[Expression, ...] = ()
    parameters: tuple[Variable, ...] = (source,)
    if has_limit:
        most = Variable(names.take("most"), INT)
        parameters, given = (source, most), (most,)
    scope = Scope((item,), frozenset([item.name]))
    first, second = draw.shuffled((more, less))
    choice = If(
        ((condition(draw, scope, item), (Do(MethodCall(target, first.name, (item,), INT)),)),),
        (Do(MethodCall(target, second.name, (item,), INT)),),
    )
    body: Body = (
        Let(target, New(made.name, given)),
        ForEach(item, source, (choice,)),
        Return(MethodCall(target, told.name, (), INT)),
    )
    function = Function(context.function_name("number"), parameters, INT, body)
    inputs: tuple[Arguments, ...] = tuple(
        (
            ListLiteral(tuple(number(draw.between(1, 25)) for _ in range(draw.between(4, 6))), INTS),
            *(number(draw.between(15, 60)) for _ in given),
        )
        for _ in range(2)
    )
    return Part(made.name, (function,), inputs, (), (made,))
