"""Streams of documents in pairs: their order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.training.data.paired_streams import low_discrepancy_order


@given(st.lists(st.integers(0, 6), max_size=80))
def test_an_order_is_balanced_by_the_nearest_of_those_in_the_window(amounts: list[int]) -> None:
    found = low_discrepancy_order(np.array(amounts, dtype=np.int64)).tolist()
    assert sorted(found) == list(range(len(amounts)))
    left, beyond = list(range(len(amounts))), 0.0
    mean = sum(amounts) / max(len(amounts), 1)
    for place in found:
        window = [abs(beyond + amounts[other] - mean) for other in left[:16]]
        assert place in left[:16]
        assert abs(beyond + amounts[place] - mean) == pytest.approx(min(window), abs=1e-9)
        beyond += amounts[place] - mean
        left.remove(place)
