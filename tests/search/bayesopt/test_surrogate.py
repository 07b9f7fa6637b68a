"""The surrogate against scikit-learn's Gaussian process with the same kernel, target by target."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.search.bayesopt.dataset import Dataset, points_at_scale
from codescale.search.bayesopt.surrogate import (
    FittedGP,
    Surrogate,
    fit_processes,
    mean_squared_z,
    predictive_log_likelihood,
    with_seed_noise,
)
from tests.laws.gp.oracle import Oracle
from tests.search.bayesopt.planted_surrogate import CONSTANTS, SCALE, planted, points


def oracle_of(fitted: FittedGP, data: Dataset, target: int) -> Oracle:
    """scikit-learn's process of that target."""
    own, means = fitted.targets[target], np.full(len(data), CONSTANTS[target])
    noise = own.process.noise**2 * data.noise_scale + fitted.settings.jitter
    residuals = data.values[:, target] - CONSTANTS[target]
    return Oracle(own.process, fitted.kernel_inputs(data.points), residuals, noise, own.basis, means)


def oracle_moments(fitted: FittedGP, data: Dataset, asked: int, target: int) -> tuple[Array, Array]:
    """(m,) and (m, m): mean and covariance of that target's value at the points asked for."""
    inputs = fitted.kernel_inputs(points_at_scale(SCALE, points(asked, 9)))
    mean, covariance = oracle_of(fitted, data, target).mean_and_covariance(inputs, np.full(asked, CONSTANTS[target]))
    return CONSTANTS[target] + mean, covariance


def test_every_targets_mean_is_that_of_scikit_learn() -> None:
    fitted, data = planted()
    ours = Surrogate(fitted, data).target_means(points_at_scale(SCALE, points(8, 9)), 0)
    for k in range(2):
        assert ours[:, k] == pytest.approx(oracle_moments(fitted, data, 8, k)[0], abs=1e-9)


def test_mean_and_deviation_of_the_objective_are_the_weighted_ones_of_scikit_learn() -> None:
    fitted, data = planted(log_losses=False)
    mean, std = Surrogate(fitted, data).mean_and_std(points_at_scale(SCALE, points(8, 9)))
    moments = [oracle_moments(fitted, data, 8, k) for k in range(2)]
    assert mean == pytest.approx(sum(w * m for w, (m, _) in zip(fitted.weights, moments, strict=True)), abs=1e-9)
    variance = sum(w**2 * np.diag(c) for w, (_, c) in zip(fitted.weights, moments, strict=True))
    assert std == pytest.approx(np.sqrt(variance), rel=1e-6)


def test_losses_are_the_exponentials_of_what_is_modelled() -> None:
    """Their deviation is the loss times that of its logarithm."""
    fitted, data = planted(targets=1)
    mean, std = Surrogate(fitted, data).mean_and_std(points_at_scale(SCALE, points(8, 9)))
    log_mean, covariance = oracle_moments(fitted, data, 8, 0)
    assert mean == pytest.approx(np.exp(log_mean), abs=1e-9)
    assert std == pytest.approx(np.exp(log_mean) * np.sqrt(np.diag(covariance)), rel=1e-6)


def test_joint_samples_have_the_mean_and_covariance_of_scikit_learn() -> None:
    fitted, data = planted(targets=1, log_losses=False)
    surrogate, asked = Surrogate(fitted, data), points_at_scale(SCALE, points(5, 9))
    sampled = surrogate.joint_samples(asked, 4_000, np.random.default_rng(0))
    mean, covariance = oracle_moments(fitted, data, 5, 0)
    assert sampled.shape == (4_000 * (fitted.settings.law_samples + 1), 5)
    assert sampled.mean(axis=0) == pytest.approx(mean, abs=0.05 * np.sqrt(covariance.diagonal().max()))
    assert np.cov(sampled.T) == pytest.approx(covariance, abs=0.03 * covariance.diagonal().max())


def test_joint_samples_agree_with_mean_and_deviation_of_each_point() -> None:
    fitted, data = planted()
    surrogate, asked = Surrogate(fitted, data), points_at_scale(SCALE, points(10, 9))
    sampled = surrogate.joint_samples(asked, 3_000, np.random.default_rng(0))
    mean, std = surrogate.mean_and_std(asked)
    assert sampled.mean(axis=0) == pytest.approx(mean, abs=0.1 * std.max())
    assert sampled.std(axis=0) == pytest.approx(std, rel=0.05)


