"""A corpus of programs that most languages have, for tests of pairing."""

from __future__ import annotations

from collections.abc import Sequence

from tests.translated_corpus import TranslatedCorpus

LANGUAGES = ("python", "java", "rust", "go")
CONTEXT = 64


def corpus_of(programs: int = 300, alone: int = 60, languages: Sequence[str] = LANGUAGES) -> TranslatedCorpus:
    """Every language has most of the programs, each some that others lack, and documents that nothing translates."""
    found = {}
    for k, language in enumerate(languages):
        own: list[str | None] = [f"p{n}" for n in range(programs) if (n + k) % 7]
        found[language] = own + [None] * alone
    return TranslatedCorpus(found)


CORPUS = corpus_of()
EVEN = dict.fromkeys(LANGUAGES, 0.25)
