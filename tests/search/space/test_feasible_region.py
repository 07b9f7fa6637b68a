"""The feasible region: what is sampled and perturbed stays inside, with ties, bounds and choices kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.schema import HyperparameterRange, OrganisationChoice
from codescale.search.space.space import SearchSpace, load_space

LANGUAGES = ("python", "java", "rust")
RATE = HyperparameterRange(low=0.5, high=2.0, scale="log")
BATCH = HyperparameterRange(low=2, high=8)


def test_choices_are_sampled_and_perturbed_to_either_side_alone() -> None:
    space = SearchSpace(
        "both",
        dict.fromkeys(LANGUAGES, (0.0, 1.0)),
        {"learning_rate_factor": RATE, "organisation": OrganisationChoice()},
    )
    region = FeasibleRegion(space, LANGUAGES)
    generator = np.random.default_rng(0)
    sampled = region.sample(200, generator)
    assert set(sampled.hyper[:, 1]) == {0.0, 1.0}
    assert len(set(sampled.hyper[:, 0])) == 200
    for start in (sampled.hyper[0], sampled.hyper[1], 1.0 - np.round(sampled.hyper[0])):
        for step in (1e-4, 0.1):
            near = region.perturb(Points(sampled.shares[:1], start[None]), step, 72, generator).hyper
            assert set(near[:, 1]) == {0.0, 1.0}
            assert near[0, 1] == start[1]
            assert 0.1 < (near[:, 1] != start[1]).mean() < 0.45
    assert region.round(np.array([[0.3, 0.7]]))[0].tolist() == [pytest.approx(0.3), 1.0]


def test_without_a_choice_a_point_is_perturbed_as_it_was() -> None:
    """Searches of before go on as they would have."""
    region = FeasibleRegion(load_space("hyperparameters_only", LANGUAGES), LANGUAGES)
    point = Points(np.full((1, 3), 1 / 3), np.full((1, 4), 0.5))
    near = region.perturb(point, 0.1, 72, np.random.default_rng(5)).hyper
    assert near[1] == pytest.approx([0.5623977651, 0.4072500884, 0.3850184243, 0.5118973554])


@settings(max_examples=15, deadline=None)
@given(
    low=st.floats(0, 0.3),
    high=st.floats(0.4, 1),
    ratio=st.floats(0.2, 2),
    seed=st.integers(0, 999),
    step=st.floats(1e-4, 0.5),
)
def test_what_is_sampled_and_perturbed_is_feasible(
    low: float, high: float, ratio: float, seed: int, step: float
) -> None:
    bounds = {"python": (low, high), "java": (0.0, 1.0), "rust": (0.0, 1.0), "go": (0.0, 1.0)}
    space = SearchSpace("tied", bounds, {}, ({"java": 1.0, "rust": ratio},))
    region, generator = FeasibleRegion(space, tuple(bounds)), np.random.default_rng(seed)
    sampled = region.sample(20, generator)
    for points in (sampled, region.perturb(sampled.row(3), step, 72, generator)):
        assert points.shares.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
        assert (points.shares[:, 0] >= low - 1e-9).all()
        assert (points.shares[:, 0] <= high + 1e-9).all()
        assert points.shares[:, 2] == pytest.approx(ratio * points.shares[:, 1], abs=1e-7)


def test_what_is_feasible_is_projected_onto_itself_and_nothing_is_projected_outside() -> None:
    bounds = {"python": (0.2, 0.5), "java": (0.0, 1.0), "rust": (0.0, 0.1)}
    region = FeasibleRegion(SearchSpace("bounded", bounds, {}), LANGUAGES)
    inside = np.array([0.3, 0.65, 0.05])
    assert region.project(inside) == pytest.approx(inside)
    assert region.project(np.array([0.6, 0.2, 0.2])) == pytest.approx([0.5, 0.4, 0.1], abs=1e-9)
    vertices = region.vertices
    assert vertices[0] == pytest.approx([0.5, 0.45, 0.05], abs=0.06)
    assert vertices.sum(axis=1) == pytest.approx(1.0)
    assert (vertices[:, 0] >= 0.2 - 1e-9).all()


def test_a_point_goes_to_the_space_and_back() -> None:
    hyper = {"learning_rate_factor": RATE, "batch": BATCH}
    region = FeasibleRegion(SearchSpace("both", dict.fromkeys(LANGUAGES, (0.0, 1.0)), hyper), LANGUAGES)
    one = Points(np.array([[0.5, 0.3, 0.2]]), np.array([[0.25, 0.51]]))
    there = region.search_point(one)
    assert there.hyper["learning_rate_factor"] == pytest.approx(0.5 * 4**0.25)
    assert there.hyper["batch"] == 5.0
    back = region.points([there])
    assert back.shares == pytest.approx(one.shares)
    assert back.hyper == pytest.approx(np.array([[0.25, 0.5]]))
    assert region.round(one.hyper) == pytest.approx(back.hyper)
