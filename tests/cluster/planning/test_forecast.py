"""Many schedules as distributions: prices, what a deadline picks, and how many machines are looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codescale.cluster.planning.forecast import (
    Chance,
    Offer,
    cheapest_in_time,
    cluster_size,
    fewest_in_time,
    machine_counts,
)
from codescale.cluster.planning.simulation import Phase, PlannedRun, Pool, RunHabits
from codescale.errors import UserError

HOUR = 3600.0
CHANCE = Chance(simulations=20, seed=1, habits=RunHabits(start=0.0, checkpoint=600.0, spread=0.0))
OFFER = Offer(
    type="aws/some",
    spot=False,
    pool=Pool(most=10, slots=1, startup=(0.0, 0.0), preemptions=0.0, idle=0.0),
    phases=(Phase("all", (PlannedRun(HOUR),) * 40),),
    utilisation=(1.0, 1.0),
    price=2.0,
    head_price=0.5,
)


def test_dollars_are_machine_hours_and_the_head_for_the_whole_time() -> None:
    size = cluster_size(OFFER, 4, CHANCE)
    assert (size.hours.value, size.machine_hours, size.busy_hours) == pytest.approx((10, 40, 40))
    assert size.dollars is not None
    assert size.dollars.value == pytest.approx(40 * 2 + 10 * 0.5)
    assert cluster_size(replace(OFFER, price=None), 4, CHANCE).dollars is None


def test_a_utilisation_that_is_not_known_spreads_time_and_money() -> None:
    size = cluster_size(replace(OFFER, utilisation=(0.25, 0.5)), 4, replace(CHANCE, simulations=200))
    assert size.hours.low is not None
    assert size.hours.high is not None
    assert 10 <= size.hours.low < 11, "seconds are given at the best utilisation"
    assert 18 < size.hours.high <= 20
    assert size.busy_hours == pytest.approx(40 * 0.5 / 0.375, rel=0.1)


def test_numbers_of_machines_double_up_to_what_runs_can_fill() -> None:
    assert machine_counts(OFFER) == [1, 2, 4, 8, 10]
    assert machine_counts(replace(OFFER, phases=(Phase("few", (PlannedRun(1.0),) * 3),))) == [1, 2, 3]
    assert machine_counts(replace(OFFER, phases=(Phase("search", (PlannedRun(1.0),) * 9, 2),))) == [1, 2]
    assert machine_counts(replace(OFFER, phases=(Phase("wide", (PlannedRun(1.0, 3),) * 9),))) == [3, 4, 8, 10]


def test_the_cheapest_that_meets_a_deadline_is_found_between_the_doublings() -> None:
    deadline = 8.0  # 40 hours of work: five machines
    sizes = [cluster_size(OFFER, count, CHANCE, deadline) for count in machine_counts(OFFER)]
    sizes += fewest_in_time(sizes, lambda count: cluster_size(OFFER, count, CHANCE, deadline))
    best = sizes[cheapest_in_time(sizes, deadline)]
    assert best.machines in (5, 10)
    assert best.dollars is not None
    assert best.dollars.value == pytest.approx(min(s.dollars.value for s in sizes if s.dollars and s.hours.value <= 8))
    assert 5 in [size.machines for size in sizes]


def test_a_deadline_that_none_meets_names_the_fastest() -> None:
    sizes = [cluster_size(OFFER, count, CHANCE, 3.0) for count in machine_counts(OFFER)]
    with pytest.raises(UserError, match=r"no cluster of the file meets 3 h .* 10 × aws/some, takes up to 4.0 h"):
        cheapest_in_time(sizes, 3.0)
