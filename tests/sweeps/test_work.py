"""A run's work: its training and what its evaluations read, held against what the pieces of the schedule add up to."""

from __future__ import annotations

import pytest

from codescale.sweeps.plan import plan_sweep, run_flops, run_tokens
from codescale.sweeps.work import run_work
from codescale.training.flops import forward_flops_per_token
from tests.tiny_study import tiny_study


def test_the_work_of_a_run_is_its_training_and_its_evaluations() -> None:
    config = tiny_study()
    (grid, *_) = [run for run in plan_sweep(config, None) if run.stage == "grid" and run.size == "small"]
    forward = forward_flops_per_token(config.sizes["small"], config.corpus.vocabulary, config.training.context)
    evaluations = (run_work(config, grid) - run_flops(config, grid)) / forward
    finals, looks = 2, evaluations / len(config.languages) / 256 - 2  # one final evaluation at each D
    assert evaluations > 0
    assert len(grid.token_points) == finals
    assert (8 * looks) == pytest.approx(round(8 * looks)), "a look at the trunk reads an eighth"
    assert run_flops(config, grid) == pytest.approx(3 * forward * run_tokens(config, grid))


def test_a_run_of_the_proof_also_reads_the_test_split() -> None:
    config = tiny_study()
    (run, *_) = [run for run in plan_sweep(config, None) if run.stage == "mixture"]
    forward = forward_flops_per_token(config.sizes[run.size], config.corpus.vocabulary, config.training.context)
    more = run_work(config, run.model_copy(update={"stage": "comparison"}), tested=7_000.0) - run_work(config, run)
    assert more == pytest.approx(forward * 7_000)