def test_a_pending_point_leaves_every_mean_and_lessens_the_deviation() -> None:
    """It counts as if it had ended as expected."""
    fitted, data = planted()
    asked, pending = points_at_scale(SCALE, points(10, 9)), points_at_scale(SCALE, points(10, 9).row(3))
    before, after = Surrogate(fitted, data), Surrogate(fitted, data, pending)
    for sample in (0, 4):
        assert after.mean_sample(asked, sample) == pytest.approx(before.mean_sample(asked, sample), abs=1e-9)
    std_before, std_after = before.mean_and_std(asked)[1], after.mean_and_std(asked)[1]
    assert (std_after <= std_before + 1e-12).all()
    assert std_after[3] < 0.5 * std_before[3]


def test_the_predictive_likelihood_is_that_of_scikit_learn_less_what_the_others_have() -> None:
    fitted, data = planted(targets=1)
    own = np.arange(len(data)) % 2 == 0
    whole = oracle_of(fitted, data, 0).log_likelihood()
    mean = fitted.mean.cross_validated
    others = data.select(~own)
    left = whole - oracle_of(fitted, others, 0).log_likelihood()
    constant = 0.5 * np.log(2 * np.pi)
    assert mean == pytest.approx(np.tile(CONSTANTS[:1], (len(data), 1)))
    assert predictive_log_likelihood(fitted, data, own) == pytest.approx(left / own.sum() + constant, abs=1e-6)


def test_rows_as_predicted_have_a_mean_squared_z_of_about_one() -> None:
    """Rows drawn from the posterior itself; five deviations off they have 25 more."""
    fitted, data = planted(targets=1, log_losses=False)
    asked = points_at_scale(SCALE, points(6, 9))
    sampled = Surrogate(fitted, data).joint_samples(asked, 20, np.random.default_rng(3))[::9]
    noise = fitted.targets[0].process.noise * np.random.default_rng(4).standard_normal(sampled.shape)
    found = [
        mean_squared_z(fitted, data, Dataset(asked, row[:, None], row, np.ones(6))) for row in sampled[:20] + noise[:20]
    ]
    assert np.mean(found) == pytest.approx(1.0, abs=0.35)


def test_known_noise_between_seeds_is_the_least_noise_of_the_objective() -> None:
    fitted, data = planted(log_losses=False)
    own = float(np.linalg.norm(fitted.weights * [one.process.noise for one in fitted.targets]))
    raised = with_seed_noise(fitted, data, 3 * own)
    assert [one.process.noise for one in raised.targets] == pytest.approx([0.03, 0.03])
    assert with_seed_noise(fitted, data, 0.5 * own) is fitted


def test_before_there_are_rows_a_process_is_as_if_unmeasured() -> None:
    fitted, data = planted(targets=1)
    few = fit_processes(fitted.mean, data.select(np.arange(3)), np.ones(1), True, fitted.settings)
    assert few.targets[0].process.amplitude == fitted.settings.unmeasured_amplitude
    assert few.targets[0].basis.slope_variance == 0.0
    enough = fit_processes(fitted.mean, data, np.ones(1), True, fitted.settings)
    assert enough.targets[0].process.amplitude > fitted.settings.unmeasured_amplitude


def test_the_noise_between_seeds_of_losses_is_that_of_their_logarithms_times_the_losses() -> None:
    fitted, data = planted()
    levels = np.exp(data.values.mean(axis=0))
    own = float(np.sqrt(sum((w * level * 0.01) ** 2 for w, level in zip(fitted.weights, levels, strict=True))))
    raised = with_seed_noise(fitted, data, 3 * own)
    assert [one.process.noise for one in raised.targets] == pytest.approx([0.03, 0.03])
    assert [one.process.amplitude for one in raised.targets] == [one.process.amplitude for one in fitted.targets]
    assert with_seed_noise(fitted, data, own * (1 - 1e-9)) is fitted


def test_the_first_of_later_rows_only_tells_by_how_much_everything_is_off() -> None:
    """It lies far off, as does the last of the rows before; what follows lies just where both make it expected."""
    fitted, data = planted(targets=1, log_losses=False)
    values = data.values + np.where(np.arange(len(data)) == len(data) - 1, 0.5, 0.0)[:, None]
    known = Dataset(data.points, values, values[:, 0], data.noise_scale)
    asked, noise_scale = points_at_scale(SCALE, points(2, 9)), np.ones(2)
    first = Dataset(asked.select(np.array([0])), np.array([[3.0]]), np.array([3.0]), noise_scale[:1])
    expected = Surrogate(fitted, known.concatenate(first)).target_means(asked.select(np.array([1])), 0)
    row = np.vstack([first.values, expected])
    assert mean_squared_z(fitted, known, Dataset(asked, row, row[:, 0], noise_scale)) == pytest.approx(0.0, abs=1e-12)
