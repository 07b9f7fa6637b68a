"""Keeps what people wrote: drops vendored, generated, minified and unreadable files, each with a reason to count.

The rules by path and by marker are data, in ``unwanted.yaml``; the sizes come from the study's file.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from codescale.corpus.record import Record
from codescale.files import read_yaml
from codescale.study.corpus import CorpusSection

Reason = Literal[
    "vendored",
    "generated",
    "minified",
    "not_utf8",
    "long_lines",
    "too_large",
    "too_small",
    "empty",
    "null_text",
    "content_missing",
    "data",
    "exact_duplicate",
    "over_the_cap",
    "near_duplicate",
]
"""Why a file is not in the corpus; the manifest counts them. ``null_text``, ``content_missing`` and the last three are
not this file's.
"""

_HEAD = 1_000
"""Characters at the start of a file in which a marker counts: further down it is only talked about."""

_MINIFIED_MEAN = 110
"""Mean characters a line above which JavaScript or TypeScript counts as minified; GitHub Linguist's threshold."""

_LETTERS = 0.25
"""Share of letters below which a file is data, not code; the threshold of The Stack (arXiv 2211.15533)."""

_NO_ASCII_LETTERS = bytes(byte for byte in range(256) if not (byte < 128 and chr(byte).isalpha()))
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


@cache
def _unwanted() -> dict[str, re.Pattern[str]]:
    with as_file(files("codescale.corpus") / "unwanted.yaml") as path:
        lists = read_yaml(path)
    escaped = {"generated_markers": [re.escape(marker) for marker in lists.pop("generated_markers")]}
    return {
        name: re.compile("|".join(f"(?:{pattern})" for pattern in found)) for name, found in (lists | escaped).items()
    }


def unwanted_path(path: str) -> Reason | None:
    """Why a file of this path is left out whatever it holds, or None."""
    lowered = path.lower()
    if _unwanted()["vendored"].search(lowered):
        return "vendored"
    return "generated" if _unwanted()["generated"].search(lowered) else None


def _unwanted_size(content: bytes, section: CorpusSection) -> Reason | None:
    if len(content) > section.max_file_bytes:
        return "too_large"
    if not content:
        return "empty"
    return "too_small" if len(content) < section.min_file_bytes else None


def _count_letters(text: str) -> int:
    """How many characters of ``text`` are letters of any script: those of ASCII counted by the byte, which is fast."""
    letters = len(text.encode().translate(None, _NO_ASCII_LETTERS))
    if text.isascii():
        return letters
    return letters + sum(map(str.isalpha, "".join(_BEYOND_ASCII.findall(text))))


def _unwanted_text(text: str, language: str, is_code: bool, section: CorpusSection) -> Reason | None:
    if is_code and _unwanted()["generated_markers"].search(text[:_HEAD].lower()):
        return "generated"
    lines = text.splitlines()
    if max(map(len, lines), default=0) > section.max_line_characters:
        return "long_lines"
    if language in ("javascript", "typescript") and len(text) > _MINIFIED_MEAN * max(len(lines), 1):
        return "minified"
    if is_code and _count_letters(text) < _LETTERS * len(text):
        return "data"
    return None


def clean(record: Record, is_code: bool, section: CorpusSection) -> tuple[str, None] | tuple[None, Reason]:
    """The text of ``record``, or the reason why it is left out. ``is_code`` is false for natural-language text."""
    by_path = unwanted_path(record.path) if record.is_real_path else None
    reason = by_path or _unwanted_size(record.content, section)
    if reason is not None:
        return None, reason
    try:
        text = record.content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None, "not_utf8"
    if "\0" in text:
        return None, "not_utf8"
    reason = _unwanted_text(text, record.language, is_code, section)
    return (text, None) if reason is None else (None, reason)
