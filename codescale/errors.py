"""What a person or a file got wrong, as one line: what was wrong, where, and how to mend it.

Every room raises :class:`UserError` for bad input; the command line prints its message and exits with code 2,
without a traceback. Any other exception is a defect of ours and keeps its traceback.
"""

from __future__ import annotations

from pathlib import Path


class UserError(Exception):
    """Bad input from a person or a file.

    ``where`` names the file (and the row or field in it) or the option, ``problem`` says what is wrong there and
    ``mend`` what to do about it, in words that fit one line.
    """

    def __init__(self, where: str | Path, problem: str, mend: str) -> None:
        self.where = str(where)
        self.problem = problem
        self.mend = mend
        super().__init__(where, problem, mend)

    def __str__(self) -> str:
        return " ".join(f"{self.where}: {self.problem}; {self.mend}".split())
