"""Functions from numbers to a number: arithmetic, loops that count, digits, recursion."""

from __future__ import annotations

from collections.abc import Sequence

from codescale.parallel_programs.expressions import Arithmetic, Call, Comparison, Expression, Variable, number
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.expressions import condition, integer, positive
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.statements import (
    Assign,
    Body,
    Break,
    Continue,
    ForRange,
    Function,
    If,
    Let,
    Return,
    Statement,
    Update,
    While,
)
from codescale.parallel_programs.types import INT


def number_inputs(draw: Draw, count: int, first: int, last: int) -> tuple[Arguments, ...]:
    """Inputs of ``count`` integers each."""
    return tuple(tuple(number(draw.between(first, last)) for _ in range(count)) for _ in range(draw.between(3, 4)))


def _function(context: Context, parameters: Sequence[Variable], body: Body) -> Function:
    return Function(context.function_name("number"), tuple(parameters), INT, body)


def helper(context: Context) -> Part:
    """A small function of one number, which others may call."""
    draw, names = context.draw, Names(context.draw)
    n = names.new("parameter")
    scope = Scope((n,), frozenset([n.name]))
    body: Body = (Return(integer(draw, scope, 2)),)
    if draw.chance(0.6):
        body = (If(((condition(draw, scope), (Return(integer(draw, scope)),)),)), *body)
    return Part("", (_function(context, [n], body),), number_inputs(draw, 1, 1, 40))


def arithmetic(context: Context) -> Part:
    """Steps of arithmetic with choices between them."""
    draw, names = context.draw, Names(context.draw)
    parameters = [names.new("parameter") for _ in range(draw.between(1, 3))]
    lowest = draw.one_of((0, 1, -20))
    scope = Scope(tuple(parameters), helpers=context.helpers)
    if lowest >= 0:
        scope = Scope(tuple(parameters), frozenset(one.name for one in parameters), context.helpers)
    body: list[Statement] = []
    if draw.chance(0.4):
        body.append(If(((condition(draw, scope), (Return(integer(draw, scope)),)),)))
    scratch = names.new("scratch")
    body.append(Let(scratch, integer(draw, scope, draw.between(1, 2))))
    scope = scope.having(scratch)
    if draw.chance(0.7):
        body.append(_choice(draw, scope, scratch))
    if draw.chance(0.4):
        more = names.new("scratch")
        body.append(Let(more, integer(draw, scope, 2)))
        scope = scope.having(more)
    body.append(Return(_with(draw, scope, scope.integers[-1])))
    return Part("", (_function(context, parameters, tuple(body)),), number_inputs(draw, len(parameters), lowest, 40))


def _with(draw: Draw, scope: Scope, subject: Variable) -> Expression:
    """``subject`` combined with something else."""
    others = Scope(tuple(one for one in scope.integers if one != subject), scope.positive, scope.helpers)
    if not others.integers or draw.chance(0.3):
        return subject
    return Arithmetic("+" if draw.chance(0.6) else "-", subject, integer(draw, others, draw.below(2)))


def change(draw: Draw, scope: Scope, target: Variable) -> Statement:
    """``target`` changed by a random amount."""
    amount = integer(draw, scope, draw.below(2)) if draw.chance(0.6) else number(draw.between(1, 9))
    if draw.chance(0.1):
        return Assign(target, integer(draw, Scope((target,)), 1))
    return Update(target, "+" if draw.chance(0.7) else "-", amount)


def _choice(draw: Draw, scope: Scope, target: Variable) -> Statement:
    """``target`` changed in one of several ways, which a condition chooses."""
    branches = tuple((condition(draw, scope), (change(draw, scope, target),)) for _ in range(draw.one_of((1, 1, 2))))
    return If(branches, (change(draw, scope, target),) if draw.chance(0.6) else ())


def turn(draw: Draw, scope: Scope, target: Variable, subject: Variable) -> Body:
    """What a loop does to ``target`` for one ``subject``."""
    step = change(draw, scope, target)
    kind = draw.below(5)
    if kind == 0:
        return (step,)
    asked = condition(draw, scope, subject)
    if kind == 1:
        return (If(((asked, (Continue(),)),)), step)
    if kind == 2:
        return (If(((asked, (step,)),), (change(draw, scope, target),)),)
    if kind == 3:
        second = condition(draw, scope, subject, 0)
        return (If(((asked, (step,)), (second, (change(draw, scope, target),)))),)
    return (If(((asked, (step,)),)),)


def counting(context: Context) -> Part:
    """A loop that counts, and adds something up."""
    draw, names = context.draw, Names(context.draw)
    parameters = [names.new("parameter") for _ in range(draw.between(1, 2))]
    total, index = names.new("total"), names.new("index")
    positives = frozenset(one.name for one in (*parameters, index))
    scope = Scope((index, *parameters), positives, context.helpers)
    stop: Expression = parameters[0] if draw.chance(0.6) else Arithmetic("+", parameters[0], number(1))
    inner = turn(draw, scope, total, index)
    if draw.chance(0.15):
        inner = (*inner, If(((Comparison(">", total, number(draw.between(50, 300))), (Break(),)),)))
    loop = ForRange(index, number(draw.one_of((0, 1, 1, 2))), stop, inner)
    body: Body = (Let(total, number(draw.one_of((0, 0, 1, 10)))), loop, Return(total))
    return Part("", (_function(context, parameters, body),), number_inputs(draw, len(parameters), 3, 20))


