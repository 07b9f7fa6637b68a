"""A study of three languages whose runs take a fraction of a second."""

from __future__ import annotations

from codescale.study.comparison import ComparisonSection
from codescale.study.config import StudyConfig
from codescale.study.search import SearchSection
from codescale.study.sweep import GridPlan, MixturePlan, PairPlan, SweepSection, TargetSection
from codescale.study.training import Shape, TrainingSection
from tests.memory_corpus import LANGUAGES


def tiny_study() -> StudyConfig:
    """What ``config`` is, for tests that hypothesis repeats."""
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
