"""The one conditioning: against scikit-learn's Gaussian process with the same kernel, level and slope or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.laws.gp.conditioning import ConditionedGP, LevelAndSlope, condition, covariance_root, whiten
from codescale.laws.gp.kernel import Hyperparameters
from tests.laws.gp.oracle import Oracle

PROCESS = Hyperparameters(np.array([0.5, 1.0, 2.0]), 0.7, 0.1)
BASIS = LevelAndSlope(0.4, 0.3, 0.2)


@dataclass
class Case:
    """Rows with their noise, points asked for, and the mean at both."""

    inputs: Array
    residuals: Array
    noise: Array
    means: Array
    asked: Array
    asked_means: Array


@pytest.fixture
def case() -> Case:
    generator = np.random.default_rng(0)
    return Case(
        generator.random((20, 3)),
        generator.standard_normal(20),
        0.01 * (1 + generator.random(20)),
        generator.random(20),
        generator.random((7, 3)),
        generator.random(7),
    )


def conditioned(case: Case, basis: LevelAndSlope | None) -> tuple[ConditionedGP, Oracle]:
    means = None if basis is None else case.means
    ours = condition(PROCESS, case.inputs, case.residuals[:, None], case.noise, basis, means)
    return ours, Oracle(PROCESS, case.inputs, case.residuals, case.noise, basis, means)


@pytest.mark.parametrize("basis", [None, BASIS])
def test_mean_variance_and_covariance_are_those_of_scikit_learn(case: Case, basis: LevelAndSlope | None) -> None:
    ours, oracle = conditioned(case, basis)
    mean, covariance = oracle.mean_and_covariance(case.asked, case.asked_means)
    cross = ours.cross_covariance(case.asked, case.asked_means)
    assert (cross @ ours.dual)[:, 0] == pytest.approx(mean, abs=1e-9)
    assert ours.variance(cross, case.asked_means) == pytest.approx(np.diag(covariance), abs=1e-9)
    assert ours.covariance(case.asked, cross, case.asked_means) == pytest.approx(covariance, abs=1e-7)


@pytest.mark.parametrize("basis", [None, BASIS])
def test_whitened_rows_have_the_likelihood_of_scikit_learn(case: Case, basis: LevelAndSlope | None) -> None:
    _, oracle = conditioned(case, basis)
    means = None if basis is None else case.means
    white, deviations = whiten(PROCESS, case.inputs, case.residuals, case.noise, basis, means)
    likelihood = (-0.5 * white**2 - np.log(deviations) - 0.5 * np.log(2 * np.pi)).sum()
    assert likelihood == pytest.approx(oracle.log_likelihood(), abs=1e-8)


def test_a_row_is_whitened_by_what_the_rows_before_it_predict(case: Case) -> None:
    white, deviations = whiten(PROCESS, case.inputs, case.residuals, case.noise, BASIS, case.means)
    before = slice(0, 19)
    ours = condition(
        PROCESS, case.inputs[before], case.residuals[before, None], case.noise[before], BASIS, case.means[before]
    )
    cross = ours.cross_covariance(case.inputs[19:], case.means[19:])
    deviation = np.sqrt(ours.variance(cross, case.means[19:]) + case.noise[19:])
    assert deviations[19] == pytest.approx(deviation[0])
    assert white[19] == pytest.approx((case.residuals[19] - (cross @ ours.dual)[0, 0]) / deviation[0])


def test_every_column_of_residuals_is_conditioned_by_itself(case: Case) -> None:
    both = np.column_stack([case.residuals, case.residuals[::-1]])
    together = condition(PROCESS, case.inputs, both, case.noise)
    for k in (0, 1):
        alone = condition(PROCESS, case.inputs, both[:, k : k + 1], case.noise)
        assert together.dual[:, k] == pytest.approx(alone.dual[:, 0])


def test_a_covariance_that_rounding_spoilt_has_a_root() -> None:
    factor = np.random.default_rng(0).standard_normal((60, 5))
    spoilt = factor @ factor.T - 1e-9 * np.eye(60)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(spoilt)
    root = covariance_root(spoilt)
    assert root @ root.T == pytest.approx(spoilt, abs=1e-5)
    well = factor @ factor.T + np.eye(60)
    assert (covariance_root(well) == np.linalg.cholesky(well)).all()
    with pytest.raises(np.linalg.LinAlgError):
        covariance_root(-well)
