"""Bytes of a text file as text: of what is no UTF-8 a row is counted as such, not the file refused."""

from __future__ import annotations

import codecs
from pathlib import Path

from codescale.errors import UserError


def decoded(line: bytes) -> str:
    """``line`` as text. Bytes that are no UTF-8 become halves of characters, which cleaning finds."""
    return line.decode("utf-8", errors="surrogateescape")


def without_mark(path: Path, start: bytes) -> bytes:
    """``start`` of a file without UTF-8's byte order mark. Raises :class:`UserError` for that of another encoding."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError(path, "is UTF-16", "save it as UTF-8")
    return start.removeprefix(codecs.BOM_UTF8)
