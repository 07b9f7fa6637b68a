"""How wide an interval is: Student's t where few runs tell the noise, and a spread that strays do not stretch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codescale.laws.intervals import NORMAL_90, half_width, noise_factor
from codescale.laws.law import Law
from tests.allocation.made_law import made_law

AT = np.array([1e6]), np.array([1e8]), np.full((1, 5), 0.2)
BEYOND = np.array([1e8]), np.array([1e9]), np.full((1, 5), 0.2)


def test_few_degrees_of_freedom_widen_as_students_t_does() -> None:
    found = noise_factor(np.array([1.0, 2.0, 7.5, np.inf, 0.0]))
    normal = stats.norm.ppf(0.95)
    assert found[:3] == pytest.approx([stats.t.ppf(0.95, df) / normal for df in (1, 2, 7.5)])
    assert found[3] == 1.0
    assert np.isnan(found[4])


@given(st.floats(0.5, 1e6))
def test_more_freedom_never_widens(freedom: float) -> None:
    fewer, more = noise_factor(np.array([freedom, 1.5 * freedom]))
    assert fewer >= more >= 1.0


def test_an_interval_of_students_t_holds_a_new_draw_nine_times_in_ten() -> None:
    """Three draws around a known middle minus their own: a variance of two degrees of freedom."""
    draws = np.random.default_rng(0).standard_normal((20_000, 4))
    deviation = draws[:, :3].std(axis=1, ddof=1)
    factor = noise_factor(np.array([2.0]))
    assert (np.abs(draws[:, 3]) <= factor * NORMAL_90 * deviation).mean() == pytest.approx(0.9, abs=0.01)
    assert (np.abs(draws[:, 3]) <= NORMAL_90 * deviation).mean() < 0.8


def test_the_spread_is_that_of_the_middle() -> None:
    drawn = np.random.default_rng(1).standard_normal((4000, 2)) * [1.0, 3.0]
    drawn[:40] *= 1e6
    assert half_width(drawn) == pytest.approx([1.0, 3.0], rel=0.1)


def log_half(law: Law, at: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    told = law.predict(*at)
    return np.asarray(np.log(told.high / told.low) / 2.0)


def with_freedom(law: Law, freedom: float) -> Law:
    return law.model_copy(update={"noise_freedom": dict.fromkeys(law.targets, freedom)})


@pytest.mark.parametrize("at", [AT, BEYOND])
def test_a_law_of_few_runs_is_as_much_less_sure_of_a_new_one(at: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    alone, sampled = made_law(samples=0), made_law(samples=8)
    few = with_freedom(alone, 2.0)
    assert log_half(few, at) == pytest.approx(stats.t.ppf(0.95, 2) / NORMAL_90 * log_half(alone, at), rel=1e-9)
    assert few.predict(*at).losses == pytest.approx(alone.predict(*at).losses)
    spread = log_half(sampled, at) ** 2 - log_half(alone, at) ** 2
    widened = log_half(with_freedom(sampled, 2.0), at) ** 2 - log_half(few, at) ** 2
    assert widened == pytest.approx(spread, rel=1e-6)  # the fit's own spread is not widened again


def test_where_nothing_tells_the_noise_no_interval_is_told() -> None:
    law = made_law(samples=8)
    one = law.model_copy(update={"noise_freedom": {law.targets[1]: 0.0}}).predict(*AT)
    unknown = np.arange(len(law.targets)) == 1
    assert (np.isnan(one.low[0]) == unknown).all()
    assert (np.isnan(one.high[0]) == unknown).all()
    assert np.isfinite(one.losses).all()
