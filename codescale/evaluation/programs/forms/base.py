"""What a language has to say so that held-out programs can be written, shown and checked in it.

A driver is a program that calls the solution with each case's arguments and prints a line for each case:

    MARK INDEX ok JSON      it returned
    MARK INDEX fails        it failed as the language's programs fail by design
    MARK INDEX error        it broke

``MARK`` differs from check to check and what is expected is not in the driver, so that nothing that a solution prints
passes for a result.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.programs.types import Type


class Form(Protocol):
    """A language, as held-out programs are written in it."""

    empty_is_null: bool
    """Whether an empty list or map may come back as ``null``, as Go's does."""

    def signature(self, specification: Specification) -> str:
        """The line or lines that begin the program's function, with their indentation and the end of the line."""
        ...

    def documented(self, specification: Specification, lines: list[str]) -> str:
        """The signature with a doc comment of ``lines`` where the language has it."""
        ...

    def driver(self, specification: Specification, mark: str) -> str:
        """The source of the driver; lines that it prints begin with ``mark``."""
        ...


def camel(name: str) -> str:
    """``run_length`` as ``runLength``."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def pascal(name: str) -> str:
    """``run_length`` as ``RunLength``."""
    return "".join(word.capitalize() for word in name.split("_"))


def quoted(text: str) -> str:
    """``text`` as a string literal of Java, C# or JavaScript: ASCII, what is beyond as UTF-16 escapes."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def quoted_by_code_points(text: str, escape: str) -> str:
    """``text`` as an ASCII literal in which ``escape`` is the form of a code point that is no printable ASCII."""
    plain = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(plain.get(one, one if " " <= one <= "~" else escape.format(ord(one))) for one in text) + '"'


def decimal(value: Any) -> str:
    """A floating-point literal, with a point."""
    return repr(float(value))


def items(value: Any, kind: Type) -> list[tuple[str | None, Any]]:
    """What a list or map holds, with a map's keys."""
    return list(value.items()) if kind.kind == "map" else [(None, item) for item in value]
