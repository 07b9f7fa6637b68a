"""What the cells of a table's row say: its text, label, licence, marks and program, whatever type a column has."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

from codescale.errors import UserError

_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


def is_null(value: Any) -> bool:
    """Whether a cell holds nothing; a missing value of a column of numbers is no number."""
    return value is None or (isinstance(value, float | Decimal) and math.isnan(value))


def content_of(value: Any, where: str) -> bytes | None:
    """The text in a cell, None where there is none. Raises :class:`UserError`, with ``where``, for what is no text."""
    if is_null(value):
        return None
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise UserError(where, f"is not text but {type(value).__name__}", "name a text column in corpus.sources")
    # Halves of characters, from JSON's escapes or bytes that are no UTF-8, stay what no UTF-8 is: cleaning finds them.
    return value.encode("utf-8", errors="surrogatepass")


def name_of(value: Any, where: str) -> str | None:
    """The name in a cell: of a language, a repository, a path. None where there is none.

    Raises :class:`UserError`, with ``where``, for a list or a mapping, and for half a character, as JSON may hold it.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="surrogateescape")
    if isinstance(value, list | dict):
        raise UserError(where, f"is no name but {type(value).__name__}", "name another column in corpus.sources")
    return None if is_null(value) or value == "" else _readable(str(value), where)


def _readable(name: str, where: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(where, f"is no UTF-8 text: {name[:40]!r}", "rename what is called so") from None
    return name


def licence_of(value: Any, where: str) -> str | None:
    """The licence in a cell, or all of a list of them, as The Stack has it."""
    if not isinstance(value, list | tuple):
        return name_of(value, where)
    names = [name for one in value if (name := name_of(one, where)) is not None]
    return ", ".join(sorted(set(names))) or None


def mark_of(value: Any, where: str) -> bool:
    """The truth value in a cell; what is empty is false. Raises :class:`UserError`, with ``where``, for another one."""
    name = name_of(value, where)
    word = "false" if name is None else name.strip().casefold()
    if word not in _TRUE + _FALSE:
        raise UserError(where, f"is neither true nor false: {word[:40]!r}", "name another column in corpus.sources")
    return word in _TRUE


def program_of(value: Any, where: str) -> str | None:
    """The program that ``value`` names: 3 and 3.0 are the same one, since a column of whole numbers of which some are
    missing is one of floats; what is empty names none.

    Raises :class:`UserError`, with ``where``, for what is no name.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="surrogateescape")
    if is_null(value) or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        problem = f"is no program's name or number but {type(value).__name__}"
        raise UserError(where, problem, "name another program_column in corpus.sources")
    if isinstance(value, float | Decimal) and value == value // 1:
        value = int(value)
    return _readable(str(value), where)


def path_of(value: Any, where: str) -> str | None:
    """The path in a cell, relative to its repository, with forward slashes."""
    name = name_of(value, where)
    if name is None:
        return None
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(parts) or None
