"""How far a new run lies from its law: nine in ten held-out runs inside, whatever their tails, and wider beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from codescale.laws.fitting.holdout import Split
from codescale.laws.fitting.noise import _LEAST_WIDENING, correlation, fitted_range, run_noise, widening
from codescale.laws.intervals import NORMAL_90
from codescale.laws.observations import Observations


def split_of(kind: str, test: np.ndarray) -> Split:
    return Split(kind, ~test, test)


def told(residuals: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The variances of a law without a process: 0 at every held-out row."""
    return [np.zeros(one.shape) for one in residuals]


def deviation_alone(
    in_sample: np.ndarray, parameters: int, splits: Sequence[Split], held_out: Sequence[np.ndarray]
) -> np.ndarray:
    """The deviation around a law without a process."""
    counts = np.full(in_sample.shape[1], float(parameters))
    return run_noise(in_sample, np.arange(len(in_sample)), counts, splits, held_out, told(held_out)).deviation


def widening_alone(
    data: Observations, splits: Sequence[Split], held_out: Sequence[np.ndarray], noise: np.ndarray
) -> float:
    """The widening of a law without a process."""
    return widening(data, splits, held_out, told(held_out), noise)


def test_intervals_hold_nine_in_ten_held_out_rows_even_with_heavy_tails() -> None:
    generator = np.random.default_rng(0)
    residuals = 0.01 * np.column_stack([generator.standard_t(2, 600), generator.standard_normal(600)])
    everything = np.ones(600, dtype=bool)
    noise = deviation_alone(np.zeros((600, 2)), 5, [split_of("mixtures", everything)], [residuals])
    assert (np.abs(residuals) <= NORMAL_90 * noise).mean(axis=0) == pytest.approx(0.9, abs=0.005)


def test_with_few_held_out_rows_the_fits_own_residuals_are_corrected_for_its_parameters() -> None:
    in_sample = 0.01 * np.random.default_rng(1).standard_normal((15, 1))
    few = [split_of("mixtures", np.arange(15) < 10)]
    noise = deviation_alone(in_sample, 6, few, [np.full((10, 1), 9.0)])
    assert noise[0] == pytest.approx(np.sqrt((in_sample**2).sum() / (15 - 6)))


@pytest.mark.parametrize(("trunks", "rows", "parameters"), [(3, 4, 3), (12, 4, 5), (8, 1, 3)])
def test_residuals_of_branches_tell_a_new_run_whose_luck_the_fit_took(trunks: int, rows: int, parameters: int) -> None:
    """Half of the variance is a trunk's, and a fit by what trunks differ in takes as many trunks' luck as it has
    parameters; counted by rows, a new run would seem as close as the branches of three trunks are to their own mean.
    """
    generator = np.random.default_rng(4)
    trunk, draws = np.repeat(np.arange(trunks), rows), 4000
    luck = generator.standard_normal((trunks, draws))[trunk] + generator.standard_normal((len(trunk), draws))
    absorbed = np.linalg.qr(generator.standard_normal((trunks, parameters))[trunk])[0]
    residuals = np.sqrt(0.5) * (luck - absorbed @ (absorbed.T @ luck))
    found = run_noise(residuals, trunk, np.full(draws, float(parameters)), [], [], [])
    variances = found.deviation**2
    assert np.mean(variances) == pytest.approx(1.0, rel=0.05)
    assert np.var(variances) == pytest.approx(2.0 / found.freedom[0], rel=0.15)  # as of that many draws


