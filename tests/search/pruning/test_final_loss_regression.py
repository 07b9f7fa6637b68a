"""The distribution of a final loss: calibrated, and no surer than few trials allow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from codescale.search.pruning.final_loss_regression import predict_final_loss


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
