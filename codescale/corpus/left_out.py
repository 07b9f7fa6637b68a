"""What a source does not hand on, counted: nothing in a folder or table of the user's is left out in silence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Literal, cast

from codescale.errors import on_one_line

OtherReason = Literal[
    "unknown_label",
    "other_language",
    "other_ending",
    "no_text_column",
    "no_rows",
    "too_large",
    "unreadable",
    "hidden",
    "link",
    "not_a_file",
]
"""Why a row or file that belongs to no language of the study, or to none that is known yet, was left out."""

PHRASES: Mapping[OtherReason, str] = {
    "unknown_label": "rows whose label means no language",
    "other_language": "rows in languages that the study does not have",
    "other_ending": "files or rows with other endings",
    "no_text_column": "files without the text column",
    "no_rows": "files without rows",
    "too_large": "rows too long for code",
    "unreadable": "what cannot be read",
    "hidden": "what is hidden",
    "link": "links",
    "not_a_file": "what is no file",
}

_MOST_NAMES = 1_000
"""Different names that are counted apart: a wrong language_column may hold as many as the table has rows."""

_MOST_KEPT = 20
"""Names that the manifest keeps of each reason, the most frequent ones."""

OTHERS = "(others)"
"""What stands for the names beyond these."""

_MOST_CHARACTERS = {"unknown_label": 40}
"""Of a label: a wrong column may hold whole files."""


class LeftOut:
    """``dropped``: of the study's languages, documents by reason, as cleaning counts them
    (:data:`codescale.corpus.cleaning.Reason`). The rest is counted by :data:`OtherReason` and by what tells a person
    what it is: a label, a file ending, a file.
    """

    def __init__(self) -> None:
        self.dropped: dict[str, Counter[str]] = defaultdict(Counter)
        self._others: dict[str, Counter[str]] = defaultdict(Counter)

    def drop(self, language: str, reason: str) -> None:
        """One more document of a language of the study."""
        self.dropped[language][reason] += 1

    def add(self, reason: OtherReason, name: str) -> None:
        """One more row or file that is called ``name``, or is labelled so."""
        counts = self._others[reason]
        most = _MOST_CHARACTERS.get(reason, len(name))
        short = on_one_line(name if len(name) <= most else f"{name[:most]}…")
        counts[short if short in counts or len(counts) < _MOST_NAMES else OTHERS] += 1

    def others(self) -> dict[str, dict[str, int]]:
        """By reason and name, the most frequent names first, as the manifest has it."""
        return {reason: _most(counts) for reason, counts in self._others.items()}

    def names(self, reason: OtherReason) -> dict[str, int]:
        """What was left out for ``reason``, by name."""
        return _most(self._others[reason]) if reason in self._others else {}


def _most(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent names, and all others as :data:`OTHERS`. The counts add up to what they did."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] == OTHERS, -item[1], item[0]))
    kept = dict(ordered[:_MOST_KEPT])
    rest = sum(number for _, number in ordered[_MOST_KEPT:])
    return kept | ({OTHERS: rest} if rest else {})


def listed(counts: Mapping[str, int], most: int = 8) -> str:
    """``counts`` in a line: ``py3 (150), Cobol (3)``."""
    shown = [f"{name} ({number:,})" for name, number in list(counts.items())[:most]]
    left = sum(list(counts.values())[most:])
    return ", ".join([*shown, *([f"and {left:,} more"] if left else [])])


def left_out_phrases(others: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What a source left out, reason by reason, in words: ``rows whose label means no language: Cobol (3)``."""
    return [f"{PHRASES.get(cast(OtherReason, reason), reason)}: {listed(counts)}" for reason, counts in others.items()]
