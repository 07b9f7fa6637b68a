"""Renderings: brackets where they are needed, names that no language takes, and Python that prints what is expected."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from codescale.parallel_programs.expressions import Arithmetic, Comparison, Logic, Not, Variable, number
from codescale.parallel_programs.generation.program import generate
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.interpreter import BUILTINS, evaluate
from codescale.parallel_programs.languages import LANGUAGES
from codescale.parallel_programs.rendering.registry import RENDERERS, render
from codescale.parallel_programs.statements import Program
from codescale.parallel_programs.types import BOOL, INT

_RESERVED = set((Path(__file__).parent / "reserved_words.txt").read_text(encoding="utf-8").split())
"""Keywords of the seven languages, and names that renderings rely on."""

_A, _B = Variable("a", INT), Variable("b", INT)


@pytest.mark.parametrize(
    ("expression", "python", "java"),
    [
        (Arithmetic("-", _A, Arithmetic("-", _B, number(1))), "a - (b - 1)", "a - (b - 1)"),
        (Arithmetic("*", Arithmetic("+", _A, _B), number(2)), "(a + b) * 2", "(a + b) * 2"),
        (Arithmetic("//", Arithmetic("*", _A, _B), number(2)), "a * b // 2", "a * b / 2"),
        (Arithmetic("%", _A, Arithmetic("%", _B, number(3))), "a % (b % 3)", "a % (b % 3)"),
        (Not(Comparison("<", _A, _B)), "not a < b", "!(a < b)"),
        (
            Logic("and", Logic("or", Variable("p", BOOL), Variable("q", BOOL)), Comparison("==", _A, _B)),
            "(p or q) and a == b",
            "(p || q) && a == b",
        ),
    ],
)
def test_brackets_stand_where_they_are_needed(expression: object, python: str, java: str) -> None:
    empty = Program("x", (), (), (), ())
    assert RENDERERS["python"](empty).expression(expression).text == python  # type: ignore[arg-type]
    assert RENDERERS["java"](empty).expression(expression).text == java  # type: ignore[arg-type]


def test_python_prints_what_the_interpreter_says() -> None:
    for number_of in range(150):
        program = generate(11, number_of)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(render(program, "python"), "program", "exec"), {"__name__": "__main__"})
        assert printed.getvalue() == evaluate(program).output, number_of


def test_every_language_knows_every_builtin() -> None:
    assert tuple(RENDERERS) == LANGUAGES
    for renderer in RENDERERS.values():
        assert set(BUILTINS) - set(renderer.builtins) <= {"item"}  # an index in Rust is made by hand
        assert set(renderer.builtins) <= set(BUILTINS)


def test_no_name_is_reserved_in_a_language() -> None:
    words = vocabulary()
    names = {name for names in words.locals.values() for name in names}
    names |= {name for one in words.themes for name in (one.one, one.many, one.text, *one.numbers)}
    names |= {name for one in words.classes for name in (one.name, one.field, one.reading, *one.verbs)}
    assert not names & (_RESERVED - {"record"})
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names)


def test_texts_hold_no_mark_of_a_template() -> None:
    """What a language would read in a string, such as ``{`` or ``%``."""
    for number_of in range(60):
        program = generate(12, number_of)
        assert not set('%{}\\"$`') & set(evaluate(program).output)


def test_languages_that_are_not_known_are_refused() -> None:
    with pytest.raises(KeyError):
        render(generate(0, 0), "cobol")
