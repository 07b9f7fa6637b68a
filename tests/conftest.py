"""What several rooms' tests share: a small study, and a corpus that stands in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from codescale.corpus.reader import Documents
from numpy.typing import NDArray

from codescale.study import (
    ComparisonSection,
    GridPlan,
    MixturePlan,
    PairPlan,
    SearchSection,
    Shape,
    StudyConfig,
    SweepSection,
    TargetSection,
    TrainingSection,
)

LANGUAGES = ("python", "java", "rust")


@dataclass
class MemoryCorpus:
    """A corpus of short random documents whose bigrams differ by language; as much of a `Corpus` as training reads."""

    languages: tuple[str, ...] = LANGUAGES
    vocabulary: int = 64
    corpus_id: str = "memory"
    tokens: int = 20_000
    document: int = 50
    _documents: dict[tuple[str, str], Documents] = field(default_factory=dict)

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


@pytest.fixture
def memory_corpus() -> MemoryCorpus:
    return MemoryCorpus()


@pytest.fixture
def config() -> StudyConfig:
    """A study of three languages whose runs take a fraction of a second."""
    return StudyConfig(
        name="test",
        languages=LANGUAGES,
        sizes={
            "tiny": Shape(hidden=8, layers=1, heads=2, intermediate=16),
            "small": Shape(hidden=16, layers=2, heads=2, intermediate=32),
        },
        training=TrainingSection(context=16, batch=2, evaluations=2, evaluation_tokens=256),
        sweep=SweepSection(
            grid=GridPlan(sizes=("tiny", "small"), tokens=(320, 640)),
            pairs=PairPlan(size="tiny", tokens=640),
            mixtures=MixturePlan(count=8, sizes=("tiny",), tokens=(640,)),
        ),
        target=TargetSection(size="tiny", n_tokens=640),
        search=SearchSection(size="tiny", tokens=640, trials=3),
        comparison=ComparisonSection(size="tiny", tokens=640),
    )
