"""Covariances updated run by run, against the inverse of the whole; gains against what they foretell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.designs.information import Criterion, Determinant, Posterior


def tangents(seed: int, runs: int = 7) -> np.ndarray:
    """(3 targets, runs, 4 parameters)."""
    return np.random.default_rng(seed).normal(size=(3, runs, 4))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_run_by_run_is_all_at_once(seed: int) -> None:
    runs = tangents(seed)
    posterior = Posterior.given(runs[:, :0])
    for run in range(runs.shape[1]):
        posterior = posterior.after(runs[:, run])
    assert posterior.covariance == pytest.approx(Posterior.given(runs).covariance, abs=1e-9)
    without = posterior.without(runs[:, 0])
    assert without.covariance == pytest.approx(Posterior.given(runs[:, 1:]).covariance, abs=1e-7)


@pytest.mark.parametrize("measure", [Criterion, Determinant])
def test_a_gain_is_what_the_criterion_loses(measure: type[Criterion]) -> None:
    runs, asked, weights = tangents(0), tangents(1, 20), np.array([0.5, 0.5, 0.0])
    criterion, posterior = measure.over(asked, weights), Posterior.given(tangents(2))
    gains = criterion.gains(posterior, runs)
    for run in range(runs.shape[1]):
        lost = criterion.value(posterior) - criterion.value(posterior.after(runs[:, run]))
        assert gains[run] == pytest.approx(lost, rel=1e-6)
    assert (gains > 0).all()


def test_the_criterion_is_the_mean_variance_of_what_is_asked() -> None:
    asked, weights = tangents(1, 20), np.array([0.2, 0.3, 0.5])
    posterior = Posterior.given(tangents(2))
    expected = weights @ posterior.variances(asked).mean(axis=1)
    assert Criterion.over(asked, weights).value(posterior) == pytest.approx(expected)
