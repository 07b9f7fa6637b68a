"""How near `codescale plan --cluster` comes to the wall time of a sweep that was done: planned beside measured.

    .venv/bin/python scripts/bench_cluster_plan.py demo --workers 2

The sweep is planned from what would have been known: each stage (grid, alone, pair, mixture) by the speed of the other
stages' runs; everything by one run of each size, the first that ended; everything by the medians of all runs; with
--calibrate, on the machine that did the sweep and with nothing else on it, by a few seconds of training of each size.
A row a stage and size says how many worker seconds were planned and measured, so that hours in which something else had
the machine show. Wall times are of the longest session: between two of them nothing ran for more than a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from codescale.cluster.planning.simulation import Phase, PlannedRun, Pool, RunHabits, simulate
from codescale.runs.records import SWEEP_STAGES, RunRecord, read_records
from codescale.stages.cluster_plan import worker_speeds
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.speed import recorded_speeds
from codescale.sweeps.work import run_work

Seconds = Callable[[RunRecord], float]


def begun(record: RunRecord) -> float:
    """When a run began, by the clock."""
    return record.finished - record.seconds


def longest_session(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The most runs between which there is no minute without any."""
    sessions: list[list[RunRecord]] = []
    end = float("-inf")
    for record in sorted(records, key=begun):
        if begun(record) > end + 60:
            sessions.append([])
        sessions[-1].append(record)
        end = max(end, record.finished)
    return max(sessions, key=len)


def planned_wall(runs: Sequence[RunRecord], seconds: Seconds, workers: int, start: float) -> float:
    """Seconds that ``runs`` take on ``workers`` of one machine that is there, longest first."""
    phase = Phase("sweep", tuple(PlannedRun(seconds(run)) for run in runs))
    pool = Pool(most=1, slots=workers, startup=(0.0, 0.0), preemptions=0.0, idle=0.0)
    return simulate([phase], pool, RunHabits(start, 900.0, 0.0), np.random.default_rng(0)).seconds


def by_other_stages(config: StudyConfig, runs: Sequence[RunRecord]) -> Seconds:
    """Each stage by the speeds of the other stages' runs; of a size that only it has, by its first run."""
    first = recorded_speeds(config, first_of_each_size(runs))
    speeds = {
        stage: first | recorded_speeds(config, [run for run in runs if run.spec.stage != stage])
        for stage in {run.spec.stage for run in runs}
    }
    return lambda run: run_work(config, run.spec) / speeds[run.spec.stage][run.spec.size].flops_per_second


def first_of_each_size(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """The run of each size that ended first."""
    found: dict[str, RunRecord] = {}
    for run in sorted(runs, key=lambda one: one.finished):
        found.setdefault(run.spec.size, run)
    return list(found.values())


def by_runs(config: StudyConfig, known: Sequence[RunRecord]) -> Seconds:
    """All by the medians of the ``known`` runs of their size."""
    speeds = recorded_speeds(config, known)
    return lambda run: run_work(config, run.spec) / speeds[run.spec.size].flops_per_second


def by_calibration(config: StudyConfig, runs: Sequence[RunRecord]) -> Seconds:
    """All by a few seconds of training here and now."""
    speeds = worker_speeds(config, [], [run.spec.size for run in runs])
    return lambda run: run_work(config, run.spec) / speeds[run.spec.size].flops_per_second


def compare(config: StudyConfig, runs: Sequence[RunRecord], workers: int, start: float, calibrated: bool) -> None:
    """Prints planned beside measured."""
    others = by_other_stages(config, runs)
    key = lambda run: (run.spec.stage, run.spec.size)  # noqa: E731
    print("\nstage    size     runs   planned  measured   error   (worker seconds, by the other stages' speeds)")
    for (stage, size), group in groupby(sorted(runs, key=key), key=key):
        listed = list(group)
        planned, measured = sum(map(others, listed)), sum(run.seconds for run in listed)
        print(f"{stage:8} {size:8} {len(listed):4} {planned:9.0f} {measured:9.0f} {planned / measured - 1:+8.0%}")
    measured = max(run.finished for run in runs) - min(map(begun, runs))
    plans = {
        "the other stages' runs": others,
        "one run of each size": by_runs(config, first_of_each_size(runs)),
        "the medians of all runs": by_runs(config, runs),
    }
    if calibrated:
        plans["seconds of training"] = by_calibration(config, runs)
    print(f"\nwall time of {len(runs)} runs on {workers} workers: {measured:.0f} s measured")
    for name, seconds in plans.items():
        wall = planned_wall(runs, seconds, workers, start)
        print(f"  planned by {name}: {wall:.0f} s ({wall / measured - 1:+.0%})")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Planned beside measured wall time of a sweep.")
    parser.add_argument("study", type=Path, help="a study whose sweep is done")
    parser.add_argument("--workers", type=int, required=True, help="how many runs went at once")
    parser.add_argument("--start", type=float, default=0.4, help="seconds that a run's start takes (0.4)")
    parser.add_argument("--without", nargs=2, metavar=("STAGE", "SIZE"), help="plan what began after these runs only")
    parser.add_argument("--calibrate", action="store_true", help="also by seconds of training, here and now")
    given = parser.parse_args()
    folder = StudyFolder(given.study)
    records = [record for record in read_records(folder.runs) if record.spec.stage in SWEEP_STAGES]
    runs = longest_session([record for record in records if record.status == "ok"])
    if given.without:
        left_out = [run for run in runs if [run.spec.stage, run.spec.size] == given.without]
        end = max(run.finished for run in left_out)
        runs = [run for run in runs if begun(run) >= end]
    compare(folder.config(), runs, given.workers, given.start, given.calibrate)


if __name__ == "__main__":
    main()
