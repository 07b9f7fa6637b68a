"""Trunks extrapolated to the horizon, against power laws whose ends are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from codescale.search.pruning.curve import CurvePoint
from codescale.search.pruning.extrapolation import extrapolate_to_horizon


def test_trunks_are_extrapolated_as_power_laws_of_each_language() -> None:
    """Two languages of other exponents; one evaluation is enough, for the population tells the rest."""
    random = np.random.default_rng(6)
    tokens = [20_000, 40_000, 60_000, 80_000, 100_000]

    def evaluations(first: float, second: float) -> list[CurvePoint]:
        scaled = [n / tokens[-1] for n in tokens]
        return [
            CurvePoint(n, (first + 0.5 * s**-0.5, second * (1 + s**-1.0))) for n, s in zip(tokens, scaled, strict=True)
        ]

    finished = [evaluations(*random.uniform(1, 2, 2)) for _ in range(8)]
    whole = evaluations(1.3, 1.7)
    expected = sum(whole[-1].parts)
    for seen in (1, 3):
        ends = extrapolate_to_horizon([whole[:seen]], finished)
        assert ends is not None
        assert ends[0] == pytest.approx(expected, abs=0.02 if seen == 1 else 0.005)
    assert extrapolate_to_horizon([whole[:1]], finished[:2]) is None
    assert extrapolate_to_horizon([[CurvePoint(30_000, (1.0, 1.0))]], finished) is None


def trunk(tokens: Sequence[int], parts: int = 2) -> list[CurvePoint]:
    return [CurvePoint(n, (1.0 + 100.0 / n,) * parts) for n in tokens]


def test_without_a_common_grid_of_three_evaluations_there_is_no_prior() -> None:
    grid = (100, 200, 300)
    finished = [trunk(grid)] * 3
    assert extrapolate_to_horizon([trunk(grid[:1])], finished) is not None
    assert extrapolate_to_horizon([trunk(grid[:1]), trunk(grid[:2])], finished) is None
    assert extrapolate_to_horizon([trunk(grid[:1], parts=3)], finished) is None
    assert extrapolate_to_horizon([trunk(grid[:1])], [*finished, trunk((100, 200, 400))]) is None
    assert extrapolate_to_horizon([trunk(grid[:1])], [trunk(grid[:2])] * 3) is None
    assert extrapolate_to_horizon([[]], finished) is None


def test_it_is_the_posterior_mean_of_level_and_decay_under_the_finished_ones_prior() -> None:
    """Linear regression with a Gaussian prior (Bishop 2006, eqs. 3.50, 3.51) in information form; the exponent is one
    of those that are tried, and the curves are short of it by a little noise.
    """
    generator = np.random.default_rng(2)
    grid, scaled = (100, 200, 300, 400), np.array([0.25, 0.5, 0.75, 1.0])
    basis = np.column_stack([np.ones(4), scaled**-0.5])
    true = generator.normal([2.0, 0.5], [0.3, 0.1], (6, 2))
    losses = true @ basis.T + 0.001 * generator.standard_normal((6, 4))
    finished = [[CurvePoint(n, (value,)) for n, value in zip(grid, one, strict=True)] for one in losses]
    fits = np.linalg.lstsq(basis, losses.T, rcond=None)[0].T
    noise = ((losses - fits @ basis.T) ** 2).sum() / (6 * 4 - 2 * 6)
    prior = np.linalg.inv(np.cov(fits.T) + 1e-3 * noise * np.eye(2))
    seen = np.array([2.1 + 0.6 * 2.0, 2.1 + 0.6 * 2.0**0.5])
    precision = prior + basis[:2].T @ basis[:2] / noise
    posterior = np.linalg.solve(precision, prior @ fits.mean(axis=0) + basis[:2].T @ seen / noise)
    begun = [CurvePoint(n, (value,)) for n, value in zip(grid, seen, strict=False)]
    found = extrapolate_to_horizon([begun, finished[0][:2]], finished)
    assert found is not None
    assert found[0] == pytest.approx(float(basis[-1] @ posterior), abs=1e-9)
