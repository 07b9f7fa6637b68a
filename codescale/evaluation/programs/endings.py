"""Where a completion ends: with the function that its prompt begins. What else a model writes is not its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """How a language's function ends: ``stops`` end writing; ``body``, after a line's end, begins what is no part of
    the function any more, and ``closing`` takes its place.
    """

    stops: tuple[str, ...]
    body: str
    closing: str


_TOP_LEVEL = Ending(("\n}",), r"\}", "}\n")
_IN_A_CLASS = Ending(("\n    }",), r"(?: {0,4}|\t?)\}", "    }\n}\n")

ENDINGS: Mapping[str, Ending] = {
    "python": Ending(
        (
            "\ndef ",
            "\nclass ",
            "\nif ",
            "\n@",
            "\n#",
            "\nprint",
            "\nfor ",
            "\nimport ",
            "\nfrom ",
            '\n"""',
            "\nassert ",
        ),
        r"[^\s]",
        "",
    ),
    "java": _IN_A_CLASS,
    "javascript": _TOP_LEVEL,
    "typescript": _TOP_LEVEL,
    "csharp": _IN_A_CLASS,
    "go": _TOP_LEVEL,
    "rust": _TOP_LEVEL,
}
"""By language, of held-out programs: in Java and C# the function is a method of a class, which is closed with it."""


def closed(text: str, language: str) -> str:
    """The function's body out of ``text``, which a model wrote, and what closes it."""
    ending = ENDINGS[language]
    found = re.search(rf"^{ending.body}", text, re.MULTILINE)
    body = text if found is None else text[: found.start()]
    return f"{body.rstrip()}\n{ending.closing}"
