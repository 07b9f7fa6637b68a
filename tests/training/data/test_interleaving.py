"""Every prefix of the interleaved sequences keeps each language within one sequence of what it is due."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from codescale.training.data.interleaving import interleave_phases, occurrences

shares = st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda s: sum(s) > 0.01)


def interleave(p: NDArray[np.float64], count: int) -> NDArray[np.int16]:
    return interleave_phases(p[None, :], [max(count, 1)], count)


@given(shares, st.integers(1, 400))
def test_every_prefix_is_within_one_sequence_of_the_shares(weights: list[float], count: int) -> None:
    p = np.array(weights) / sum(weights)
    order = interleave(p, count)
    seen = np.cumsum(order[:, None] == np.arange(len(p)), axis=0)
    expected = np.arange(1, count + 1)[:, None] * p
    assert np.abs(seen - expected).max() < 1 + 1e-6


@given(
    st.integers(1, 6).flatmap(
        lambda width: st.lists(
            st.tuples(
                st.integers(1, 60), st.lists(st.sampled_from([0.0, 0.1, 0.37, 1.0]), min_size=width, max_size=width)
            ).filter(lambda phase: sum(phase[1]) > 0),
            min_size=1,
            max_size=4,
        )
    )
)
def test_so_is_every_prefix_of_a_schedule(phases: list[tuple[int, list[float]]]) -> None:
    p = np.array([np.array(weights) / sum(weights) for _, weights in phases])
    ends = np.cumsum([length for length, _ in phases]).tolist()
    order = interleave_phases(p, ends, ends[-1])
    seen = np.cumsum(order[:, None] == np.arange(p.shape[1]), axis=0)
    expected = np.cumsum(np.repeat(p, [length for length, _ in phases], axis=0), axis=0)
    assert np.abs(seen - expected).max() < 1 + 1e-6


@given(shares, st.integers(1, 100), st.integers(1, 100))
def test_a_longer_order_continues_a_shorter_one(weights: list[float], short: int, more: int) -> None:
    p = np.array(weights) / sum(weights)
    assert np.array_equal(interleave(p, short + more)[:short], interleave(p, short))


def test_two_schedules_with_the_same_first_phase_begin_alike() -> None:
    first, then, other = [0.7, 0.3, 0.0], [0.1, 0.4, 0.5], [0.0, 0.0, 1.0]
    one = interleave_phases(np.array([first, then]), [50, 80], 80)
    assert np.array_equal(one[:50], interleave_phases(np.array([first, other]), [50, 90], 90)[:50])
    assert np.array_equal(one[:50], interleave(np.array(first), 50))


def test_a_share_of_zero_is_never_drawn() -> None:
    assert set(interleave(np.array([0.5, 0.0, 0.5]), 100)) == {0, 2}


def test_occurrences_count_what_came_before() -> None:
    assert occurrences(np.array([0, 1, 0, 0, 1], dtype=np.int16)).tolist() == [0, 0, 1, 2, 1]