def digits(context: Context) -> Part:
    """A loop over the digits of a number in some base."""
    draw, names = context.draw, Names(context.draw)
    n, rest, total = names.new("parameter"), Variable(names.take("rest"), INT), names.new("total")
    digit = Variable(names.take("digit"), INT)
    base = number(draw.one_of((2, 3, 5, 7, 8, 10, 10, 10, 16)))
    scope = Scope((digit, rest), frozenset([digit.name, rest.name]), context.helpers)
    inner: Body = (
        Let(digit, Arithmetic("%", rest, base)),
        *turn(draw, scope, total, digit),
        Update(rest, "//", base),
    )
    if any(isinstance(one, If) and Continue() in one.branches[0][1] for one in inner):
        return digits(context)  # it would never get to the next digit
    loop = While(Comparison(">", rest, number(0)), inner)
    body: Body = (Let(rest, n), Let(total, number(draw.one_of((0, 0, 1)))), loop, Return(total))
    return Part("", (_function(context, [n], body),), number_inputs(draw, 1, 10, 9999))


def until(context: Context) -> Part:
    """A number changed over and over until it is small or large enough; how often, or what became of it."""
    draw, names = context.draw, Names(context.draw)
    start, limit = names.new("parameter"), names.new("parameter")
    value, steps = names.new("scratch"), Variable(names.take("steps"), INT)
    if draw.chance(0.5):
        grown = Arithmetic("*", value, number(draw.between(2, 4)))
        change_it: Statement = Assign(value, Arithmetic("+", grown, number(draw.between(1, 9))))
        going, inputs = Comparison(draw.one_of(("<", "<=")), value, limit), (1, 9, 50, 900)
    else:
        change_it = Assign(value, Arithmetic("//", value, number(draw.between(2, 4))))
        if draw.chance(0.5):
            change_it = Update(value, "-", Arithmetic("+", Arithmetic("//", value, number(3)), number(1)))
        going, inputs = Comparison(">", value, limit), (100, 999, 1, 20)
    scope = Scope((value, start), frozenset([value.name, start.name]))
    inner: Body = (change_it, Update(steps, "+", number(1)))
    if draw.chance(0.7):
        inner = (
            (*turn(draw, scope, steps, value)[-1:], *inner)
            if draw.chance(0.5)
            else (*inner, _choice(draw, scope, steps))
        )
    ended = steps if draw.chance(0.5) else Arithmetic("+", Arithmetic("*", steps, number(draw.between(2, 9))), value)
    body: Body = (Let(value, start), Let(steps, number(0)), While(going, inner), Return(ended))
    given = tuple(
        (number(draw.between(inputs[0], inputs[1])), number(draw.between(inputs[2], inputs[3]))) for _ in range(3)
    )
    return Part("", (_function(context, [start, limit], body),), given)


def recursion(context: Context) -> Part:
    """A function that calls itself with less."""
    draw, names = context.draw, Names(context.draw)
    n = names.new("parameter")
    scope = Scope((n,), frozenset([n.name]), context.helpers)
    name = context.function_name("number")
    kind = draw.below(4)
    if kind == 3:
        return _of_two(context, name, n, names.new("parameter"))
    if kind == 0:  # by digits
        base = number(draw.one_of((2, 3, 10, 10)))
        end = Return(n if draw.chance(0.4) else integer(draw, scope))
        rest = Arithmetic("%", n, base)
        kept: Expression = rest if draw.chance(0.5) else integer(draw, Scope((n,), scope.positive), 1)
        again = Arithmetic("+", Call(name, (Arithmetic("//", n, base),), INT), kept)
        body: Body = (If(((Comparison("<", n, base), (end,)),)), Return(again))
        return Part("", (Function(name, (n,), INT, body),), number_inputs(draw, 1, 10, 2000))
    least = draw.between(1, 3)
    again_once = Call(name, (Arithmetic("-", n, number(draw.between(1, least))),), INT)
    end = Return(integer(draw, scope) if draw.chance(0.5) else number(draw.between(1, 9)))
    if kind == 1:
        result: Expression = Arithmetic(
            "+" if draw.chance(0.7) else "-", again_once, integer(draw, scope, draw.below(2))
        )
        choice: Body = ()
        if draw.chance(0.5):
            other = Arithmetic("+", again_once, number(draw.between(2, 12)))
            choice = (If(((condition(draw, scope), (Return(other),)),)),)
        body = (If(((Comparison("<=", n, number(least)), (end,)),)), *choice, Return(result))
        return Part("", (Function(name, (n,), INT, body),), number_inputs(draw, 1, 4, 25))
    twice = Call(name, (Arithmetic("-", n, number(least + draw.below(2))),), INT)
    factor = Arithmetic("*", twice, number(draw.between(2, 4))) if draw.chance(0.4) else twice
    result = Arithmetic("+" if draw.chance(0.75) else "-", again_once, factor)
    if draw.chance(0.4):
        result = Arithmetic("+", result, number(draw.between(1, 9)))
    body = (If(((Comparison("<", n, number(least + 1)), (end,)),)), Return(result))
    return Part("", (Function(name, (n,), INT, body),), number_inputs(draw, 1, 3, 10))


def _of_two(context: Context, name: str, first: Variable, second: Variable) -> Part:
    draw = context.draw
    scope = Scope((first, second), frozenset([first.name, second.name]), context.helpers)
    end = Return(first if draw.chance(0.6) else integer(draw, Scope((first,), scope.positive)))
    smaller = Arithmetic("-", second, number(draw.between(1, 3)))
    other: Expression = integer(draw, Scope((first, second), scope.positive), 1)
    again: Expression = Call(name, (positive(other, scope), smaller), INT)
    if draw.chance(0.5):
        again = Arithmetic("+", again, second if draw.chance(0.5) else number(draw.between(1, 7)))
    body: Body = (If(((Comparison("<=", second, number(0)), (end,)),)), Return(again))
    return Part("", (Function(name, (first, second), INT, body),), number_inputs(draw, 2, 2, 12))
