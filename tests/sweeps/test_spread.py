"""The mixtures that a law is fitted on fill what there is, evenly in volume."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest

from codescale.errors import UserError
from codescale.mixtures.feasible import FeasibleSet
from codescale.sweeps.spread import spread_mixtures, spread_within, target_mixtures
from tests.tiny_study import tiny_study


def test_mixtures_begin_with_uniform_and_are_uniform_over_the_simplex() -> None:
    mixtures = spread_mixtures(["a", "b", "c", "d"], 257, seed=0)
    assert set(mixtures[0].values()) == {0.25}
    first = np.array([mixture["a"] for mixture in mixtures[1:]])
    # A share of a point uniform over the simplex of 4 has the distribution Beta(1, 3).
    assert kstest(first, "beta", args=(1, 3)).pvalue > 0.01


def test_within_bounds_they_are_uniform_as_well() -> None:
    """Under a <= 1/4 the density of a falls from 3 (1 - a)^2, as the untruncated one, which it is scaled to."""
    feasible = FeasibleSet.of({"a": (0.0, 0.25), "b": (0.0, 1.0), "c": (0.0, 1.0), "d": (0.0, 1.0)})
    drawn = spread_within(feasible, 257, seed=0)
    first = np.array([mixture["a"] for mixture in drawn[1:]])
    assert kstest((1 - (1 - first) ** 3) / (1 - 0.75**3), "uniform").pvalue > 0.01
    assert all(feasible.contains(mixture) for mixture in drawn)


@settings(deadline=None)  # a cap cuts a simplex in milliseconds, beside other work in more
@given(caps=st.lists(st.floats(0.05, 1.0), min_size=2, max_size=7), count=st.integers(1, 20), seed=st.integers(0, 99))
def test_all_lie_inside_and_the_first_is_the_nearest_to_uniform(caps: list[float], count: int, seed: int) -> None:
    scale = max(1.0, 1.01 / sum(caps))
    bounds = {f"l{k}": (0.0, min(1.0, cap * scale)) for k, cap in enumerate(caps)}
    if sum(high for _, high in bounds.values()) < 1:
        return
    feasible = FeasibleSet.of(bounds)
    drawn = spread_within(feasible, count, seed)
    assert all(feasible.contains(mixture) for mixture in drawn)
    shares = np.array([drawn[0][name] for name in bounds])
    level = shares.max()  # whoever is not at its cap has the same as all others that are not
    assert np.all((shares >= level - 1e-9) | (shares >= np.array([high for _, high in bounds.values()]) - 1e-9))


def test_one_mixture_is_all_that_fixed_shares_leave() -> None:
    (only,) = spread_within(FeasibleSet.of({"a": (0.3, 0.3), "b": (0.7, 0.7)}), 9, seed=0)
    assert dict(only) == pytest.approx({"a": 0.3, "b": 0.7})


def test_a_target_without_a_mixture_is_refused() -> None:
    config = tiny_study()
    with pytest.raises(UserError, match="available"):
        target_mixtures(config, dict.fromkeys(config.languages, 1))
