"""What several rooms' tests share: a small study, and a corpus that stands in memory."""

from __future__ import annotations

import pytest
from memory_corpus import MemoryCorpus
from tiny_study import tiny_study

from codescale.study.config import StudyConfig


@pytest.fixture
def memory_corpus() -> MemoryCorpus:
    return MemoryCorpus()


@pytest.fixture
def config() -> StudyConfig:
    """A study of three languages whose runs take a fraction of a second."""
    return tiny_study()
