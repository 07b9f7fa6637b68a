"""Coordinates on the simplex: feasible everywhere, invertible, uniform where they promise it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from codescale.mixtures.bounds import Ties
from codescale.mixtures.coordinates import Coordinates
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture


def names(count: int) -> list[str]:
    return [f"language{k}" for k in range(count)]


def cube_of(intervals: Mapping[str, tuple[float, float]], ties: Ties = ()) -> Coordinates:
    return Coordinates(FeasibleSet.of(intervals, ties))


def free(count: int) -> Coordinates:
    return cube_of(dict.fromkeys(names(count), (0.0, 1.0)))


@st.composite
def bounded(draw: st.DrawFn) -> Coordinates:
    """Bounds that allow a sum of 1: intervals around the shares of some mixture."""
    count = draw(st.integers(2, 8))
    weights = draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))
    total = sum(weights)
    shares = [w / total for w in weights] if total > 1e-3 else [1 / count] * count
    below = draw(st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.2, 1.0]), min_size=count, max_size=count))
    above = draw(st.lists(st.sampled_from([0.0, 0.05, 0.3, 1.0, 1.0]), min_size=count, max_size=count))
    return cube_of(
        {
            name: (max(share - b, 0.0), min(share + a, 1.0))
            for name, share, b, a in zip(names(count), shares, below, above, strict=True)
        }
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_every_point_of_the_cube_is_feasible_and_comes_back(data: st.DataObject) -> None:
    coordinates = data.draw(bounded())
    cube = np.array(data.draw(st.lists(st.floats(0, 1), min_size=coordinates.size, max_size=coordinates.size)))
    mixture = coordinates.mixture(cube)
    shares = mixture.array(coordinates.feasible.domains)
    assert abs(shares.sum() - 1) < 1e-9
    assert (shares >= coordinates.feasible.low - 1e-9).all()
    assert (shares <= coordinates.feasible.high + 1e-9).all()
    again = coordinates.mixture(coordinates.coordinates(mixture)).array(coordinates.feasible.domains)
    assert again == pytest.approx(shares, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=17), st.integers(0, 12))
def test_any_mixture_comes_back_even_where_one_language_has_nearly_all(weights: list[float], power: int) -> None:
    shares = np.array(weights) ** (1 + power) + 0.0
    if shares.sum() == 0:
        shares[-1] = 1.0
    shares /= shares.sum()
    coordinates = free(len(shares))
    mixture = Mixture.from_array(coordinates.feasible.domains, shares)
    again = coordinates.mixture(coordinates.coordinates(mixture)).array(coordinates.feasible.domains)
    assert again == pytest.approx(shares, abs=1e-9)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_uniform_coordinates_are_uniform_on_the_simplex(count: int) -> None:
    """Every share of a uniform mixture follows Beta(1, n - 1), the marginal of Dirichlet(1, …, 1)."""
    random = np.random.default_rng(1)
    coordinates = free(count)
    drawn = [coordinates.mixture(u).array(coordinates.feasible.domains) for u in random.random((2000, count - 1))]
    shares = np.array(drawn)
    for k in range(count):
        assert stats.kstest(shares[:, k], stats.beta(1, count - 1).cdf).pvalue > 1e-3
    expected = -1 / (count**2 * (count + 1))  # covariance of two shares of Dirichlet(1, …, 1)
    assert np.cov(shares.T)[0, -1] == pytest.approx(expected, rel=0.15)


def test_lower_bounds_alone_keep_it_uniform() -> None:
    random = np.random.default_rng(2)
    coordinates = cube_of({"a": (0.1, 1.0), "b": (0.2, 1.0), "c": (0.0, 1.0)})
    shares = np.array([coordinates.mixture(u).array("abc") for u in random.random((2000, 2))])
    for k, low in enumerate([0.1, 0.2, 0.0]):
        assert stats.kstest((shares[:, k] - low) / 0.7, stats.beta(1, 2).cdf).pvalue > 1e-3


def test_a_share_of_0_and_of_1_can_be_reached() -> None:
    coordinates = free(4)
    for corner in range(4):
        mixture = Mixture.from_array(coordinates.feasible.domains, np.eye(4)[corner])
        assert coordinates.mixture(coordinates.coordinates(mixture)) == mixture
    assert coordinates.mixture(np.ones(3))["language0"] == 0


def test_fixed_shares_take_no_coordinate() -> None:
    coordinates = cube_of({"a": (0.0, 1.0), "b": (0.0, 1.0), "text": (0.25, 0.25)})
    assert coordinates.size == 1
    assert coordinates.mixture(np.array([0.5]))["text"] == 0.25
    assert cube_of({"a": (1.0, 1.0), "b": (0.0, 0.0)}).size == 0


def test_outside_is_refused_and_the_nearest_mixture_is_inside() -> None:
    coordinates = cube_of({"a": (0.1, 0.3), "b": (0.0, 0.5), "c": (0.0, 1.0)})
    outside = Mixture({"a": 0.9, "b": 0.1})
    with pytest.raises(ValueError, match="outside"):
        coordinates.coordinates(outside)
    nearest = coordinates.feasible.nearest(outside)
    assert coordinates.feasible.contains(nearest)
    assert dict(nearest) == pytest.approx({"a": 0.3, "b": 0.4, "c": 0.3})
    inside = Mixture({"a": 0.2, "b": 0.2, "c": 0.6})
    assert dict(coordinates.feasible.nearest(inside)) == pytest.approx(dict(inside))


def rejection(coordinates: Coordinates, draws: int) -> NDArray[np.float64]:
    """Uniform on the feasible mixtures without ties: the simplex above the lower bounds, and what keeps the upper."""
    random, feasible = np.random.default_rng(5), coordinates.feasible
    shares = feasible.low + coordinates.rest * random.dirichlet(np.ones(len(feasible.low)), draws)
    return np.asarray(shares[(shares <= feasible.high).all(axis=1)])


def drawn(coordinates: Coordinates, count: int) -> NDArray[np.float64]:
    random = np.random.default_rng(6)
    cube = random.random((count, coordinates.size))
    return np.array([coordinates.mixture(u).array(coordinates.feasible.domains) for u in cube])


@pytest.mark.parametrize(
    "highs",
    [
        (0.3, 0.3, 0.3, 0.3),  # a small simplex upside down
        (0.5, 0.5, 0.5),  # a hexagon's half
        (0.05, 0.6, 0.6, 0.2),
        (0.4, 0.4, 0.4, 0.1, 0.1),
        tuple([0.12] * 17),
    ],
)
def test_tight_upper_bounds_stay_uniform_in_volume(highs: tuple[float, ...]) -> None:
    """Every share, and every sum of two neighbours, against rejection sampling."""
    coordinates = cube_of({name: (0.0, high) for name, high in zip(names(len(highs)), highs, strict=True)})
    ours, reference = drawn(coordinates, 1000), rejection(coordinates, 300_000)
    assert len(reference) > 1000
    for k in range(len(highs)):
        assert stats.ks_2samp(ours[:, k], reference[:, k]).pvalue > 1e-3
        pair = [k, (k + 1) % len(highs)]
        assert stats.ks_2samp(ours[:, pair].sum(axis=1), reference[:, pair].sum(axis=1)).pvalue > 1e-3


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_shares_at_their_bounds_come_back(data: st.DataObject) -> None:
    """Many languages at a bound at once, where densities vanish."""
    count = data.draw(st.sampled_from([2, 3, 4, 6, 8, 17]))
    highs = np.array(data.draw(st.lists(st.sampled_from([0.01, 0.1, 0.15, 0.4]), min_size=count, max_size=count)))
    highs[-1] = max(highs[-1], min(1.0, 1.02 - highs[:-1].sum()))
    order = data.draw(st.permutations(range(count)))
    shares, left = np.zeros(count), 1.0
    for k in order:
        shares[k] = min(highs[k], left) * data.draw(st.sampled_from([1.0, 1.0, 1 - 1e-7, 0.999, 0.0]))
        left -= shares[k]
    for k in order:
        more = min(highs[k] - shares[k], left)
        shares[k], left = shares[k] + more, left - more
    coordinates = cube_of({name: (0.0, float(high)) for name, high in zip(names(count), highs, strict=True)})
    mixture = Mixture.from_array(coordinates.feasible.domains, shares)
    again = coordinates.mixture(coordinates.coordinates(mixture)).array(coordinates.feasible.domains)
    assert again == pytest.approx(shares, abs=1e-9)


def test_tied_languages_move_together() -> None:
    bounds = {"javascript": (0.1, 0.5), "python": (0.0, 1.0), "typescript": (0.0, 0.6), "text": (0.1, 0.1)}
    coordinates = cube_of(bounds, [{"typescript": 2.0, "javascript": 1.0}])
    assert coordinates.size == 1
    shares = drawn(coordinates, 400)
    ratio = shares[:, 2] / shares[:, 0]
    assert ratio == pytest.approx(np.full(400, 2.0))
    assert shares[:, 0].min() >= 0.1 - 1e-12
    assert shares[:, 2].max() <= 0.6 + 1e-12
    assert stats.kstest((shares[:, 1]) / 0.6, "uniform").pvalue > 1e-3  # 0.9 less a group of 0.3 to 0.9
    outside = Mixture({"javascript": 0.3, "python": 0.3, "typescript": 0.3, "text": 0.1})
    assert not coordinates.feasible.contains(outside)
    nearest = coordinates.feasible.nearest(outside)
    assert coordinates.feasible.contains(nearest)
    random = np.random.default_rng(8)
    distance = _distance(nearest, outside)
    assert all(_distance(coordinates.mixture(u), outside) >= distance - 1e-9 for u in random.random((200, 1)))
    again = coordinates.mixture(coordinates.coordinates(nearest))
    assert dict(again) == pytest.approx(dict(nearest), abs=1e-9)


def _distance(first: Mixture, second: Mixture) -> float:
    return float(sum((first[name] - second[name]) ** 2 for name in first))
