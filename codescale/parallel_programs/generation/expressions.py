"""Random integers and conditions that mean the same in every language."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import get_args

from codescale.parallel_programs.expressions import (
    Arithmetic,
    Builtin,
    Call,
    Comparison,
    Expression,
    Literal,
    Logic,
    Not,
    Variable,
    number,
    text,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.scope import Scope
from codescale.parallel_programs.types import BOOL, CHARACTER, INT

_Order = OneOf["<", "<=", ">", ">="]
_ORDERS: tuple[_Order, ...] = get_args(_Order)


def is_positive(expression: Expression, scope: Scope) -> bool:
    """Whether ``expression`` is known never to be negative."""
    match expression:
        case Literal(value, _):
            return isinstance(value, int) and value >= 0
        case Variable(name, _):
            return name in scope.positive
        case Arithmetic("-", _, _):
            return False
        case Arithmetic(_, left, right):
            return is_positive(left, scope) and is_positive(right, scope)
        case Builtin("max", arguments, _):
            return any(is_positive(one, scope) for one in arguments)
        case Builtin("min", arguments, _):
            return all(is_positive(one, scope) for one in arguments)
        case Builtin(name, _, _):
            return name in ("abs", "length", "digit_value", "letter_index")
        case _:
            return False


def positive(expression: Expression, scope: Scope) -> Expression:
    """``expression``, made so that it is never negative."""
    return expression if is_positive(expression, scope) else Builtin("abs", (expression,), INT)


def integer(draw: Draw, scope: Scope, depth: int = 1) -> Expression:
    """An integer in terms of what ``scope`` has, never a constant."""
    subject: Expression = draw.one_of(scope.integers)
    if scope.helpers and draw.chance(0.25):
        subject = Call(draw.one_of(scope.helpers).name, (subject,), INT)
    for _ in range(depth):
        subject = _changed(draw, scope, subject)
    return subject


def _changed(draw: Draw, scope: Scope, subject: Expression) -> Expression:
    others = [one for one in scope.integers if one != subject]
    other: Expression = draw.one_of(others) if others and draw.chance(0.45) else number(draw.between(2, 20))
    kind = draw.one_of(("+", "+", "-", "-", "*", "*", "//", "%", "min", "max", "swap", "abs"))
    match kind:
        case "+" | "-" as operator:
            return Arithmetic(operator, subject, other)
        case "*":
            return Arithmetic("*", subject, number(draw.between(2, 9)))
        case "//":
            return Arithmetic("//", positive(subject, scope), number(draw.between(2, 6)))
        case "%":
            return Arithmetic("%", positive(subject, scope), number(draw.between(3, 12)))
        case "min" | "max":
            return Builtin(kind, (subject, other), INT)
        case "swap":
            return Arithmetic("-", other, subject)
        case _:
            return Builtin("abs", (Arithmetic("-", subject, other),), INT)


def condition(draw: Draw, scope: Scope, subject: Expression | None = None, depth: int = 1) -> Expression:
    """A question about ``subject`` (default: one of the scope's integers)."""
    if depth and draw.chance(0.2):
        operator: OneOf["and", "or"] = draw.one_of(("and", "or"))
        first = condition(draw, scope, subject, 0)
        second = condition(draw, scope, None, 0)
        return first if first == second else Logic(operator, first, second)
    about: Expression = subject if subject is not None else draw.one_of(scope.integers)
    others = [one for one in scope.integers if one != about]
    kind = draw.below(5)
    if kind == 0:
        divisor = draw.between(2, 5)
        equal: OneOf["==", "!="] = "==" if draw.chance(0.75) else "!="
        rest = Arithmetic("%", positive(about, scope), number(divisor))
        return Comparison(equal, rest, number(draw.below(divisor)))
    if kind == 1 and others:
        return Comparison(draw.one_of(_ORDERS), about, draw.one_of(others))
    if kind == 2:
        return Comparison(draw.one_of(_ORDERS), integer(draw, scope), number(draw.between(3, 40)))
    return Comparison(draw.one_of(_ORDERS), about, number(draw.between(1, 25)))


def character_condition(draw: Draw, character: Variable) -> Expression:
    """A question about a character."""
    kind = draw.below(6)
    if kind == 0:
        letters = "".join(draw.some_of("abcdefghijklmnopqrstuvwxyz", draw.between(3, 6)))
        return Builtin("is_one_of", (character, text("aeiou" if draw.chance(0.4) else letters)), BOOL)
    if kind == 1:
        asked = Comparison("==", character, Literal(draw.one_of("aelnorst- "), CHARACTER))
        return asked if draw.chance(0.7) else Comparison("!=", asked.left, asked.right)
    asked_of = draw.one_of(("is_digit", "is_letter", "is_upper", "is_lower"))
    asked_it = Builtin(asked_of, (character,), BOOL)
    return Not(asked_it) if draw.chance(0.2) else asked_it


def text_condition(draw: Draw, word: Expression, depth: int = 1) -> Expression:
    """A question about a word."""
    if depth and draw.chance(0.35):
        operator: OneOf["and", "or"] = draw.one_of(("and", "or"))
        first, second = text_condition(draw, word, 0), text_condition(draw, word, 0)
        return first if first == second else Logic(operator, first, second)
    kind = draw.below(5)
    if kind == 4:
        asked = text_condition(draw, word, 0)
        return Not(asked) if isinstance(asked, Builtin) else asked
    if kind == 0:
        return Builtin(draw.one_of(("starts_with", "ends_with")), (word, text(draw.one_of("abcdehlmnrst"))), BOOL)
    if kind == 1:
        return Builtin("contains", (word, text(draw.one_of(("a", "e", "o", "an", "er", "ar", "el")))), BOOL)
    length = Builtin("length", (word,), INT)
    if kind == 2:
        return Comparison("==", Arithmetic("%", length, number(2)), number(draw.below(2)))
    return Comparison(draw.one_of(_ORDERS), length, number(draw.between(4, 6)))
