"""Trains a few steps in this process, a fresh one, and prints as JSON what was planned and the peak that it took.

python measured_memory.py '{"hidden": 64, …, "vocabulary": 1024, "device": "cpu", "training": {…}}'
"""

from __future__ import annotations

import json
import sys

import torch

from codescale.runs.records import RunSpec
from codescale.study.comparison import ComparisonSection
from codescale.study.config import StudyConfig
from codescale.study.search import SearchSection
from codescale.study.sweep import TargetSection
from codescale.study.training import Shape, TrainingSection
from codescale.training.loop.session import TrainingSession
from codescale.training.memory.plan import demand_of, memory_plan
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.throughput import peak_memory
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import MemoryCorpus

STEPS = 4


class _Data:
    def __init__(self, corpus: MemoryCorpus, context: int) -> None:
        self.corpus, self._context = corpus, context

    def evaluator(self, split: str, tokens: int) -> Evaluator:
        return Evaluator(self.corpus, ("python",), split, tokens=tokens, context=self._context)


def measured(wanted: dict) -> dict[str, float]:
    """Bytes: ``planned``, and ``peak`` of a run with a branch, its evaluations included."""
    torch.set_num_threads(1)
    shape = Shape(**{name: wanted[name] for name in ("hidden", "layers", "heads", "intermediate")})
    rates = {"adamw_learning_rate": 1e-5, "muon_learning_rate": 1e-4}
    training = TrainingSection(evaluations=1, evaluation_tokens=16_384, **rates, **wanted["training"])
    tokens = STEPS * training.batch * training.context
    corpus = MemoryCorpus(("python",), vocabulary=wanted["vocabulary"], tokens=max(40_000, tokens + 1_000))
    parallel = SingleProcess(torch.device(wanted["device"]))
    config = StudyConfig(
        name="memory",
        languages=("python",),
        sizes={"one": shape},
        training=training,
        target=TargetSection(size="one", n_tokens=tokens),
        search=SearchSection(size="one", tokens=tokens),
        comparison=ComparisonSection(size="one", tokens=tokens),
    )
    spec = RunSpec(
        run_id="memory",
        stage="train",
        size="one",
        n_params=shape.n_params,
        token_points=(tokens,),
        proportions={"python": 1.0},
        seed=0,
    )
    plan = memory_plan(demand_of(shape, corpus.vocabulary, training, parallel))
    session = TrainingSession(spec, config, _Data(corpus, training.context), None, parallel)
    while not session.finished:
        session.advance()
    assert session.failure == "", "the run was given up before its branch"
    return {"planned": plan.total, "peak": peak_memory(parallel.device), "plan": plan.description()}


if __name__ == "__main__":
    print(json.dumps(measured(json.loads(sys.argv[1]))))
