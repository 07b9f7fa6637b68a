"""The kernel: against its formula and scikit-learn's, positive semi-definite, and hyperparameters of planted data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.gaussian_process.kernels import Matern

from codescale.laws.gp.kernel import (
    Hyperparameters,
    _Likelihood,
    covariance,
    covariance_slopes,
    fit_hyperparameters,
    kernel_inputs,
)
from tests.laws.gp.oracle import Oracle


def some_inputs(seed: int, rows: int = 12) -> np.ndarray:
    """(rows, 5): log N, log D and three shares as the kernel takes them."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.ones(3), size=rows)
    return kernel_inputs(generator.uniform(10, 20, rows), generator.uniform(12, 24, rows), shares)


def test_inputs_are_the_logs_and_the_cube_roots_of_shares() -> None:
    found = kernel_inputs(np.array([1.0]), np.array([2.0]), np.array([[0.0, 0.125, 0.875]]))
    np.testing.assert_allclose(found, [[1.0, 2.0, 0.0, 0.5, 0.875 ** (1 / 3)]])


@pytest.mark.parametrize("distance", [0.0, 0.1, 1.0, 7.0])
def test_the_covariance_is_materns_formula(distance: float) -> None:
    """Rasmussen and Williams (2006), equation 4.17."""
    relevance = np.array([2.0, 1.0])
    first, second = np.array([[0.0, 0.0]]), np.array([[0.6 * distance / 2.0, 0.8 * distance]])
    root = np.sqrt(5.0) * distance
    expected = (1.0 + root + root**2 / 3.0) * np.exp(-root)
    assert covariance(relevance, first, second)[0, 0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_covariance_is_scikit_learns_and_positive_semi_definite(seed: int) -> None:
    inputs = some_inputs(seed)
    relevance = np.random.default_rng(seed).uniform(0.05, 3.0, inputs.shape[1])
    found = covariance(relevance, inputs, inputs)
    np.testing.assert_allclose(found, Matern(1.0 / relevance, nu=2.5)(inputs), atol=1e-6)
    np.testing.assert_allclose(found, found.T)
    assert np.linalg.eigvalsh(found).min() > -1e-8


def test_an_input_without_relevance_does_not_count() -> None:
    inputs = some_inputs(1)
    relevance = np.array([1.0, 0.0, 1.0, 1.0, 1.0])
    moved = inputs + np.array([0.0, 5.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(covariance(relevance, inputs, moved), covariance(relevance, inputs, inputs), atol=1e-9)


def test_the_slopes_are_the_derivatives() -> None:
    rows, point = some_inputs(2), some_inputs(3)[0]
    relevance = np.array([0.3, 0.5, 1.0, 2.0, 0.7])
    value, slopes = covariance_slopes(relevance, point, rows)
    np.testing.assert_allclose(value, covariance(relevance, point[None], rows)[0], atol=1e-9)
    for k in range(len(point)):
        step = 1e-5 * np.eye(len(point))[k]
        ahead, behind = (covariance_slopes(relevance, point + sign * step, rows)[0] for sign in (1, -1))
        np.testing.assert_allclose(slopes[:, k], (ahead - behind) / 2e-5, rtol=1e-4, atol=1e-7)


def planted(seed: int, amplitude: float, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (150, 5), the third of which does not vary, and residuals (150,) drawn from the process."""
    generator = np.random.default_rng(seed)
    inputs = np.column_stack([generator.uniform(0, 9, (150, 2)), np.full(150, 0.5), generator.uniform(0, 1, (150, 2))])
    relevance = np.array([1 / 3, 1 / 2, 0.0, 1 / 2, 1 / 2])
    matrix = amplitude**2 * covariance(relevance, inputs, inputs) + noise**2 * np.eye(150)
    return inputs, np.linalg.cholesky(matrix) @ generator.standard_normal(150)


def test_planted_amplitude_and_noise_are_found() -> None:
    found = [fit_hyperparameters(*planted(seed, 0.05, 0.01), np.ones(150)) for seed in range(4)]
    assert np.mean([one.noise for one in found]) == pytest.approx(0.01, rel=0.15)
    assert np.mean([one.amplitude for one in found]) == pytest.approx(0.05, rel=0.4)
    assert all(one.relevance[2] == 0.0 for one in found)


def test_hyperparameters_scale_with_the_residuals() -> None:
    inputs, residuals = planted(5, 0.05, 0.01)
    small, large = (fit_hyperparameters(inputs, factor * residuals, np.ones(150)) for factor in (1.0, 7.0))
    np.testing.assert_allclose(large.relevance, small.relevance, rtol=1e-3)
    assert large.amplitude == pytest.approx(7.0 * small.amplitude, rel=1e-3)
    assert large.noise == pytest.approx(7.0 * small.noise, rel=1e-3)


def test_rows_that_count_little_do_not_raise_the_noise() -> None:
    inputs, residuals = planted(6, 0.05, 0.01)
    odd = np.arange(150) % 10 == 0
    spoilt = residuals + np.where(odd, 0.2 * np.random.default_rng(0).standard_normal(150), 0.0)
    told = fit_hyperparameters(inputs, spoilt, np.where(odd, 1 / 400, 1.0))
    untold = fit_hyperparameters(inputs, spoilt, np.ones(150))
    assert told.noise < 0.015
    assert untold.noise > 2.0 * told.noise


def test_a_fit_from_an_earlier_end_stays_there() -> None:
    inputs, residuals = planted(7, 0.05, 0.01)
    first = fit_hyperparameters(inputs, residuals, np.ones(150))
    again = fit_hyperparameters(inputs, residuals, np.ones(150), first)
    assert isinstance(again, Hyperparameters)
    assert again.noise == pytest.approx(first.noise, rel=0.02)
    assert again.amplitude == pytest.approx(first.amplitude, rel=0.05)


def test_the_likelihood_is_scikit_learns_and_the_prior_a_normal_one_of_logarithms() -> None:
    inputs, residuals = planted(8, 1.0, 0.3)
    inputs, residuals = inputs[:40, [0, 1, 3, 4]], residuals[:40]
    inflation = np.random.default_rng(1).uniform(1, 4, 40)
    prior, deviation = np.array([1.0, 0.5, 0.2, 0.1, 0.0, -1.0]), np.array([1.0, 1.0, 2.0, 2.0, 1.0, 1.5])
    likelihood = _Likelihood(inputs, residuals, inflation, None, prior, deviation)
    for shift in (np.zeros(6), np.array([0.3, -0.2, 0.1, 0.5, -0.4, 0.6])):
        theta = prior + shift
        process = Hyperparameters(np.exp(-theta[:4]), float(np.exp(theta[4])), float(np.exp(theta[5])))
        oracle = Oracle(process, inputs, residuals, np.exp(2 * theta[5]) * inflation + 1e-6)
        expected = -oracle.log_likelihood() - 20 * np.log(2 * np.pi) + 0.5 * ((shift / deviation) ** 2).sum()
        assert likelihood.value_and_gradient(theta)[0] == pytest.approx(expected, rel=1e-9)


def test_no_other_hyperparameters_are_likelier_under_the_priors() -> None:
    """Lengthscales 3 of log N, 2 of log D and of shares, amplitude 1, noise 0.3 of the residuals' deviation: within a
    deviation of 1 (of the noise 1.5) in logarithms, and never farther than 5.
    """
    inputs, residuals = planted(9, 0.05, 0.01)
    weights = np.random.default_rng(2).uniform(0.3, 1.0, 150)
    found = fit_hyperparameters(inputs, residuals, weights)
    scale = residuals.std()
    prior = np.log([3.0, 2.0, 2.0, 2.0, 1.0, 0.3])
    deviation = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.5])
    varying = np.array([0, 1, 3, 4])
    posterior = _Likelihood(inputs[:, varying], residuals / scale, 1 / weights, None, prior, deviation)
    noise = np.sqrt((found.noise / scale) ** 2 - 1e-6)
    theta = np.concatenate([-np.log(found.relevance[varying]), np.log([found.amplitude / scale, noise])])
    least, gradient = posterior.value_and_gradient(theta)
    assert np.abs(gradient).max() < 0.1
    generator = np.random.default_rng(0)
    for _ in range(30):
        assert posterior.value_and_gradient(theta + 0.3 * generator.standard_normal(6))[0] > least


@pytest.mark.parametrize("seed", range(3))
def test_in_single_precision_the_same_hyperparameters_are_found_however_little_noise_there_is(seed: int) -> None:
    """Inputs of the size of log N and log D, noise of a hundredth of the amplitude: single precision would lose it."""
    generator = np.random.default_rng(seed)
    inputs = np.array([11.0, 12.0]) + generator.uniform(0, 4, (150, 2))
    matrix = 0.2**2 * covariance(np.array([1 / 3, 1 / 2]), inputs, inputs) + 0.002**2 * np.eye(150)
    residuals = np.linalg.cholesky(matrix) @ generator.standard_normal(150)
    double, single = (fit_hyperparameters(inputs.astype(kind), residuals, np.ones(150)) for kind in (float, np.float32))
    assert double.noise == pytest.approx(0.002, rel=0.3)
    assert single.noise == pytest.approx(double.noise, rel=0.01)
    assert single.amplitude == pytest.approx(double.amplitude, rel=0.02)
    np.testing.assert_allclose(single.relevance, double.relevance, rtol=0.05, atol=1e-3)


def test_noise_that_is_known_beforehand_is_no_other_noise_and_no_signal() -> None:
    """Rows of a trunk share luck: told, it is left out of the process's amplitude, untold the process follows it."""
    generator = np.random.default_rng(3)
    trunks = np.arange(150) // 3
    inputs = np.column_stack([generator.uniform(0, 9, (50, 5))[trunks]])
    residuals = 0.05 * generator.standard_normal(50)[trunks] + 0.002 * generator.standard_normal(150)
    luck = 0.05**2 * (trunks[:, None] == trunks)
    told = fit_hyperparameters(inputs, residuals, np.ones(150), known_noise=luck)
    untold = fit_hyperparameters(inputs, residuals, np.ones(150))
    assert told.noise == pytest.approx(0.002, rel=0.2)
    assert told.amplitude < 0.6 * untold.amplitude


def test_n_and_d_of_one_value_still_fade_away_and_shares_of_one_value_do_not_count() -> None:
    inputs, residuals = planted(4, 0.05, 0.01)
    inputs[:, :2] = [11.0, 12.0]
    found = fit_hyperparameters(inputs, residuals, np.ones(150))
    assert found.relevance[:3].tolist() == [1 / 5, 1 / 2, 0.0]
    assert (found.relevance[3:] > 0).all()
