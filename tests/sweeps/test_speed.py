"""Speeds from records: the median by size, and a deviation that a busy hour does not set."""

from __future__ import annotations

import pytest

from codescale.runs.records import RunRecord, Status
from codescale.sweeps.plan import plan_sweep
from codescale.sweeps.speed import recorded_speeds
from codescale.sweeps.work import run_work
from tests.tiny_study import tiny_study


def test_a_speed_is_the_median_over_finished_runs_and_outliers_do_not_set_the_deviation() -> None:
    config = tiny_study()
    runs = [run for run in plan_sweep(config, None) if run.size == "tiny"][:9]

    def record(k: int, speed: float, status: Status = "ok") -> RunRecord:
        return RunRecord(
            spec=runs[k],
            status=status,
            evaluations=(),
            corpus_id="c",
            tokens_trained=1,
            flops=1.0,
            seconds=run_work(config, runs[k]) / speed,
            finished=0.0,
        )

    rates = [98.0, 99.0, 99.5, 100.0, 100.5, 101.0, 102.0, 20.0]
    records = [record(k, rate) for k, rate in enumerate(rates)]
    found = recorded_speeds(config, [*records, record(8, 1e9, "failed")])
    assert set(found) == {"tiny"}
    assert found["tiny"].flops_per_second == pytest.approx(99.75)
    assert found["tiny"].spread is not None
    assert found["tiny"].spread < 0.03
    assert recorded_speeds(config, records[:3])["tiny"].spread is None


def test_a_run_of_the_proof_counts_where_it_is_known_how_much_it_read() -> None:
    config = tiny_study()
    planned = next(run for run in plan_sweep(config, None) if run.size == "tiny")
    spec = planned.model_copy(update={"stage": "comparison", "run_id": "proof"})
    record = RunRecord(
        spec=spec, status="ok", evaluations=(), corpus_id="c", tokens_trained=1, flops=1.0,
        seconds=run_work(config, spec, 5_000.0) / 100, finished=0.0,
    )  # fmt: skip
    assert recorded_speeds(config, [record]) == {}
    assert recorded_speeds(config, [record], {"proof": 5_000.0})["tiny"].flops_per_second == pytest.approx(100)
