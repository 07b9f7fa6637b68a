"""Imputed ends of pruned trials: exact on lines, shrunk and noisier where little is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.search.bayesopt.imputation import impute_final_losses
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS


@settings(max_examples=50, deadline=None)
@given(slope=st.floats(0.3, 1.5), level=st.floats(-1, 1), seed=st.integers(0, 1000))
def test_lines_without_noise_are_found(slope: float, level: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    seen, now = 2 + generator.random((40, 3)), 2 + generator.random((5, 3))
    ends, noise_scale = impute_final_losses(now, seen, level + slope * seen, DEFAULT_SETTINGS)
    # Without noise 40 rows weigh 40 / 4 (1 - slope)^2 times as much as the prior, which pulls the slope towards 1
    # and turns the line about the rows' middle.
    bound = np.abs(now - seen.mean(axis=0)) * abs(1 - slope) * 4 * (1 - slope) ** 2 / len(seen)
    assert (np.abs(ends - (level + slope * now)) <= bound + 1e-9).all()
    assert (noise_scale >= 2.0).all()


def test_the_losses_of_a_power_law_lie_on_such_lines() -> None:
    """L = E + B (s D)^-beta at a quarter of D and at D, whatever s."""
    worth = np.geomspace(0.05, 1.0, 12)
    at = lambda n_tokens: (1.2 + 400.0 * (worth * n_tokens) ** -0.3)[:, None]  # noqa: E731
    ends, _ = impute_final_losses(at(5e8)[:4], at(5e8)[4:], at(2e9)[4:], DEFAULT_SETTINGS)
    assert ends == pytest.approx(at(2e9)[:4], rel=0.01)


def test_what_lies_far_from_what_was_seen_is_noisier() -> None:
    generator = np.random.default_rng(0)
    seen = 2 + 0.1 * generator.random((6, 1))
    ends = 0.7 * seen + 0.01 * generator.standard_normal((6, 1))
    _, noise_scale = impute_final_losses(np.array([[2.05], [2.5], [4.0]]), seen, ends, DEFAULT_SETTINGS)
    assert noise_scale[0] < 3.5 < noise_scale[1] < noise_scale[2] <= 100.0


def test_few_trials_without_spread_end_as_much_lower_as_the_others() -> None:
    ends, _ = impute_final_losses(np.array([[2.3]]), np.full((3, 1), 2.0), np.full((3, 1), 1.8), DEFAULT_SETTINGS)
    assert ends == pytest.approx(np.array([[2.1]]))
