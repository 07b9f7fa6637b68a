"""Excluded points by hand: within the radius of one that was evaluated, or more widely of one that diverged."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.search.bayesopt.excluded_points import ExcludedPoints, excluded_points
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.schema import HyperparameterRange
from codescale.search.space.space import SearchSpace

REGION = FeasibleRegion(
    SearchSpace("two", {"a": (0.0, 1.0), "b": (0.0, 1.0)}, {"batch": HyperparameterRange(low=2, high=4)}), ("a", "b")
)


def at(share: float, batch: float) -> Points:
    """``batch`` from 0 (2 sequences) to 1 (4 sequences)."""
    return Points(np.array([[share, 1.0 - share]]), np.array([[batch]]))


@pytest.fixture
def excluded() -> ExcludedPoints:
    """A point evaluated at a share of 0.3 and a batch of 2, and one that diverged at 0.8 and 4."""
    return excluded_points(REGION, at(0.3, 0.0), at(0.8, 1.0), DEFAULT_SETTINGS)


@pytest.mark.parametrize(
    ("share", "batch", "inside"),
    [
        (0.3, 0.0, True),
        (0.3009, 0.0, True),
        (0.3011, 0.0, False),
        (0.3, 0.2, True),  # 2.4 sequences are 2
        (0.3, 0.3, False),  # 2.6 are 3
        (0.751, 1.0, True),
        (0.749, 1.0, False),
        (0.8, 0.5, False),
    ],
)
def test_the_radius_is_in_the_largest_difference(
    excluded: ExcludedPoints, share: float, batch: float, inside: bool
) -> None:
    assert excluded.contains(at(share, batch)).tolist() == [inside]


def test_an_allowed_point_stays_where_it_is(excluded: ExcludedPoints) -> None:
    point = at(0.5, 0.5)
    assert excluded.nearest_allowed(point, lambda points: points.shares[:, 0], np.random.default_rng(0)) is point


def test_from_an_excluded_point_the_best_near_one_is_taken(excluded: ExcludedPoints) -> None:
    """The acquisition asks for the share 0.8 at the batch 4, which is excluded: the next best is just outside."""
    asked: list[int] = []

    def acquisition(points: Points) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        asked.append(len(points))
        return np.abs(points.shares[:, 0] - 0.8) + np.abs(points.hyper[:, 0] - 1.0)

    found = excluded.nearest_allowed(at(0.8, 1.0), acquisition, np.random.default_rng(0))
    assert not excluded.contains(found)[0]
    assert len(asked) == 1
    assert abs(found.shares[0, 0] - 0.8) + abs(found.hyper[0, 0] - 1.0) < 0.5


def test_where_all_is_excluded_the_point_itself_is_tried_again() -> None:
    space = SearchSpace("fixed", {"a": (0.5, 0.5), "b": (0.5, 0.5)}, {"batch": HyperparameterRange(low=2, high=3)})
    region = FeasibleRegion(space, ("a", "b"))
    both = Points.concatenate([at(0.5, 0.0), at(0.5, 1.0)])
    everything = excluded_points(region, both, Points.empty(2, 1), DEFAULT_SETTINGS)
    point = at(0.5, 0.0)
    assert everything.nearest_allowed(point, lambda points: points.hyper[:, 0], np.random.default_rng(0)) is point