def test_a_target_counts_the_trunks_that_measured_it() -> None:
    residuals = 0.01 * np.random.default_rng(5).standard_normal((12, 2))
    residuals[4:, 1] = np.nan
    found = run_noise(residuals, np.arange(12) // 4, np.array([2.0, 2.0]), [], [], [])
    squares = np.nansum(residuals**2, axis=0)
    assert found.deviation[0] == pytest.approx(np.sqrt(squares[0] / (0.5 * 10 + 0.5 * 12 * (1 - 2 / 3))))
    assert found.deviation[1] == pytest.approx(np.sqrt(squares[1] / (0.5 * 2)))
    assert found.freedom[0] == pytest.approx((0.5 * 9 + 2.5) ** 2 / (0.25 * 9 + 2.5**2))
    assert found.freedom[1] == 0.0  # of one trunk
    assert np.isnan(found.in_intervals[1])


def test_held_out_rows_tell_a_noise_without_students_t() -> None:
    inside = np.abs(np.random.default_rng(6).standard_normal((30, 1)))
    own = 0.01 * np.random.default_rng(7).standard_normal((12, 1))
    split = split_of("runs", np.zeros(12, dtype=bool))
    told_by_rows = run_noise(own, np.arange(12), np.array([3.0]), [split], [inside], [np.zeros((30, 1))])
    assert told_by_rows.freedom[0] == np.inf
    assert told_by_rows.in_intervals[0] == told_by_rows.deviation[0]
    alone = run_noise(own, np.arange(12), np.array([3.0]), [], [], [])
    assert alone.freedom[0] == pytest.approx(9.0)
    assert alone.in_intervals[0] == pytest.approx(alone.deviation[0] * 1.8331 / NORMAL_90, rel=1e-4)


def scaled_data() -> Observations:
    """Three N, and at each of them so many D that only N decides how far outside a range a row is."""
    rows = 60
    return Observations(
        path="x",
        domains=("a",),
        targets=("a",),
        log_params=np.log(np.repeat([1e6, 1e7, 1e8], 20)),
        log_tokens=np.log(np.tile(np.geomspace(1e7, 1e11, 20), 3)),
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
    factor = widening_alone(data, largest, [residuals], np.array([0.01]))
    narrower = NORMAL_90 * 0.01 * (1 + factor)
    wide = NORMAL_90 * 0.01 * (1 + 2 * factor)  # a range beyond the range of N, which counts twice
    inside = (np.abs(residuals) <= wide).mean()
    assert inside >= 0.85
    if excess < 1:
        assert factor == _LEAST_WIDENING < 0.5
    else:
        assert (np.abs(residuals) <= narrower).mean() < 0.9


def test_rows_inside_the_range_do_not_widen_anything() -> None:
    data = scaled_data()
    inside = [split_of("mixtures", np.arange(60) < 30)]
    assert widening_alone(data, inside, [np.full((30, 1), 5.0)], np.array([0.01])) == 1.0


def test_residuals_that_move_together_are_correlated_and_rare_pairs_are_not() -> None:
    shared = np.random.default_rng(3).standard_normal((50, 1))
    residuals = np.hstack([shared, shared, np.where(np.arange(50)[:, None] < 3, shared, np.nan)])
    found = correlation(residuals, [], [])
    assert found[0, 1] == pytest.approx(1.0)
    assert found[0, 2] == 0.0
    assert (np.diag(found) == 1.0).all()


def test_the_fitted_range_is_that_of_the_rows_it_is_asked_about() -> None:
    data = replace(
        scaled_data(),
        domains=("a", "b"),
        log_tokens=np.log(np.linspace(1e9, 6e9, 60)),
        shares=np.column_stack([np.linspace(0, 1, 60), np.linspace(1, 0, 60)]),
    )
    found = fitted_range(data, np.arange(60) >= 20)
    assert found.n_params == pytest.approx((1e7, 1e8))
    assert found.n_tokens == pytest.approx((1e9 + 5e9 * 20 / 59, 6e9))
    assert found.proportions == {"a": pytest.approx((20 / 59, 1.0)), "b": pytest.approx((0.0, 39 / 59))}


@pytest.mark.parametrize(("rows", "held_out"), [(19, False), (20, True)])
def test_twenty_held_out_rows_inside_the_range_are_enough(rows: int, held_out: bool) -> None:
    """Target by target, over all folds together; rows beyond the range do not count."""
    generator = np.random.default_rng(3)
    in_sample = np.column_stack([0.01 * generator.standard_normal((30, 2)), np.zeros(30)])
    in_sample[0, 0] = np.nan
    inside = np.abs(generator.standard_normal((30, 3)))
    inside[rows:, 1] = np.nan
    nothing = np.zeros(30, dtype=bool)
    splits = [split_of(kind, nothing) for kind in ("mixtures", "longest", "runs")]
    noise = deviation_alone(in_sample, 4, splits, [inside[:12], np.full((50, 3), 99.0), inside[12:]])
    assert noise[0] == pytest.approx(np.sqrt(np.quantile(inside[:, 0] ** 2, 0.9)) / NORMAL_90)
    own = np.sqrt((in_sample[:, 1] ** 2).sum() / 26)
    assert noise[1] == pytest.approx(np.sqrt(np.quantile(inside[:rows, 1] ** 2, 0.9)) / NORMAL_90 if held_out else own)
    alone = deviation_alone(in_sample, 4, [], [])
    assert alone == pytest.approx([np.sqrt(np.nansum(in_sample[:, 0] ** 2) / 25), own, 1e-9], rel=1e-12)
    many = deviation_alone(in_sample[:, 1:2], 40, [], [])
    # At least what a row has of its own: half of one degree of freedom.
    assert many[0] == pytest.approx(np.sqrt((in_sample[:, 1] ** 2).sum() / 0.5))


def test_held_out_rows_count_by_their_distance_from_the_range() -> None:
    """N three times a range of a hundred, so that the distance is 2 log 10 / log 100 = 1; the first kinds need less."""
    data = replace(scaled_data(), log_params=np.log(np.repeat([1e6, 1e8, 1e9], 20)))
    largest = split_of("largest", data.log_params > np.log(5e8))
    residuals = np.full((20, 2), NORMAL_90 * 0.01 * (1 + 3.0))
    residuals[:, 1] = NORMAL_90 * 0.02 * (1 + 5.0)
    residuals[10:, 1] = np.nan
    noise = np.array([0.01, 0.02])
    expected = np.nanquantile(np.array([[3.0] * 20 + [5.0] * 10]), 0.9)
    assert widening_alone(data, [largest], [residuals], noise) == pytest.approx(expected)
    assert widening_alone(data, [largest], [-residuals], noise) == pytest.approx(expected)
    inside = split_of("mixtures", data.log_params > np.log(5e8))
    assert widening_alone(data, [inside, largest], [10 * residuals, residuals], noise) == pytest.approx(expected)
    unknown = np.full((20, 2), np.nan)
    assert widening_alone(data, [largest, largest], [residuals, unknown], noise) == pytest.approx(expected)


def test_the_correlation_is_of_held_out_rows_where_they_are_enough_and_of_pairs_that_are() -> None:
    generator = np.random.default_rng(5)
    one, other = generator.standard_normal((2, 40, 3))
    other[5:, 2] = np.nan
    one[4:, 2] = np.nan
    nothing = np.zeros(40, dtype=bool)
    splits = [split_of("mixtures", nothing)]
    found = correlation(one, splits, [other])
    assert found[0, 1] == found[1, 0] == pytest.approx(np.corrcoef(other[:, 0], other[:, 1])[0, 1])
    assert found[0, 2] == found[2, 0] == pytest.approx(np.corrcoef(other[:5, 0], other[:5, 2])[0, 1])
    few = correlation(one, splits, [other[:19]])
    assert few[0, 1] == pytest.approx(np.corrcoef(one[:, 0], one[:, 1])[0, 1])
    assert few[1, 2] == few[2, 1] == 0.0
    just = correlation(one, splits, [other[:20]])
    assert just[0, 1] == pytest.approx(np.corrcoef(other[:20, 0], other[:20, 1])[0, 1])
    flat = np.column_stack([one[:, 0], np.full(40, 0.3)])
    assert correlation(flat, [], []).tolist() == np.eye(2).tolist()


def test_what_a_process_does_not_know_is_no_noise_a_second_time() -> None:
    """Rows whose interval is the process's deviation and the noise together: nine in ten lie inside, and the noise is
    that which was planted beside the process's; never less than a tenth of the fit's own.
    """
    generator = np.random.default_rng(6)
    variances = np.where(np.arange(4000) % 2 == 0, 0.0, 0.02**2)[:, None]
    residuals = np.sqrt(variances + 0.01**2) * generator.standard_normal((4000, 1))
    splits = [split_of("mixtures", np.ones(4000, dtype=bool))]
    in_sample = 0.01 * generator.standard_normal((4000, 1))
    rows, five = np.arange(4000), np.array([5.0])
    noise = run_noise(in_sample, rows, five, splits, [residuals], [variances]).deviation
    inside = np.abs(residuals) <= NORMAL_90 * np.sqrt(variances + noise**2)
    assert inside.mean() == pytest.approx(0.9, abs=0.005)
    assert noise[0] == pytest.approx(0.01, rel=0.15)
    assert deviation_alone(in_sample, 5, splits, [residuals])[0] > 1.5 * noise[0]
    least = run_noise(in_sample, rows, five, splits, [residuals], [np.full((4000, 1), 1.0)]).deviation
    assert least[0] == pytest.approx(0.1 * np.sqrt((in_sample**2).sum() / 3995))


def test_what_a_process_does_not_know_beyond_the_range_widens_nothing() -> None:
    data = replace(scaled_data(), log_params=np.log(np.repeat([1e6, 1e8, 1e9], 20)))
    largest = [split_of("largest", data.log_params > np.log(5e8))]
    residuals, noise = np.full((20, 1), NORMAL_90 * 0.05), np.array([0.01])
    assert widening_alone(data, largest, [residuals], noise) == pytest.approx(4.0)
    assert widening(data, largest, [residuals], [np.full((20, 1), 0.04**2)], noise) == pytest.approx(0.03 / 0.01 - 1)
    assert widening(data, largest, [residuals], [np.full((20, 1), 0.05**2)], noise) == _LEAST_WIDENING
