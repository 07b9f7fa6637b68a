"""The log of a run: when it is given up, and what its record leaves out."""

from __future__ import annotations

import math

import pytest

from codescale.study.config import StudyConfig
from codescale.training.flops import training_flops
from codescale.training.loop.run_log import RunLog
from codescale.training.loop.session import run_batches
from codescale.training.optim.schedule import Segment
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import spec

TRUNK, BRANCH = Segment(0, 4, None), Segment(4, 8, 640, 4, 8)


@pytest.fixture
def log(config: StudyConfig, memory_corpus: MemoryCorpus) -> RunLog:
    """The log of a run that has begun, given up for a rise of 0.5 nats."""
    training = config.training.model_copy(update={"spike": 0.5})
    run = spec(config)
    return RunLog(run, config.sizes["small"], training, run_batches(memory_corpus, run, training, 20), memory_corpus)


def losses(*values: float) -> dict[str, float]:
    return dict(zip(("python", "java"), values, strict=True))


def test_an_evaluation_has_tokens_flops_and_bits_per_byte(log: RunLog) -> None:
    found = log.add(BRANCH, losses(3.0, 4.0), {"gradient_norm": 0.25})
    tokens = 8 * log.training.batch * log.training.context
    assert (found.n_tokens, found.annealed, found.branch) == (tokens, True, 640)
    assert found.flops == training_flops(log._shape, 64, log.training.context, tokens)
    assert found.metrics["bits_per_byte.python"] == pytest.approx(3.0 / math.log(2) / 2.5)
    assert found.metrics["gradient_norm"] == 0.25
    assert log.evaluations == [found]
    assert log.failure == ""


def test_a_training_loss_that_is_not_finite_gives_the_run_up(log: RunLog) -> None:
    log.step_loss(3.0, 6)
    assert log.failure == ""
    log.step_loss(math.inf, 7)
    assert log.failure == "the training loss was not finite at step 7"


def test_a_rise_above_the_lowest_mean_loss_gives_the_run_up(log: RunLog) -> None:
    log.add(TRUNK, losses(3.0, 4.0), {})
    log.add(TRUNK, losses(3.9, 4.0), {})
    assert log.failure == ""  # 0.45 above the lowest
    log.add(TRUNK, losses(4.2, 4.0), {})
    assert log.failure.startswith("the mean loss rose from 3.500 to 4.100 at ")


def test_a_loss_that_is_not_finite_gives_the_run_up_and_stays_out_of_its_record(log: RunLog) -> None:
    log.add(TRUNK, losses(3.0, 4.0), {})
    log.add(BRANCH, losses(3.0, math.nan), {})
    assert log.failure.startswith("a loss was not finite at ")
    record = log.record("diverged", tokens=100, seconds=2.0, metrics={"tokens_per_second": 50.0}, note="first try")
    assert [evaluation.annealed for evaluation in record.evaluations] == [False]
    assert record.note == f"first try; {log.failure}"
    assert (record.tokens_trained, record.seconds, record.metrics) == (100, 2.0, {"tokens_per_second": 50.0})
