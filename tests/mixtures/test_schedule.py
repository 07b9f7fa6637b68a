"""Phases in order, of which a mixture is one; and their means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Phase, Schedule, ScheduleError

EARLY, LATE = Mixture({"python": 0.9, "rust": 0.1}), Mixture({"python": 0.4, "go": 0.6})


def test_a_mixture_is_a_schedule_of_one_phase() -> None:
    one = Schedule.of(EARLY)
    assert one == Schedule([Phase(1.0, EARLY)]) == Schedule.of(one)
    assert one.static
    assert one.mean is EARLY


def test_phases_that_are_alike_are_one() -> None:
    assert Schedule([Phase(0.5, EARLY), Phase(1.0, EARLY)]) == Schedule.of(EARLY)
    three = Schedule([Phase(0.2, EARLY), Phase(0.5, EARLY), Phase(1.0, LATE)])
    assert [phase.until for phase in three] == [0.5, 1.0]


def test_its_mean_is_over_tokens() -> None:
    schedule = Schedule([Phase(0.8, EARLY), Phase(1.0, LATE)])
    assert dict(schedule.mean) == pytest.approx({"python": 0.8, "rust": 0.08, "go": 0.12})
    assert schedule.languages == ("python", "rust", "go")
    assert not schedule.static


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=5), st.integers(1, 10_000))
def test_its_phases_have_all_steps_or_are_refused(weights: list[float], steps: int) -> None:
    until = [sum(weights[: k + 1]) / sum(weights) for k in range(len(weights))]
    mixtures = [EARLY if k % 2 else LATE for k in range(len(weights))]
    schedule = Schedule(Phase(end, mixture) for end, mixture in zip([*until[:-1], 1.0], mixtures, strict=True))
    assert sum(schedule.parts) == pytest.approx(1)
    try:
        ends = schedule.ends(steps)
    except ScheduleError as error:
        assert "is shorter than one of the run's" in str(error)  # noqa: PT017
        assert steps < 2 * len(weights) / min(weights)
    else:
        assert ends[-1] == steps
        assert sorted(set(ends)) == list(ends)
        assert all(abs(end - phase.until * steps) <= 0.5 for end, phase in zip(ends, schedule, strict=True))


@pytest.mark.parametrize(
    ("phases", "said"),
    [
        ([], "no phase"),
        ([(0.5, EARLY), (0.5, LATE), (1.0, EARLY)], "phase 2 ends at 0.5, the one before it at 0.5"),
        ([(0.6, EARLY), (0.4, LATE)], "phase 2 ends at 0.4"),
        ([(0.6, EARLY), (0.9, LATE)], "the last phase ends at 0.9"),
        ([(float("nan"), EARLY)], "phase 1 ends at nan"),
        ([(0.0, EARLY), (1.0, LATE)], "phase 1 ends at 0"),
        ([(0.5, EARLY), (1.5, LATE)], "the last phase ends at 1.5"),
    ],
)
def test_what_is_no_schedule(phases: list[tuple[float, Mixture]], said: str) -> None:
    with pytest.raises(ScheduleError, match=said):
        Schedule(Phase(until, mixture) for until, mixture in phases)
