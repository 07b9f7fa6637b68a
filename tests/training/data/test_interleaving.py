"""Every prefix of the interleaved sequences keeps each language within one sequence of its share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codescale.training.data.interleaving import interleave, occurrences

shares = st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda s: sum(s) > 0.01)


@given(shares, st.integers(1, 400))
def test_every_prefix_is_within_one_sequence_of_the_shares(weights: list[float], count: int) -> None:
    p = np.array(weights) / sum(weights)
    order = interleave(p, count)
    seen = np.cumsum(order[:, None] == np.arange(len(p)), axis=0)
    expected = np.arange(1, count + 1)[:, None] * p
    assert np.abs(seen - expected).max() < 1 + 1e-6


@given(shares, st.integers(1, 100), st.integers(1, 100))
def test_a_longer_order_continues_a_shorter_one(weights: list[float], short: int, more: int) -> None:
    p = np.array(weights) / sum(weights)
    assert np.array_equal(interleave(p, short + more)[:short], interleave(p, short))


def test_a_share_of_zero_is_never_drawn() -> None:
    assert set(interleave(np.array([0.5, 0.0, 0.5]), 100)) == {0, 2}


def test_occurrences_count_what_came_before() -> None:
    assert occurrences(np.array([0, 1, 0, 0, 1], dtype=np.int16)).tolist() == [0, 0, 1, 2, 1]
