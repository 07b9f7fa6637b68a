"""What a person or a file got wrong, as one line: what was wrong, where, and how to mend it.

Every room raises :class:`UserError` for bad input; the command line prints its message and exits with code 2,
without a traceback. Any other exception is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories of what steers a terminal or turns text around instead of being seen, and of broken text."""

_JOINERS = "\u200c\u200d"
"""What joins letters and emoji or keeps them apart, a part of many scripts' spelling: it steers nothing."""


def visible(text: str) -> str:
    """``text`` with what would act on a terminal instead of being seen (escape sequences, new lines, marks that turn
    text around) written out, such as ``\\x1b``. Names come from files and are shown to people.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode() if unicodedata.category(one) in _UNSEEN and one not in _JOINERS else one
        for one in text
    )


def on_one_line(text: str) -> str:
    """``text`` with its white space, new lines included, as single blanks, and :func:`visible`."""
    return visible(" ".join(text.split()))


class UserError(Exception):
    """Bad input from a person or a file.

    ``where`` names the file (and the row or field in it) or the option, ``problem`` says what is wrong there and
    ``hint`` what to do about it, in words that fit one line.
    """

    def __init__(self, where: str | Path, problem: str, hint: str) -> None:
        self.where = str(where)
        self.problem = problem
        self.hint = hint
        super().__init__(where, problem, hint)

    def __str__(self) -> str:
        return f"{visible(self.where)}: {on_one_line(self.problem)}; {on_one_line(self.hint)}"
