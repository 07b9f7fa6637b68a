"""The search for an acquisition's optimum: feasible, and as good as what is known of the optimum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.search.bayesopt.optimize_acquisition import optimize_acquisition
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.schema import HyperparameterRange
from codescale.search.space.space import SearchSpace
from tests.search.planted_landscape import LANGUAGES, space


@settings(max_examples=12, deadline=None)
@given(
    lows=st.lists(st.floats(0, 0.2), min_size=4, max_size=4),
    widths=st.lists(st.floats(0.15, 0.8), min_size=4, max_size=4),
    weights=st.lists(st.floats(-1, 1), min_size=4, max_size=4),
    seed=st.integers(0, 1000),
)
def test_the_point_is_feasible_and_a_linear_function_is_least_there(
    lows: list[float], widths: list[float], weights: list[float], seed: int
) -> None:
    bounds = {name: (low, min(low + width, 1.0)) for name, low, width in zip(LANGUAGES, lows, widths, strict=True)}
    if sum(low for low, _ in bounds.values()) > 1 or sum(high for _, high in bounds.values()) < 1:
        return
    where = SearchSpace("bounded", bounds, {"weight_decay": HyperparameterRange(low=0.01, high=0.1, scale="log")})
    region = FeasibleRegion(where, LANGUAGES)
    slope = np.array(weights)
    found, _ = optimize_acquisition(
        lambda points: points.shares @ slope + (points.hyper[:, 0] - 0.3) ** 2,
        region,
        Points.empty(4, 1),
        np.random.default_rng(seed),
        5_000,
    )
    shares = found.shares[0]
    point = region.search_point(found)
    assert where.feasible.contains(point.mixture)
    where.parameters(point)
    # A linear function is least at a corner, which filling up the cheapest languages first finds.
    low, high = (np.array([pair[k] for pair in bounds.values()]) for k in (0, 1))
    best, left = low.copy(), 1.0 - low.sum()
    for k in np.argsort(slope):
        best[k] += min(left, high[k] - low[k])
        left = 1.0 - best.sum()
    assert float(slope @ shares) <= float(slope @ best) + 0.02


def test_a_start_is_never_left_for_a_worse_point() -> None:
    """The optimum is a narrow pit about the start, which random points do not meet."""
    region, at = FeasibleRegion(space(), LANGUAGES), np.array([0.4, 0.3, 0.2, 0.1])
    start = Points(at[None], np.empty((1, 0)))

    def pit(points: Points) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.asarray(-np.exp(-1e6 * ((points.shares - at) ** 2).sum(axis=1)))

    found, value = optimize_acquisition(pit, region, start, np.random.default_rng(0), 300)
    assert value == -1.0
    assert np.abs(found.shares[0] - at).max() < 1e-9


def test_the_acquisition_is_asked_about_as_often_as_it_may_be() -> None:
    region, asked = FeasibleRegion(space(), LANGUAGES), []

    def count(points: Points) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        asked.append(len(points))
        return points.shares[:, 0]

    optimize_acquisition(count, region, Points.empty(4, 0), np.random.default_rng(0), 1_500)
    assert 1_000 < sum(asked) <= 1_500


def test_a_start_outside_of_the_space_is_brought_inside_and_judged_there() -> None:
    """A run of an earlier space, better than all that is feasible."""
    space = SearchSpace("bounded", {"python": (0.0, 0.5), "java": (0.0, 1.0)}, {})
    region = FeasibleRegion(space, ("python", "java"))
    start = Points(np.array([[0.9, 0.1]]), np.empty((1, 0)))
    generator = np.random.default_rng(0)
    found, value = optimize_acquisition(lambda points: -points.shares[:, 0], region, start, generator, 300)
    assert found.shares[0] == pytest.approx([0.5, 0.5])
    assert value == pytest.approx(-0.5)
