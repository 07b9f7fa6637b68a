"""Many simulated schedules as distributions: time and money by the number of machines, and what meets a deadline."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codescale.arrays import Array
from codescale.artifact import Interval
from codescale.cluster.planning.result import ClusterSize
from codescale.cluster.planning.simulation import Phase, Pool, RunHabits, simulate
from codescale.errors import UserError

CERTAINTY = 0.95
"""A cluster meets a deadline where this share of the simulations does."""


@dataclass(frozen=True)
class Offer:
    """Machines of one type that may be had, and the study as it runs on them.

    ``phases`` hold seconds at the best utilisation of ``utilisation``, an interval that is drawn from once a study.
    ``price`` and ``head_price`` are dollars an hour, None where not known.
    """

    type: str
    spot: bool
    pool: Pool
    phases: tuple[Phase, ...]
    utilisation: tuple[float, float]
    price: float | None
    head_price: float | None


@dataclass(frozen=True)
class Chance:
    """How many studies are simulated, from which seed, and what their runs lose."""

    simulations: int
    seed: int
    habits: RunHabits


def machine_counts(offer: Offer) -> list[int]:
    """1, 2, 4 and so on up to the most there may be, or that all runs together fill."""
    widest = max(sum(run.slots for run in phase.runs[: phase.at_once]) for phase in offer.phases)
    most = min(offer.pool.most, max(1, math.ceil(widest / offer.pool.slots)))
    fewest = math.ceil(max(run.slots for phase in offer.phases for run in phase.runs) / offer.pool.slots)
    doubling = [2**k for k in range(most.bit_length()) if fewest <= 2**k < most]
    return sorted({fewest, *doubling, most})


def cluster_size(offer: Offer, machines: int, chance: Chance, deadline: float | None = None) -> ClusterSize:
    """What ``machines`` machines of ``offer`` are expected to take.

    Parameters
    ----------
    offer
        The machines and the study.
    machines
        At most so many at once.
    chance
        The simulations; every number of machines meets the same chances.
    deadline
        Hours.

    Raises
    ------
    UserError
        Where machines are preempted so often that the study does not end.
    """
    pool = replace(offer.pool, most=machines)
    hours, paid = np.empty(chance.simulations), np.empty(chance.simulations)
    busy, preempted = np.empty(chance.simulations), np.empty(chance.simulations)
    for k in range(chance.simulations):
        generator = np.random.default_rng((chance.seed, k))
        slower = offer.utilisation[1] / generator.uniform(*offer.utilisation)
        phases = tuple(_slowed(phase, slower) for phase in offer.phases) if slower != 1.0 else offer.phases
        one = simulate(phases, pool, chance.habits, generator)
        hours[k], paid[k], preempted[k] = one.seconds / 3600, one.machine_seconds / 3600, one.preemptions
        work = sum(run.seconds * run.slots for phase in phases for run in phase.runs)
        busy[k] = (work + one.lost) / 3600
    dollars = None if offer.price is None else paid * offer.price + hours * (offer.head_price or 0.0)
    return ClusterSize(
        type=offer.type,
        spot=offer.spot,
        machines=machines,
        slots=machines * pool.slots,
        hours=_interval(hours),
        dollars=None if dollars is None else _interval(dollars),
        busy_hours=float(np.median(busy)),
        machine_hours=float(np.median(paid)),
        preemptions=float(np.mean(preempted)),
        meets_deadline=None if deadline is None else float(np.mean(hours <= deadline)),
    )


def _slowed(phase: Phase, factor: float) -> Phase:
    return replace(phase, runs=tuple(replace(run, seconds=run.seconds * factor) for run in phase.runs))


def _interval(values: Array) -> Interval:
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
    return Interval(value=middle, low=low, high=high)


def fewest_in_time(known: Sequence[ClusterSize], size: Callable[[int], ClusterSize]) -> list[ClusterSize]:
    """Further numbers of machines between those of ``known``, halving down to the fewest that meets the deadline."""
    meets = [one.machines for one in known if (one.meets_deadline or 0.0) >= CERTAINTY]
    misses = [one.machines for one in known if (one.meets_deadline or 0.0) < CERTAINTY]
    if not meets:
        return []
    high, low, found = min(meets), max([count for count in misses if count < min(meets)], default=0), []
    while high - low > 1 and low > 0:
        middle = (low + high) // 2
        found.append(size(middle))
        if (found[-1].meets_deadline or 0.0) >= CERTAINTY:
            high = middle
        else:
            low = middle
    return found


def cheapest_in_time(sizes: Sequence[ClusterSize], deadline: float) -> int:
    """The position in ``sizes`` of the cheapest cluster that meets ``deadline`` (hours); without prices the smallest.

    Raises :class:`UserError` where none does.
    """
    meeting = [k for k, one in enumerate(sizes) if (one.meets_deadline or 0.0) >= CERTAINTY]
    if not meeting:
        best = min(sizes, key=lambda one: one.hours.high or math.inf)
        raise UserError(
            "--deadline",
            f"no cluster of the file meets {deadline:g} h in {CERTAINTY:.0%} of the simulations; the fastest, "
            f"{best.machines} × {best.type}, takes up to {best.hours.high:.1f} h",
            "give more time, or allow more or faster machines (most, type)",
        )
    return min(meeting, key=lambda k: (_dollars(sizes[k]), sizes[k].machines))


def _dollars(size: ClusterSize) -> float:
    return math.inf if size.dollars is None else size.dollars.value
