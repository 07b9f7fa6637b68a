"""The posterior at one scale: the surrogate asked there, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.search.bayesopt.dataset import LogScale, points_at_scale
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.surrogate import Surrogate
from tests.search.bayesopt.planted_surrogate import SCALE, planted, points


def test_it_is_the_surrogate_at_its_scale() -> None:
    fitted, data = planted()
    asked, surrogate = points(5, 9), Surrogate(fitted, data)
    posterior = Posterior(fitted, data, SCALE)
    there = points_at_scale(SCALE, asked)
    assert posterior.mean(asked).tolist() == surrogate.mean(there).tolist()
    assert posterior.mean_sample(asked, 2).tolist() == surrogate.mean_sample(there, 2).tolist()
    assert posterior.target_means(asked, 0).tolist() == surrogate.target_means(there, 0).tolist()
    for ours, theirs in zip(posterior.mean_and_std(asked), surrogate.mean_and_std(there), strict=True):
        assert ours.tolist() == theirs.tolist()
    sampled = [one.joint_samples(asked, 2, np.random.default_rng(0)) for one in (posterior,)]
    assert sampled[0].tolist() == surrogate.joint_samples(there, 2, np.random.default_rng(0)).tolist()


def test_at_another_scale_less_is_known() -> None:
    fitted, data = planted()
    near, far = (
        Posterior(fitted, data, scale).mean_and_std(data.points.points)[1] for scale in (SCALE, LogScale(5.0, 5.0))
    )
    assert (far > 1.5 * near).all()


def test_pending_points_are_known_as_well_as_measured_ones() -> None:
    fitted, data = planted()
    asked = points(4, 9)
    std = Posterior(fitted, data, SCALE, asked).mean_and_std(asked)[1]
    measured = Posterior(fitted, data, SCALE).mean_and_std(data.points.points)[1]
    assert std.max() < 1.2 * measured.max()
    assert Posterior(fitted, data, SCALE, asked).mean(asked) == pytest.approx(
        Posterior(fitted, data, SCALE).mean(asked)
    )
