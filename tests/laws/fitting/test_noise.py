"""How far a new run lies from its law: nine in ten held-out runs inside, whatever their tails, and wider beyond."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.laws.fitting.holdout import Split
from codescale.laws.fitting.noise import correlation, deviation, widening
from codescale.laws.law import NORMAL_90
from codescale.laws.observations import Observations


def split_of(kind: str, test: np.ndarray) -> Split:
    return Split(kind, ~test, test)


def test_intervals_hold_nine_in_ten_held_out_rows_even_with_heavy_tails() -> None:
    generator = np.random.default_rng(0)
    residuals = 0.01 * np.column_stack([generator.standard_t(2, 600), generator.standard_normal(600)])
    everything = np.ones(600, dtype=bool)
    noise = deviation(np.zeros((600, 2)), 5, [split_of("mixtures", everything)], [residuals])
    assert (np.abs(residuals) <= NORMAL_90 * noise).mean(axis=0) == pytest.approx(0.9, abs=0.005)


def test_with_few_held_out_rows_the_fits_own_residuals_are_corrected_for_its_parameters() -> None:
    in_sample = 0.01 * np.random.default_rng(1).standard_normal((15, 1))
    few = [split_of("mixtures", np.arange(15) < 10)]
    noise = deviation(in_sample, 6, few, [np.full((10, 1), 9.0)])
    assert noise[0] == pytest.approx(np.sqrt((in_sample**2).sum() / (15 - 6)))


def scaled_data() -> Observations:
    rows = 60
    return Observations(
        path="x",
        domains=("a",),
        targets=("a",),
        log_params=np.log(np.repeat([1e6, 1e7, 1e8], 20)),
        log_tokens=np.full(rows, np.log(1e9)),
        shares=np.ones((rows, 1)),
        log_losses=np.zeros((rows, 1)),
        trunk=np.arange(rows),
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full((rows, 1), np.inf),
    )


@pytest.mark.parametrize("excess", [0.2, 8.0])
def test_beyond_the_range_intervals_widen_until_they_hold_the_largest_runs(excess: float) -> None:
    data = scaled_data()
    largest = [split_of("largest", data.log_params > np.log(5e7))]
    residuals = excess * NORMAL_90 * 0.01 * np.random.default_rng(2).uniform(-1, 1, (20, 1))
    factor = widening(data, largest, [residuals], np.array([0.01]))
    narrower = NORMAL_90 * 0.01 * (1 + factor)
    wide = NORMAL_90 * 0.01 * (1 + 2 * factor)  # a range beyond the range of N, which counts twice
    inside = (np.abs(residuals) <= wide).mean()
    assert inside >= 0.85
    if excess < 1:
        assert factor == 1.0
    else:
        assert (np.abs(residuals) <= narrower).mean() < 0.9


def test_rows_inside_the_range_do_not_widen_anything() -> None:
    data = scaled_data()
    inside = [split_of("mixtures", np.arange(60) < 30)]
    assert widening(data, inside, [np.full((30, 1), 5.0)], np.array([0.01])) == 1.0


def test_residuals_that_move_together_are_correlated_and_rare_pairs_are_not() -> None:
    shared = np.random.default_rng(3).standard_normal((50, 1))
    residuals = np.hstack([shared, shared, np.where(np.arange(50)[:, None] < 3, shared, np.nan)])
    found = correlation(residuals, [], [])
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == 0.0
    assert (np.diag(found) == 1.0).all()
