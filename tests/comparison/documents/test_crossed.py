"""Differences over other seeds and documents: the analysis of variance by hand, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codescale.comparison.documents.crossed import crossed_difference, influences, mean_squares
from codescale.comparison.statistics import paired_difference
from tests.comparison.documents.planted import Effects, differences

NATS = arrays(float, (3, 5), elements=st.floats(-100, 100))
TOKENS = arrays(np.intp, 5, elements=st.integers(1, 1_000))
ONE = {"python": 1.0}


@given(NATS, TOKENS)
@settings(deadline=None)
def test_the_mean_over_documents_is_each_seeds_difference_per_token(nats: np.ndarray, tokens: np.ndarray) -> None:
    expected = nats.sum(axis=1) / tokens.sum()
    assert influences(nats, tokens).mean(axis=1) == pytest.approx(expected, abs=1e-9)


@given(NATS)
@settings(deadline=None)
def test_mean_squares_add_up_to_all_of_the_variation(values: np.ndarray) -> None:
    found = mean_squares(values)
    squares = 2 * found.of_seeds + 4 * found.of_documents + 8 * found.residual
    assert squares == pytest.approx(((values - values.mean()) ** 2).sum(), abs=1e-6)


def test_mean_squares_of_a_table_by_hand() -> None:
    found = mean_squares(np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 8.0]]))
    assert (found.of_seeds, found.of_documents, found.residual) == pytest.approx((13.5, 6.5, 1.5))


@pytest.mark.parametrize(
    ("effects", "seeds", "documents"),
    [
        (Effects(0.1, 0.0, 0.01), 3, 30),
        (Effects(0.02, 0.1, 0.1), 3, 60),
        (Effects(0.0, 0.1, 0.05), 3, 100),
        (Effects(0.03, 0.2, 0.1), 10, 60),
    ],
)
def test_intervals_hold_the_truth_in_nine_of_ten(effects: Effects, seeds: int, documents: int) -> None:
    assert 850 <= _hits(effects, seeds, documents) <= 950


def test_intervals_are_wide_where_neither_seeds_nor_documents_do_anything_themselves() -> None:
    """No component is below 0, so that those that are 0 are overestimated."""
    assert 900 <= _hits(Effects(0.0, 0.0, 0.1), 5, 60) <= 980


def _hits(effects: Effects, seeds: int, documents: int) -> int:
    """Of 1,000 intervals, those that hold the truth."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(1_000):
        found = crossed_difference({"python": influences(*differences(effects, seeds, documents, generator))}, ONE)
        assert found
        hits += found.low <= 0 <= found.high
    return hits


def test_an_interval_of_seeds_alone_misses_what_documents_do() -> None:
    """Why there are two: given the text it is right, for other text it is not."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(300):
        nats, tokens = differences(Effects(0.01, 0.2, 0.05), 5, 60, generator)
        found = paired_difference((nats.sum(axis=1) / tokens.sum()).tolist(), [0.0] * 5)
        hits += (found.low or 0) <= 0 <= (found.high or 0)
    assert hits < 200


def test_components_are_what_was_planted() -> None:
    generator, found = np.random.default_rng(0), []
    for _ in range(200):
        nats, tokens = differences(Effects(0.03, 0.2, 0.1), 6, 80, generator)
        one = crossed_difference({"python": influences(nats, tokens)}, ONE)
        assert one
        assert one.of_seeds + one.of_documents + one.residual == pytest.approx(one.standard_error**2)
        found.append((one.of_seeds, one.of_documents, one.residual))
    of_seeds, of_documents, residual = np.mean(found, axis=0)
    # Documents' lengths are lognormal with a deviation of 0.8: that of all tokens counts as so many fewer documents.
    effective = 80 / np.exp(0.8**2)
    assert of_seeds == pytest.approx(0.03**2 / 6, rel=0.2)
    assert of_documents == pytest.approx(0.2**2 / effective, rel=0.2)
    assert residual == pytest.approx(0.1**2 / (6 * effective), rel=0.2)


def test_languages_weigh_as_in_the_objective() -> None:
    generator = np.random.default_rng(0)
    layouts = {
        name: influences(*differences(Effects(0.1, 0.1, 0.1), 4, 20, generator)) for name in ("a", "b", "nothing")
    }
    found = crossed_difference(layouts, {"a": 0.75, "b": 0.25, "nothing": 0.0})
    assert found
    assert found.mean == pytest.approx(0.75 * layouts["a"].mean() + 0.25 * layouts["b"].mean())
    assert found.documents == 40
    one, other = (crossed_difference(layouts, {name: 1.0}) for name in ("a", "b"))
    assert one
    assert other
    for part in ("of_documents", "residual"):
        expected = 0.75**2 * getattr(one, part) + 0.25**2 * getattr(other, part)
        assert getattr(found, part) == pytest.approx(expected), "languages have documents of their own"


def test_a_difference_that_all_documents_have_per_token_is_no_noise() -> None:
    """However long they are: the mean is a ratio."""
    nats, tokens = differences(Effects(0.1, 0.1, 0.1), 4, 20, np.random.default_rng(0))
    one = crossed_difference({"python": influences(nats, tokens)}, ONE)
    more = crossed_difference({"python": influences(nats + 3.0 * tokens, tokens)}, ONE)
    assert one
    assert more
    assert more.mean == pytest.approx(one.mean + 3.0)
    assert more.standard_error == pytest.approx(one.standard_error)


def test_one_seed_or_one_document_tells_nothing_and_no_difference_is_none() -> None:
    assert crossed_difference({"python": np.zeros((1, 5))}, ONE) is None
    assert crossed_difference({"python": np.zeros((5, 1))}, ONE) is None
    same = crossed_difference({"python": np.zeros((3, 4))}, ONE)
    assert same
    assert (same.mean, same.standard_error, same.low, same.high) == (0.0, 0.0, 0.0, 0.0)
