"""A run in a process of its own, for a test to kill: `killed_run.py CHECKPOINT RESULT` trains, and writes its curve."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from codescale.files import write_json
from codescale.runs.records import RunSpec
from codescale.study.comparison import ComparisonSection
from codescale.study.config import StudyConfig
from codescale.study.search import SearchSection
from codescale.study.sweep import TargetSection
from codescale.study.training import Shape, TrainingSection
from codescale.training.loop.checkpoint import FileStore
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import Evaluator
from tests.memory_corpus import LANGUAGES, MemoryCorpus

CONFIG = StudyConfig(
    name="killed",
    languages=LANGUAGES,
    sizes={"small": Shape(hidden=16, layers=2, heads=2, intermediate=32)},
    training=TrainingSection(context=16, batch=4, evaluations=3, evaluation_tokens=256, checkpoint_seconds=0.05),
    target=TargetSection(size="small", n_tokens=6400),
    search=SearchSection(size="small", tokens=6400),
    comparison=ComparisonSection(size="small", tokens=6400),
)


class Data:
    """A corpus in memory."""

    corpus = MemoryCorpus()

    def evaluator(self, split: str, tokens: int) -> Evaluator:
        return Evaluator(self.corpus, LANGUAGES, split, tokens=tokens, context=CONFIG.training.context)


def main(checkpoint: Path, result: Path) -> None:
    torch.set_num_threads(1)
    spec = RunSpec(
        run_id="r",
        stage="mixture",
        size="small",
        n_params=CONFIG.sizes["small"].n_params,
        token_points=(3200, 6400),
        proportions={"python": 0.5, "java": 0.3, "rust": 0.2},
        seed=5,
    )
    session = TrainingSession(spec, CONFIG, Data(), FileStore(checkpoint))
    while not session.finished:
        session.advance()
    write_json(result, [evaluation.model_dump(mode="json") for evaluation in session.evaluations])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
