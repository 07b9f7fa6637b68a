"""The feasible set against independent solvers: projection by quadratic programming, reach by linear programming."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens, Ties
from codescale.mixtures.feasible import FeasibleSet, filled_to_one, group_bounds
from codescale.mixtures.mixture import Mixture

NAMES = tuple("abcdef")


@st.composite
def feasible_sets(draw: st.DrawFn) -> FeasibleSet:
    """Intervals about the shares of some mixture; now and then two or three languages keep its ratios."""
    count = draw(st.integers(2, 6))
    weights = np.array(draw(st.lists(st.floats(0.05, 1), min_size=count, max_size=count)))
    middle = weights / weights.sum()
    below = np.array(draw(st.lists(st.sampled_from([0.0, 0.01, 0.2, 1.0]), min_size=count, max_size=count)))
    above = np.array(draw(st.lists(st.sampled_from([0.0, 0.05, 0.3, 1.0]), min_size=count, max_size=count)))
    tied = draw(st.sampled_from([(), (0, 1), (1, 0), (count - 1, 0, 1)]))
    ties = [{NAMES[k]: float(middle[k]) for k in tied}] if len(set(tied)) == len(tied) > 1 else []
    return FeasibleSet(NAMES[:count], np.maximum(middle - below, 0.0), np.minimum(middle + above, 1.0), ties)


def equalities(feasible: FeasibleSet) -> tuple[Array, Array]:
    """A @ shares = b: the sum, and each tied language against the first of its group. Written from the definition."""
    index = {name: k for k, name in enumerate(feasible.domains)}
    rows, right = [np.ones(len(feasible.domains))], [1.0]
    for group in feasible.ties:
        first, *others = group
        for name in others:
            row = np.zeros(len(feasible.domains))
            row[index[name]], row[index[first]] = group[first], -group[name]
            rows.append(row)
            right.append(0.0)
    return np.array(rows), np.array(right)


def intervals(feasible: FeasibleSet) -> list[tuple[float, float]]:
    return [*zip(feasible.low.tolist(), feasible.high.tolist(), strict=True)]


def assert_inside(feasible: FeasibleSet, shares: Array) -> None:
    matrix, right = equalities(feasible)
    assert np.abs(shares @ matrix.T - right).max() < 1e-9
    assert (shares >= feasible.low - 1e-9).all()
    assert (shares <= feasible.high + 1e-9).all()


def distance_of_solver(feasible: FeasibleSet, wanted: Array) -> float:
    """The squared distance from ``wanted`` to the set, as SLSQP finds it from the definition."""
    matrix, right = equalities(feasible)
    start = linprog(np.zeros(len(wanted)), A_eq=matrix, b_eq=right, bounds=intervals(feasible)).x
    constraints: list[Any] = [{"type": "eq", "fun": lambda x: matrix @ x - right, "jac": lambda x: matrix}]
    found = minimize(
        lambda x: ((x - wanted) ** 2).sum(),
        start,
        jac=lambda x: 2 * (x - wanted),
        bounds=intervals(feasible),
        constraints=constraints,
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 300},
    )
    return float(found.fun)


@settings(max_examples=60, deadline=None)
@given(feasible_sets(), st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_the_projection_is_the_nearest_mixture(feasible: FeasibleSet, point: list[float]) -> None:
    wanted = np.array(point[: len(feasible.domains)])
    found = feasible.project(wanted)
    assert_inside(feasible, found)
    assert ((found - wanted) ** 2).sum() == pytest.approx(distance_of_solver(feasible, wanted), rel=1e-6, abs=1e-8)
    rows = np.stack([wanted, found])
    assert feasible.project(rows) == pytest.approx(np.stack([found, found]), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(feasible_sets(), st.lists(st.floats(0.01, 1), min_size=6, max_size=6))
def test_the_nearest_mixture_is_the_projection(feasible: FeasibleSet, weights: list[float]) -> None:
    wanted = np.array(weights[: len(feasible.domains)])
    mixture = Mixture.from_array(feasible.domains, wanted / wanted.sum())
    nearest = feasible.nearest(mixture)
    assert feasible.contains(nearest)
    found = nearest.array(feasible.domains)
    assert found == pytest.approx(feasible.project(mixture.array(feasible.domains)), abs=1e-9)
    if feasible.contains(mixture):
        assert found == pytest.approx(mixture.array(feasible.domains), abs=1e-8)


@settings(max_examples=60, deadline=None)
@given(feasible_sets())
def test_the_reach_is_what_a_linear_program_reaches(feasible: FeasibleSet) -> None:
    matrix, right = equalities(feasible)
    bounds = intervals(feasible)
    for k, (least, most) in enumerate(zip(*feasible.reach, strict=True)):
        aim = np.eye(len(feasible.domains))[k]
        ends = [sign * linprog(sign * aim, A_eq=matrix, b_eq=right, bounds=bounds).fun for sign in (1.0, -1.0)]
        assert (least, most) == pytest.approx(tuple(ends), abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(feasible_sets(), st.integers(0, 9))
def test_samples_are_inside(feasible: FeasibleSet, seed: int) -> None:
    drawn = feasible.sample(200, np.random.default_rng(seed))
    assert drawn.shape == (200, len(feasible.domains))
    assert_inside(feasible, drawn)


def test_samples_of_the_whole_simplex_are_uniform() -> None:
    drawn = FeasibleSet.of(dict.fromkeys("abc", (0.0, 1.0))).sample(4000, np.random.default_rng(0))
    assert drawn.mean(axis=0) == pytest.approx(np.full(3, 1 / 3), abs=0.02)
    assert (drawn**2).mean(axis=0) == pytest.approx(np.full(3, 1 / 6), abs=0.02)


@settings(max_examples=60, deadline=None)
@given(feasible_sets(), st.lists(st.floats(-0.02, 0.02), min_size=6, max_size=6))
def test_contains_agrees_with_the_definition(feasible: FeasibleSet, steps: list[float]) -> None:
    shares = feasible.project(np.full(len(feasible.domains), 1 / len(feasible.domains)))
    assert feasible.contains(Mixture.from_array(feasible.domains, shares))
    moved = np.maximum(shares + np.array(steps[: len(shares)]), 0.0)
    moved /= moved.sum()
    matrix, right = equalities(feasible)
    broken = max(np.abs(matrix @ moved - right).max(), (feasible.low - moved).max(), (moved - feasible.high).max())
    if broken > 1e-7:
        assert not feasible.contains(Mixture.from_array(feasible.domains, moved))
    elif broken < 1e-12:
        assert feasible.contains(Mixture.from_array(feasible.domains, moved))


def test_a_language_outside_the_set_is_not_contained_and_loses_its_share() -> None:
    feasible = FeasibleSet.of({"a": (0.0, 1.0), "b": (0.0, 1.0)})
    mixture = Mixture({"a": 0.4, "b": 0.4, "cobol": 0.2})
    assert not feasible.contains(mixture)
    assert dict(feasible.nearest(mixture)) == pytest.approx({"a": 0.5, "b": 0.5})


@settings(max_examples=60, deadline=None)
@given(feasible_sets(), st.integers(0, 9))
def test_groups_stand_for_the_same_mixtures(feasible: FeasibleSet, seed: int) -> None:
    groups, axes = feasible.by_groups()
    assert not groups.ties
    drawn = groups.sample(100, np.random.default_rng(seed))
    assert_inside(feasible, drawn if axes is None else drawn @ axes.T)
    low, high = groups.reach
    ends = feasible.reach
    if axes is not None:
        assert groups.domains[0] == " + ".join(feasible.ties[0])
        assert axes.sum(axis=0) == pytest.approx(np.ones(len(groups.domains)))
        assert (axes @ low, axes @ high) == (pytest.approx(ends[0], abs=1e-9), pytest.approx(ends[1], abs=1e-9))


def test_bounds_of_a_group_are_those_of_its_tightest_member() -> None:
    parts = np.array([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]])
    least, most = group_bounds(parts, np.array([0.1, 0.0, 0.2]), np.array([1.0, 0.6, 0.3]))
    assert least.tolist() == pytest.approx([0.4, 0.2])
    assert most.tolist() == pytest.approx([0.8, 0.3])


def test_filling_spreads_what_is_missing_over_the_room() -> None:
    low, high = np.zeros(3), np.array([0.5, 0.5, 1.0])
    short = filled_to_one(np.array([0.5, 0.3, 0.1]), low, high)
    assert short == pytest.approx(np.array([0.5, 0.3 + 0.1 * 0.2 / 1.1, 0.1 + 0.1 * 0.9 / 1.1]))
    long = filled_to_one(np.array([0.5, 0.5, 0.2]), low, high, weights=np.array([1.0, 0.0, 0.0]))
    assert long == pytest.approx(np.array([0.3, 0.5, 0.2]))


def test_bounds_that_allow_no_sum_of_1_are_refused() -> None:
    for bounds in ({"a": (0.0, 0.4), "b": (0.0, 0.4)}, {"a": (0.7, 1.0), "b": (0.7, 1.0)}, {"a": (0.5, 0.2)}):
        with pytest.raises(ValueError, match="bounds"):
            FeasibleSet.of(bounds)


def test_ties_that_no_bounds_allow_are_refused() -> None:
    with pytest.raises(ValueError, match="a and b cannot keep their tie"):
        FeasibleSet.of({"a": (0.5, 1.0), "b": (0.0, 0.2), "c": (0.0, 1.0)}, [{"a": 1.0, "b": 1.0}])
    for ties in ([{"a": 1.0, "z": 1.0}], [{"a": 1.0, "b": 1.0}, {"b": 1.0, "c": 1.0}], [{"a": 0.0, "b": 1.0}]):
        with pytest.raises(ValueError, match="tie"):
            FeasibleSet.of({"a": (0.0, 1.0), "b": (0.0, 1.0), "c": (0.0, 1.0)}, ties)


def test_the_reach_of_a_share_is_what_the_others_leave_it() -> None:
    low, high = FeasibleSet.of({"a": (0.0, 1.0), "b": (0.2, 0.3), "c": (0.0, 0.4)}).reach
    assert low.tolist() == pytest.approx([0.3, 0.2, 0.0])
    assert high.tolist() == pytest.approx([0.8, 0.3, 0.4])
    tied = FeasibleSet.of({"a": (0.0, 1.0), "b": (0.0, 0.2), "c": (0.0, 1.0)}, ties=[{"a": 2.0, "b": 1.0}])
    assert [end.tolist() for end in tied.reach] == [pytest.approx([0.0, 0.0, 0.4]), pytest.approx([0.4, 0.2, 1.0])]


def test_bounds_and_tokens_enter_by_one_constructor() -> None:
    available = AvailableTokens(max_epochs=2, tokens={"b": 10})
    feasible = FeasibleSet.within(("a", "b", "c"), 100, {"a": (0.3, 1.0), "c": 0.1}, available)
    assert feasible.low.tolist() == [0.3, 0.0, 0.1]
    assert feasible.high.tolist() == [1.0, 0.2, 0.1]


@pytest.mark.parametrize(
    ("bounds", "tokens", "ties", "message"),
    [
        ({"z": 0.1}, {}, [], "bounds, z"),
        ({}, {"z": 1}, [], "available, tokens, z"),
        ({"a": (0.5, 0.2)}, {}, [], "no interval of shares"),
        ({"a": (0.5, 1.0)}, {"a": 10}, [], "asks for 0.5 or more"),
        ({"a": (0.6, 1.0), "b": (0.6, 1.0)}, {}, [], "lower bounds sum to 1.2"),
        ({"a": (0.0, 0.1), "b": (0.0, 0.1), "c": 0.1}, {}, [], "upper bounds sum to 0.3"),
        ({"a": (0.0, 0.1), "b": (0.5, 1.0)}, {}, [{"a": 1.0, "b": 1.0}], "cannot hold at the ratios of the tie"),
        ({"a": (0.0, 0.1), "c": (0.0, 0.1)}, {}, [{"a": 1.0, "b": 1.0}], "upper bounds sum to 0.3"),
    ],
)
def test_what_leaves_no_mixture_is_named(
    bounds: dict[str, Any], tokens: dict[str, float], ties: Ties, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        FeasibleSet.within(("a", "b", "c"), 100, bounds, AvailableTokens(tokens=tokens) if tokens else None, ties)
