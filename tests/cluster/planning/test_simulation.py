"""The simulated schedule: bounds that every schedule keeps, what preemptions cost, and cases reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.cluster.planning.simulation import Phase, PlannedRun, Pool, RunHabits, Simulated, check_fits, simulate
from codescale.errors import UserError

CALM = RunHabits(start=0.0, checkpoint=10.0, spread=0.0)
AT_ONCE = Pool(most=2, slots=1, startup=(0.0, 0.0), preemptions=0.0, idle=0.0)
SECONDS = st.lists(st.floats(1.0, 500.0), min_size=1, max_size=25)


def done(
    runs: list[PlannedRun], pool: Pool, habits: RunHabits = CALM, seed: int = 0, most: int | None = None
) -> Simulated:
    return simulate([Phase("all", tuple(runs), most)], pool, habits, np.random.default_rng(seed))


@given(SECONDS, st.integers(1, 4), st.integers(1, 3))
def test_no_schedule_beats_its_bounds_and_the_longest_first_keeps_its_own(
    seconds: list[float], machines: int, slots: int
) -> None:
    pool = replace(AT_ONCE, most=machines, slots=slots)
    found = done([PlannedRun(one) for one in seconds], pool)
    workers = machines * slots
    least = max(sum(seconds) / workers, *seconds)
    assert least - 1e-6 <= found.seconds
    assert found.seconds <= sum(seconds) / workers + max(seconds) * (1 - 1 / workers) + 1e-6  # Graham 1969
    assert sum(seconds) / slots - 1e-6 <= found.machine_seconds <= machines * found.seconds + 1e-6


@given(
    st.lists(st.tuples(st.floats(1.0, 400.0), st.integers(1, 12)), min_size=1, max_size=15),
    st.integers(1, 4),
    st.floats(0.0, 0.003),
    st.integers(0, 99),
)
def test_every_study_ends_whatever_is_taken_away(
    runs: list[tuple[float, int]], slots: int, preemptions: float, seed: int
) -> None:
    pool = Pool(most=12, slots=slots, startup=(5.0, 60.0), preemptions=preemptions, idle=30.0)
    habits = RunHabits(start=2.0, checkpoint=20.0, spread=0.0)
    found = done([PlannedRun(*run) for run in runs], pool, habits, seed)
    work = sum(seconds * count for seconds, count in runs)
    assert found.machine_seconds * slots >= work + found.lost - 1e-6
    assert found.lost <= found.preemptions * habits.checkpoint * max(12, 12 * slots) + 1e-6
    assert found.seconds >= max(seconds for seconds, _ in runs) + habits.start + 5.0 - 1e-6
    assert found == done([PlannedRun(*run) for run in runs], pool, habits, seed), "one seed, one study"


def test_start_up_and_the_starts_of_runs_are_counted_and_paid() -> None:
    pool, habits = replace(AT_ONCE, startup=(5.0, 5.0), idle=100.0), replace(CALM, start=1.0)
    found = done([PlannedRun(10), PlannedRun(6), PlannedRun(4)], pool, habits)
    assert found.seconds == pytest.approx(5 + (1 + 6) + (1 + 4))
    assert found.machine_seconds == pytest.approx(2 * 17)


def test_a_machine_goes_when_it_has_been_idle_for_long_enough() -> None:
    found = done([PlannedRun(100), PlannedRun(10)], replace(AT_ONCE, idle=30.0))
    assert found.machine_seconds == pytest.approx(100 + 10 + 30)


def test_no_more_go_at_once_than_a_phase_allows_and_phases_wait_for_each_other() -> None:
    pool = replace(AT_ONCE, most=4)
    assert done([PlannedRun(10)] * 4, pool).seconds == pytest.approx(10)
    assert done([PlannedRun(10)] * 4, pool, most=1).seconds == pytest.approx(40)
    two = [Phase("first", (PlannedRun(10), PlannedRun(2))), Phase("second", (PlannedRun(5),))]
    assert simulate(two, pool, CALM, np.random.default_rng(0)).seconds == pytest.approx(15)


def test_a_run_wider_than_a_machine_waits_for_whole_ones() -> None:
    pool = replace(AT_ONCE, most=2, slots=4)
    assert done([PlannedRun(10, 8), PlannedRun(9, 1)], pool).seconds == pytest.approx(19)
    assert done([PlannedRun(10, 4), PlannedRun(9, 4)], pool).seconds == pytest.approx(10)


def test_a_preemption_costs_no_more_than_a_checkpoint_and_more_of_them_cost_more() -> None:
    pool = Pool(most=4, slots=1, startup=(60.0, 60.0), preemptions=1 / 2000, idle=0.0)
    runs, habits = [PlannedRun(1000.0)] * 40, RunHabits(start=10.0, checkpoint=100.0, spread=0.0)
    calm = done(runs, replace(pool, preemptions=0.0), habits)
    taken = [done(runs, pool, habits, seed) for seed in range(20)]
    assert calm.preemptions == 0
    assert calm.lost == 0
    for one in taken:
        assert one.lost <= 100 * one.preemptions
        assert one.seconds >= calm.seconds
    # A Poisson process over the machines' time; half a checkpoint is lost on average.
    seen = sum(one.preemptions for one in taken)
    assert seen == pytest.approx(
        sum(one.machine_seconds - 60 * (4 + one.preemptions) for one in taken) / 2000, rel=0.15
    )
    assert sum(one.lost for one in taken) / seen == pytest.approx(50, rel=0.2)


def test_runs_that_never_reach_a_checkpoint_are_told_of() -> None:
    pool = Pool(most=2, slots=1, startup=(1.0, 1.0), preemptions=1 / 50, idle=0.0)
    with pytest.raises(UserError, match="preemptions the study has not ended"):
        done([PlannedRun(10_000.0)] * 3, pool, RunHabits(5.0, 1_000.0, 0.0))


def test_a_run_without_room_is_refused() -> None:
    with pytest.raises(UserError, match=r"takes 5 workers .* 2 machines have room for 4"):
        check_fits([Phase("all", (PlannedRun(1, 5),))], replace(AT_ONCE, slots=2), "cluster.yaml")
