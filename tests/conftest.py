"""What several rooms' tests share: a small study, and a corpus that stands in memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from codescale.study.config import StudyConfig
from tests.memory_corpus import MemoryCorpus
from tests.tiny_study import tiny_study

_ROOT = str(Path(__file__).parents[1])
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
"""So that processes that tests start, Ray's workers among them, import this checkout and its tests."""

# Machines differ and are busy: no test fails for being slow.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", settings.get_profile("any machine"), max_examples=2_000)
settings.load_profile("any machine")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes are named by their length: what is compressed holds the time, and no two workers agreed on tests."""
    return f"{len(val)}_bytes" if isinstance(val, bytes) else None


@pytest.fixture
def memory_corpus() -> MemoryCorpus:
    return MemoryCorpus()


@pytest.fixture
def config() -> StudyConfig:
    """A study of three languages whose runs take a fraction of a second."""
    return tiny_study()
