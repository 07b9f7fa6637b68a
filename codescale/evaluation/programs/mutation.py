"""Small mistakes put into a program: another operator, a number one off, a boundary in or out, the other truth value.

What is changed is found in the text, by the same rules for all languages; strings and comments are left alone, and so
are lines of which no case can see anything. A change that makes no program of the language is possible and told by its
compiler, one that means the same is possible too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TEXTS = r"@\"(?:[^\"]|\"\")*\"|\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])*'"
_CHANGES = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "!=",
    "!=": "==",
    "===": "!==",
    "!==": "===",
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "//": "*",
    "%": "*",
    "+=": "-=",
    "-=": "+=",
    "++": "--",
    "--": "++",
    "&&": "||",
    "||": "&&",
    "and": "or",
    "or": "and",
    "true": "false",
    "false": "true",
    "True": "False",
    "False": "True",
    "min": "max",
    "max": "min",
    "Min": "Max",
    "Max": "Min",
    "..=": "..",
}
_SPACED = re.compile(r"(?<= )(?:===|!==|==|!=|<=|>=|<|>|\+=|-=|&&|\|\||//|[-+*/%])(?= )")
_CLOSE = re.compile(r"(?<=[\w)\]])(?:\+\+|--|\.\.=|[-+*/%](?=[\w(]))")
_WORD = re.compile(r"(?<![\w.\"'])(?:and|or|true|false|True|False)(?!\w)|(?<!\w)(?:min|max|Min|Max)(?=\()")
_NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.]|\s*:)")

_UNSEEN = re.compile(r"\b(?:throw|raise|errors\.New|fmt\.Errorf|Err\(|format!\(|make\()|, err\b|, invalid\b")
"""Lines of which the cases see nothing: texts of errors, what is returned beside one, sizes that are reserved."""

_ORDER = re.compile(r"sort|Less\(|func\(i, j int\)", re.IGNORECASE)
"""Lines of comparisons by which something is sorted: whether equals count as less changes their order at most."""


@dataclass(frozen=True)
class Mutant:
    """A program with one mistake: ``was`` in ``line`` (counted from 1) became ``became``."""

    source: str
    line: int
    was: str
    became: str


def mutants(source: str, start: int, count: int, comment: str) -> list[Mutant]:
    """Up to ``count`` mutants of the part of ``source`` from ``start`` on; ``comment`` opens one to the end of a line.

    Always the same for the same text, and spread over its places as a hash spreads them.
    """
    found = list(_mutants(source, start, comment))
    found.sort(key=lambda mutant: hashlib.sha256(mutant.source.encode()).digest())
    return found[:count]


def _mutants(source: str, start: int, comment: str) -> Iterator[Mutant]:
    quiet = [match.span() for match in re.finditer(rf"{re.escape(comment)}[^\n]*|{_TEXTS}", source)]
    for pattern in (_SPACED, _CLOSE, _WORD, _NUMBER):
        for match in pattern.finditer(source):
            inside = any(begin <= match.start() < end for begin, end in quiet)
            was, line = match.group(), _line(source, match.start())
            is_order = was in ("<", "<=", ">", ">=") and _ORDER.search(line) is not None
            if match.start() < start or inside or is_order or _UNSEEN.search(line):
                continue
            became = _CHANGES[was] if was in _CHANGES else str(int(was) + 1)
            changed = source[: match.start()] + became + source[match.end() :]
            yield Mutant(changed, source.count("\n", 0, match.start()) + 1, was, became)


def _line(source: str, position: int) -> str:
    """The line of ``source`` around ``position``."""
    return source[source.rfind("\n", 0, position) + 1 :].partition("\n")[0]
