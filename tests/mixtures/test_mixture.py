"""A mixture keeps its promise: shares are non-negative and sum to 1."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.mixtures.mixture import Mixture, MixtureError

weights = st.lists(st.floats(0, 10), min_size=1, max_size=8).filter(lambda w: sum(w) > 0.1)


@given(weights)
def test_shares_sum_to_one_whatever_the_rounding(values: list[float]) -> None:
    mixture = Mixture({f"l{k}": value / sum(values) for k, value in enumerate(values)})
    assert math.fsum(mixture.values()) == pytest.approx(1, abs=1e-12)


def test_shares_within_a_thousandth_are_scaled_and_others_refused() -> None:
    assert Mixture({"a": 0.5, "b": 0.5005})["b"] == pytest.approx(0.5005 / 1.0005)
    with pytest.raises(MixtureError, match=r"the shares sum to 1\.1"):
        Mixture({"a": 0.5, "b": 0.6})
    with pytest.raises(MixtureError, match=r"the share of b is -0\.1"):
        Mixture({"a": 1.1, "b": -0.1})
    with pytest.raises(MixtureError, match="nan"):
        Mixture({"a": float("nan")})


def test_equality_ignores_order_and_zero_shares() -> None:
    assert Mixture({"a": 0.4, "b": 0.6, "c": 0.0}) == Mixture({"b": 0.6, "a": 0.4})
    assert len({Mixture({"a": 1.0}), Mixture({"a": 1.0, "b": 0.0})}) == 1


def test_arrays_follow_the_order_given() -> None:
    mixture = Mixture({"a": 0.25, "b": 0.75})
    assert np.array_equal(mixture.array(["b", "c", "a"]), [0.75, 0, 0.25])
    with pytest.raises(MixtureError, match="b is in the mixture but not among a"):
        mixture.array(["a"])
