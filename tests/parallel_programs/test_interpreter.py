"""The interpreter refuses what languages do not agree on."""

from __future__ import annotations

import pytest

from codescale.parallel_programs.expressions import (
    Arithmetic,
    Builtin,
    Expression,
    ListLiteral,
    Literal,
    Text,
    number,
    text,
)
from codescale.parallel_programs.interpreter import Refused, evaluate
from codescale.parallel_programs.statements import Body, Print, Program, While
from codescale.parallel_programs.types import BOOL, CHARACTER, INT, INTS, STRINGS


def printed(expression: Expression) -> str:
    return evaluate(Program("x", (), (), (), (Print(Text((expression,))),))).output


_ONE = ListLiteral((number(1),), INTS)


@pytest.mark.parametrize(
    "expression",
    [
        Arithmetic("*", number(2**20), number(2**20)),
        Arithmetic("//", number(-7), number(2)),
        Arithmetic("%", number(7), number(-2)),
        Arithmetic("//", number(7), number(0)),
        Builtin("item", (_ONE, number(1)), INT),
        Builtin("item", (_ONE, number(-1)), INT),
        Builtin("prefix", (text("ab"), number(3)), INT),
        Builtin("digit_value", (Literal("x", CHARACTER),), INT),
        Builtin("letter_index", (Literal("X", CHARACTER),), INT),
        Builtin("split", (text("a,,b"), Literal(",", CHARACTER)), STRINGS),
    ],
)
def test_what_languages_do_not_agree_on_is_refused(expression: Expression) -> None:
    with pytest.raises(Refused):
        printed(expression)


def test_a_program_without_an_end_is_refused() -> None:
    body: Body = (While(Literal(True, BOOL), ()),)
    with pytest.raises(Refused):
        evaluate(Program("x", (), (), (), body))


def test_what_they_agree_on_is_not() -> None:
    assert printed(Arithmetic("-", number(3), number(2**31 - 1))) == f"{4 - 2**31}\n"
    assert printed(Literal(True, BOOL)) == "true\n"
