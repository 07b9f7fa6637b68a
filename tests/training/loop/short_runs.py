"""Runs of a fraction of a second, on a corpus in memory."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.training.loop.base_session import BaseSession
from codescale.training.loop.checkpoint import FileStore
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.translation import TranslationEvaluator
from tests.memory_corpus import MemoryCorpus


class MemoryData:
    """Held-out text and corpus from memory."""

    def __init__(self, config: StudyConfig, corpus: MemoryCorpus) -> None:
        self.config, self.corpus = config, corpus

    def evaluator(self, split: str, tokens: int) -> Evaluator:
        return Evaluator(self.corpus, self.config.languages, split, tokens=tokens, context=self.config.training.context)

    def translations(self, split: str, pairs: int) -> TranslationEvaluator:
        training = self.config.training
        directions, context = self.config.directions, training.context
        return TranslationEvaluator(self.corpus, directions, split, pairs=pairs, context=context)


def spec(config: StudyConfig, points: tuple[int, ...] = (320, 640), **changes: object) -> RunSpec:
    settings: dict = {
        "run_id": "r",
        "stage": "mixture",
        "size": "small",
        "n_params": config.sizes["small"].n_params,
        "token_points": points,
        "proportions": {"python": 0.5, "java": 0.3, "rust": 0.2},
        "seed": 5,
    }
    return RunSpec(**(settings | changes))


def session(
    config: StudyConfig, corpus: MemoryCorpus, run: RunSpec | None = None, checkpoint: Path | None = None
) -> TrainingSession:
    store = FileStore(checkpoint) if checkpoint else None
    return TrainingSession(run or spec(config), config, MemoryData(config, corpus), store)


def finish(opened: TrainingSession) -> list:
    while not opened.finished:
        opened.advance()
    return opened.evaluations


class Killed(Exception):
    """What a test ends a run with."""


def killed_after(opened: BaseSession, saves: int, finish: Callable[[], object]) -> None:
    """Has ``finish`` train ``opened`` until the ``saves``-th checkpoint has been written."""
    save, count = opened._save, 0

    def save_and_die() -> None:
        nonlocal count
        save()
        count += 1
        if count == saves:
            raise Killed

    opened._save = save_and_die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        finish()


def eager(config: StudyConfig) -> StudyConfig:
    """``config`` whose runs write a checkpoint after every step."""
    return config.model_copy(update={"training": config.training.model_copy(update={"checkpoint_seconds": 1e-9})})
