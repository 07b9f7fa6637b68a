"""Rust's expressions with their form: who owns what they give.

Parameters are borrowed, variables and fields own. So each expression that is no number knows its form: a ``place``
that owns and stays, a ``temporary`` that owns, a ``reference`` (``&str``, ``&[T]``), or a ``string``
reference (``&String``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

from codescale.parallel_programs.rendering.code import UNARY, Code

Form = OneOf["copy", "place", "temporary", "reference", "string"]


@dataclass(frozen=True)
class RustCode(Code):
    """Code whose value is no number; ``kind`` is of its type."""

    form: Form = "copy"
    kind: str = "string"

    def owned(self) -> str:
        """A value of its own."""
        if self.form in ("copy", "temporary"):
            return self.text
        convert = (
            {"string": "to_string", "list": "to_vec"}.get(self.kind, "clone") if self.form == "reference" else "clone"
        )
        return f"{self.within(UNARY + 1)}.{convert}()"

    def borrowed(self) -> str:
        """A reference to it."""
        return f"&{self.within(UNARY)}" if self.form in ("place", "temporary") else self.text

    def compared(self) -> str:
        """A ``&str`` of it."""
        return self.text if self.form == "reference" else f"{self.within(UNARY + 1)}.as_str()"

    def __format__(self, form: str) -> str:
        """Beside what others have, ``r`` borrows."""
        return self.borrowed() if form == "r" else super().__format__(form)
