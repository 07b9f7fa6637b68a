"""Text of files in tables: as it is."""

from __future__ import annotations

from rich.text import Text

from codescale.errors import visible


def plain(text: str) -> Text:
    """``text`` without markup, and with escape sequences written out, so that a column is as wide as what is seen."""
    return Text(visible(text))
