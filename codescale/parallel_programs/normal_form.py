"""What is left of a program without its names, constants and inputs: two with one normal form differ in those alone."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass

from codescale.parallel_programs.expressions import Builtin, Literal, Text
from codescale.parallel_programs.statements import Program

_NAMED = ("name", "function", "method", "key", "result")


def normal_form(program: Program) -> str:
    """A hash of the functions, records and classes of ``program``: 32 hexadecimal digits.

    Names are numbered as they come; numbers, texts and characters are as good as any other of their type. Operators,
    kinds of statements, types and the order of everything count. What ``main`` calls them with does not.
    """
    numbers: dict[str, int] = {}
    words: list[str] = []
    for part in (program.records, program.classes, program.functions):
        _write(part, numbers, words)
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:32]


def _write(value: object, numbers: dict[str, int], words: list[str]) -> None:
    """The words of ``value``, which is anything that a program is made of."""
    if isinstance(value, Literal):
        words.append(f"literal-{value.type.kind}")
    elif isinstance(value, Text):
        for part in value.parts:
            _write("" if isinstance(part, str) else part, numbers, words)
    elif isinstance(value, tuple):
        words.append("(")
        for one in value:
            _write(one, numbers, words)
        words.append(")")
    elif is_dataclass(value):
        words.append(type(value).__name__)
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in _NAMED and isinstance(inner, str) and inner and not isinstance(value, Builtin):
                words.append(str(numbers.setdefault(inner, len(numbers))))
            else:
                _write(inner, numbers, words)
    else:
        words.append(repr(value))
