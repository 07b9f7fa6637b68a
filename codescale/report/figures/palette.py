"""One fixed colour and marker per language, in every figure of the page.

The colours are those of Okabe and Ito (2008, "Color Universal Design"), which people with any of the three kinds of
colour blindness can tell apart, without their yellow and black, which vanish on a white or a dark page. As no eight
colours are safe for everybody, each language has a marker of its own too, and figures label what they can directly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_FIXED = {
    "python": ("#0072B2", "o"),
    "java": ("#D55E00", "s"),
    "javascript": ("#E69F00", "^"),
    "typescript": ("#56B4E9", "v"),
    "csharp": ("#CC79A7", "D"),
    "go": ("#009E73", "P"),
    "rust": ("#8C4A2F", "X"),
    "text": ("#707A85", "*"),
}
_OTHERS = tuple(zip(("#4B6EAF", "#B0651D", "#5E8C3A", "#9A4D8F", "#3F8F8F", "#A33B3B"), "h<>pdH", strict=True))

MIXTURE_COLOURS = {"uniform": "#8A929B", "predicted_best": "#5AA9DD", "measured_best": "#0B5FA5"}
"""The three mixtures: grey for the yardstick, one blue in two strengths for the two optima."""


@dataclass(frozen=True)
class LanguageStyle:
    """How a language is drawn: ``colour`` as #RRGGBB, ``marker`` as matplotlib names it."""

    colour: str
    marker: str


def language_styles(languages: Iterable[str]) -> dict[str, LanguageStyle]:
    """The style of every language: the study's eight have theirs always, others take the next free one in order."""
    given: dict[str, LanguageStyle] = {}
    unknown = 0
    for language in languages:
        if language in _FIXED:
            given[language] = LanguageStyle(*_FIXED[language])
        elif language not in given:
            given[language] = LanguageStyle(*_OTHERS[unknown % len(_OTHERS)])
            unknown += 1
    return given
