"""Rendered expressions, with how tightly they bind, so that brackets stand where they are needed and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

ANY, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, POSTFIX = range(9)
"""From what binds least to what binds most; :data:`ANY` is bracketed within everything."""


@dataclass(frozen=True)
class Code:
    """Text with its ``precedence``."""

    text: str
    precedence: int = POSTFIX

    def within(self, precedence: int) -> str:
        """The text where something that binds as tightly as ``precedence`` is wanted."""
        return self.text if self.precedence >= precedence else f"({self.text})"

    def __format__(self, form: str) -> str:
        """In a template ``{0}`` may be followed by a dot or taken for a factor, ``{0:a}`` is an argument, ``{0:s}`` a
        summand.
        """
        return self.text if form == "a" else self.within(SUM if form == "s" else POSTFIX)


@dataclass(frozen=True)
class Template:
    """What a builtin becomes; ``needs``: what has to be imported or defined for it."""

    text: str
    precedence: int = POSTFIX
    needs: tuple[str, ...] = ()
