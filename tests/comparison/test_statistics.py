"""Tests of differences and the correction for many of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from codescale.comparison.statistics import ERROR, holm, one_sided_tests, paired_difference

losses = st.lists(st.floats(1, 6), min_size=3, max_size=8)
p_values = st.dictionaries(st.text(min_size=1), st.floats(0, 1), min_size=1, max_size=8)


@settings(deadline=None)
@given(losses, st.integers(0, 1000))
def test_the_test_is_the_paired_t_test_in_either_direction_and_agrees_with_the_interval(
    values: list[float], seed: int
) -> None:
    other = (np.array(values) + np.random.default_rng(seed).normal(0.1, 0.05, len(values))).tolist()
    difference = paired_difference(values, other)
    below, above = one_sided_tests(difference, len(values))
    assert below == pytest.approx(ttest_rel(values, other, alternative="less").pvalue, abs=1e-9)
    assert above == pytest.approx(ttest_rel(values, other, alternative="greater").pvalue, abs=1e-9)
    assert difference.high is not None
    assert (below < ERROR) == (difference.high < 0)


def test_one_mixture_twice_is_told_from_itself_by_nothing() -> None:
    assert one_sided_tests(paired_difference([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), 3) == (1.0, 1.0)
    assert one_sided_tests(paired_difference([1.0], [2.0]), 1) == (1.0, 1.0)
    assert one_sided_tests(paired_difference([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]), 3) == (0.0, 1.0)


def test_holm_agrees_with_a_case_by_hand() -> None:
    """0.01 * 4, 0.02 * 3, then 0.03 * 2 and 0.04, which may not fall below what came before."""
    found = holm({"d": 0.04, "a": 0.01, "c": 0.03, "b": 0.02})
    assert found == pytest.approx({"d": 0.06, "a": 0.04, "c": 0.06, "b": 0.06})
    assert list(found) == ["d", "a", "c", "b"]
    assert holm({"a": 0.7, "b": 0.9}) == {"a": 1.0, "b": 1.0}
    assert holm({"a": 0.03}) == {"a": 0.03}


@given(p_values)
def test_holm_lies_between_no_correction_and_bonferroni_and_keeps_the_order(values: dict[str, float]) -> None:
    adjusted = holm(values)
    assert set(adjusted) == set(values)
    for name, value in values.items():
        assert value <= adjusted[name] <= min(1.0, len(values) * value)
    ordered = sorted(values, key=lambda name: values[name])
    assert [adjusted[name] for name in ordered] == sorted(adjusted.values())
