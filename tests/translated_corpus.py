"""A corpus in memory whose documents translate each other; every language has token ids of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from codescale.corpus.reader import Documents

STRIDE = 100
"""Token ids of the first language begin at 100, of the second at 200: so a token tells its language."""


@dataclass
class TranslatedCorpus:
    """``programs``: by language, of every training document what its translations share. Lengths are random."""

    programs_of: Mapping[str, Sequence[str | None]]
    shortest: int = 10
    longest: int = 90
    corpus_id: str = "translated"
    _documents: dict[tuple[str, str], Documents] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.programs_of)

    @property
    def vocabulary(self) -> int:
        return STRIDE * (len(self.languages) + 1)

    @property
    def end_of_document(self) -> int:
        return 0

    def programs(self, language: str, split: str) -> tuple[str | None, ...]:
        return tuple(self.programs_of[language])

    def documents(self, language: str, split: str) -> Documents:
        key = (language, split)
        if key not in self._documents:
            number = self.languages.index(language)
            generator = np.random.default_rng([number, len(split)])
            lengths = generator.integers(self.shortest, self.longest + 1, len(self.programs_of[language]))
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            # In a document the ids rise from its number on: so a test sees which one it is and where it is cut.
            tokens = np.concatenate([(k + np.arange(size)) % (STRIDE - 1) + 1 for k, size in enumerate(lengths)])
            tokens = tokens + STRIDE * (number + 1)
            tokens[offsets[1:] - 1] = 0
            self._documents[key] = Documents(tokens=tokens.astype(np.uint16), offsets=offsets)
        return self._documents[key]

    def bytes_per_token(self, language: str, split: str) -> float:
        return 2.5

    def count_tokens(self, language: str, split: str) -> int:
        return len(self.documents(language, split).tokens)
