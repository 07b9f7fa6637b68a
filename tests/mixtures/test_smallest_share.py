"""Shares that buy less than a sequence: 0, and the others keep their ratios."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.smallest_share import without_less_than_a_sequence


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=12), st.floats(3, 12), st.integers(1, 10_000))
def test_what_is_left_buys_a_sequence_and_keeps_its_ratios(drawn: list[float], digits: float, length: int) -> None:
    weights = [0.1, *drawn]
    mixture = Mixture({f"l{k}": weight / sum(weights) for k, weight in enumerate(weights)})
    n_tokens = 10**digits
    if max(mixture.values()) * n_tokens < length:
        with pytest.raises(UserError, match="buy no sequence"):
            without_less_than_a_sequence(mixture, n_tokens, length)
        return
    whole, lost = without_less_than_a_sequence(mixture, n_tokens, length)
    assert set(whole.support) | set(lost) == set(mixture.support)
    assert all(mixture[name] * n_tokens < length * (1 + 1e-9) for name in lost)
    assert all(whole[name] * n_tokens >= length * (1 - 1e-9) for name in whole.support)
    first = whole.support[0]
    for name in whole.support:
        assert whole[name] * mixture[first] == pytest.approx(mixture[name] * whole[first])


def test_a_mixture_without_such_shares_stays_itself() -> None:
    mixture = Mixture({"python": 0.75, "java": 0.25, "go": 0.0})
    assert without_less_than_a_sequence(mixture, 1e9) == (mixture, ())
