"""A corpus that stands in memory, for tests of what reads one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from codescale.corpus.reader import Documents

LANGUAGES = ("python", "java", "rust")


@dataclass
class MemoryCorpus:
    """A corpus of short random documents whose bigrams differ by language; as much of a `Corpus` as training reads.

    ``translated``: the documents of one place in all languages are one program.
    """

    languages: tuple[str, ...] = LANGUAGES
    vocabulary: int = 64
    corpus_id: str = "memory"
    tokens: int = 20_000
    document: int = 50
    translated: bool = False
    _documents: dict[tuple[str, str], Documents] = field(default_factory=dict)

    @property
    def end_of_document(self) -> int:
        return 0

    def documents(self, language: str, split: str) -> Documents:
        key = (language, split)
        if key not in self._documents:
            generator = np.random.default_rng(sum(map(ord, language + split)))
            tokens = generator.integers(1, self.vocabulary, self.tokens)
            tokens[1::2] = (tokens[::2] * 3 + len(language)) % self.vocabulary
            offsets: NDArray[np.int64] = np.arange(0, self.tokens + 1, self.document)
            self._documents[key] = Documents(tokens=tokens.astype(np.uint16), offsets=offsets)
        return self._documents[key]

    def bytes_per_token(self, language: str, split: str) -> float:
        return 2.5

    def count_tokens(self, language: str, split: str) -> int:
        return self.tokens

    def programs(self, language: str, split: str) -> tuple[str | None, ...]:
        count = len(self.documents(language, split).offsets) - 1
        return tuple(f"p{k}" for k in range(count)) if self.translated else (None,) * count
