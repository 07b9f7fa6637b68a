"""The distribution of a final loss: calibrated, and no surer than few trials allow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from codescale.arrays import Array
from codescale.search.pruning.final_loss_regression import STRENGTHS, predict_final_loss


def test_without_evidence_settings_do_not_matter() -> None:
    """Sixteen trials whose drop does not depend on their setting: the chance is nearly that without settings."""
    random = np.random.default_rng(4)
    early = random.normal(0, 1, 17)
    final = early[1:] + random.normal(0, 0.1, 16)
    settings = random.uniform(-1, 1, (17, 2))
    alone = predict_final_loss(early, final)
    beside = predict_final_loss(early, final, settings)
    for value in (alone.expected[0] - 0.2, alone.expected[0], alone.expected[0] + 0.2):
        assert beside.below(value) == pytest.approx(alone.below(value), abs=0.12)


def test_without_settings_it_is_the_predictive_distribution_of_a_straight_line() -> None:
    """That of the textbook: a Student t about the line of least squares (Draper and Smith 1998, section 3.1)."""
    generator = np.random.default_rng(1)
    early = generator.normal(0, 1, 9)
    final = 2 + 0.8 * early[1:] + generator.normal(0, 0.3, 8)
    found = predict_final_loss(early, final)
    line = stats.linregress(early[1:], final)
    expected = line.intercept + line.slope * early[0]
    squares = ((final - line.intercept - line.slope * early[1:]) ** 2).sum() / 6
    away = (early[0] - early[1:].mean()) ** 2 / ((early[1:] - early[1:].mean()) ** 2).sum()
    deviation = np.sqrt(squares * (1 + 1 / 8 + away))
    for value in (expected - 1, expected, expected + 0.5):
        assert found.below(value) == pytest.approx(stats.t.cdf((value - expected) / deviation, 6), abs=1e-9)


def by_generalised_least_squares(
    early: Array, final: Array, settings: Array, strength: float
) -> tuple[float, float, float, float]:
    """(log marginal likelihood, location, scale, freedom) under one strength, by generalised least squares with the
    effects in the covariance (Rasmussen and Williams 2006, section 2.7).
    """
    low, high = settings[1:].min(axis=0), settings[1:].max(axis=0)
    scaled = 2 * (settings - low) / (high - low) - 1
    effects = np.column_stack([scaled, scaled**2])
    covariance = np.eye(len(early)) + strength**2 * effects @ effects.T
    inverse, cross = np.linalg.inv(covariance[1:, 1:]), covariance[1:, 0]
    line = np.column_stack([np.ones(len(early)), early])
    precision = line[1:].T @ inverse @ line[1:]
    found = np.linalg.solve(precision, line[1:].T @ inverse @ final)
    left = final - line[1:] @ found
    freedom, squares = len(final) - 2, float(left @ inverse @ left)
    likelihood = -0.5 * np.linalg.slogdet(covariance[1:, 1:])[1] - 0.5 * np.linalg.slogdet(precision)[1]
    likelihood -= 0.5 * freedom * np.log(squares)
    untold = line[0] - line[1:].T @ inverse @ cross
    variance = covariance[0, 0] - cross @ inverse @ cross + untold @ np.linalg.solve(precision, untold)
    location = float(line[0] @ found + cross @ inverse @ left)
    return float(likelihood), location, float(np.sqrt(squares / freedom * variance)), freedom


@pytest.mark.parametrize("seed", range(4))
def test_with_settings_it_is_the_average_over_strengths_of_generalised_least_squares(seed: int) -> None:
    generator = np.random.default_rng(seed)
    early, settings = generator.normal(0, 1, 10), generator.uniform(1, 4, (10, 2))
    final = 2 + 0.8 * early[1:] + 0.2 * seed * settings[1:, 0] + generator.normal(0, 0.2, 9)
    each = [by_generalised_least_squares(early, final, settings, strength) for strength in STRENGTHS]
    likelihood, location, scale, freedom = (np.array([one[k] for one in each]) for k in range(4))
    weights = np.array([0.25] + [0.05] * 15) * np.exp(likelihood - likelihood.max())
    weights /= weights.sum()
    found = predict_final_loss(early, final, settings)
    for value in location[0] + np.array([-0.5, 0.0, 0.2, 1.0]):
        expected = weights @ stats.t.cdf((value - location) / scale, freedom)
        assert found.below(value) == pytest.approx(expected, abs=1e-9)


def test_a_setting_that_never_varied_and_settings_that_nobody_has_tell_nothing() -> None:
    generator = np.random.default_rng(0)
    early, settings = generator.normal(0, 1, 8), generator.uniform(0, 1, (8, 1))
    final = early[1:] + 0.5 * settings[1:, 0] + generator.normal(0, 0.1, 7)
    beside = np.column_stack([settings, np.full(8, 3.0)])
    beside[0, 1] = 4.0
    assert predict_final_loss(early, final, beside).below(0.3) == predict_final_loss(early, final, settings).below(0.3)
    none = np.empty((8, 0))
    assert predict_final_loss(early, final, none).below(0.3) == predict_final_loss(early, final).below(0.3)


def test_ends_that_lie_on_the_line_are_certain() -> None:
    early = np.array([0.5, 1.0, 2.0, 3.0, 4.0])
    found = predict_final_loss(early, 1.0 + 2.0 * early[1:])
    assert found.below(2.0 - 1e-6) < 1e-6
    assert found.below(2.0 + 1e-6) > 1 - 1e-6
