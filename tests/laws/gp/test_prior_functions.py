"""Functions of a process before it knows any row: they vary as the kernel says, and slopes are their derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.laws.gp.kernel import covariance
from codescale.laws.gp.prior_functions import draw_prior_functions

RELEVANCE = np.array([0.4, 0.0, 1.5])
AMPLITUDE = 0.3


def test_draws_vary_together_as_the_kernel_says() -> None:
    """Within 4.5 errors of 100 draws of frequencies (256 cosines of variance at most 1/2) with 100 functions each."""
    points = np.random.default_rng(0).uniform(0, 3, (9, 3))
    drawn = np.hstack(
        [
            draw_prior_functions(RELEVANCE, AMPLITUDE, 100, np.random.default_rng(seed)).values(points)[:, 1:]
            for seed in range(100)
        ]
    )
    expected = covariance(RELEVANCE, points, points)
    error = np.sqrt((1.0 + expected**2) / 10_000 + 0.5 / (256 * 100))
    found = drawn @ drawn.T / drawn.shape[1] / AMPLITUDE**2
    assert (np.abs(found - expected) < 4.5 * error).all()
    assert np.abs(drawn.mean(axis=1)).max() < 4.5 * AMPLITUDE / 100


def test_cosines_of_the_frequencies_average_to_the_kernel() -> None:
    """Within 4.5 errors of 102,400 cosines, at distances where kernels of other smoothness differ by more."""
    distances = np.array([0.3, 0.6, 1.0, 1.5, 2.5])
    cosines = [
        np.cos(draw_prior_functions(np.ones(1), 1.0, 1, np.random.default_rng(seed)).frequencies * distances)
        for seed in range(400)
    ]
    expected = covariance(np.ones(1), np.zeros((1, 1)), distances[:, None])[0]
    assert np.concatenate(cosines).mean(axis=0) == pytest.approx(expected, abs=4.5 * np.sqrt(0.5 / 102_400))


def test_before_the_draws_stands_the_function_that_is_0() -> None:
    functions = draw_prior_functions(RELEVANCE, AMPLITUDE, 2, np.random.default_rng(1))
    values = functions.values(np.random.default_rng(2).uniform(0, 3, (20, 3)))
    assert values.shape == (20, 3)
    assert (values[:, 0] == 0).all()
    assert np.abs(values[:, 1:]).min(axis=0).max() > 0
    assert np.abs(values[:, 1] - values[:, 2]).max() > 0.1 * AMPLITUDE


def test_slopes_are_the_derivatives_of_the_function_that_was_taken() -> None:
    functions = draw_prior_functions(RELEVANCE, AMPLITUDE, 3, np.random.default_rng(3))
    point = np.array([1.0, 2.0, 0.5])
    for column in range(4):
        one = functions.of_sample(column)
        assert one.values(point[None])[0, 0] == pytest.approx(functions.values(point[None])[0, column])
        steps = 1e-6 * np.eye(3)
        numeric = (one.values(point + steps) - one.values(point - steps))[:, 0] / 2e-6
        assert one.slopes(point) == pytest.approx(numeric, rel=1e-6, abs=1e-9)
    assert functions.of_sample(1).slopes(point)[1] == 0.0, "an input without relevance does not count"
