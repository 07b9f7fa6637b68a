"""Acquisitions against their definitions: log expected improvement by quadrature, ParEGO's scalar by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from codescale.arrays import Array
from codescale.search.bayesopt.acquisition import (
    log_expected_improvement,
    log_standard_ei,
    parego_scalarization,
    thompson_sample,
)
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.space.points import Points
from tests.search.bayesopt.planted_surrogate import SCALE, planted, points


def by_quadrature(z: float) -> float:
    """log of the integral of t phi(t - z) over t > 0: what is gained, weighted by how likely it is."""
    peak = 0.5 * (z + math.hypot(z, 2.0))  # where t phi(t - z) is largest: its value there is taken out of the integral
    highest = math.log(peak) - 0.5 * (peak - z) ** 2
    width = 1.0 / math.hypot(1.0 / peak, 1.0)
    bounds = [max(peak + k * width, 0.0) for k in (-40, -8, -2, 0, 2, 8, 40)]
    parts = [
        quad(lambda t: t * math.exp(-0.5 * (t - z) ** 2 - highest), low, high, epsabs=0, epsrel=1e-12)[0]
        for low, high in itertools.pairwise(bounds)
        if high > low
    ]
    return highest + math.log(sum(parts)) - 0.5 * math.log(2.0 * math.pi)


@pytest.mark.parametrize("z", [*np.linspace(-40.0, 10.0, 101), -6.001, -5.999, -1.001, -0.999])
def test_it_is_the_integral_of_the_improvement(z: float) -> None:
    found = float(log_standard_ei(np.array([z]))[0])
    assert found == pytest.approx(by_quadrature(z), rel=1e-10, abs=1e-10)


def test_it_rises_everywhere_without_a_jump() -> None:
    z = np.linspace(-40.0, 10.0, 500_001)
    value = log_standard_ei(z)
    slope = np.diff(value) / np.diff(z)
    assert np.all(slope > 0)
    assert np.all(np.diff(slope) < 1e-6)  # concave: the slope, -z + ..., falls all the way
    assert np.abs(np.diff(slope)).max() < 1e-3  # no kink where one formula takes over from another


def test_it_is_finite_and_rising_far_beyond() -> None:
    value = log_standard_ei(-np.logspace(1, 8, 2_001))
    assert np.isfinite(value).all()
    assert np.all(np.diff(value) < 0)


def test_expected_improvement_is_the_mean_of_what_draws_gain() -> None:
    """Of a million draws of a normal with the posterior's mean and deviation."""
    posterior = Posterior(*planted(), SCALE)
    known, asked = points(6, 4), points(5, 9)
    best = posterior.mean_and_std(known)[0].min()
    mean, std = posterior.mean_and_std(asked)
    draws = mean + std * np.random.default_rng(0).standard_normal((1_000_000, 1))
    gain = np.maximum(best - draws, 0.0).mean(axis=0)
    assert np.exp(-log_expected_improvement(posterior, known)(asked)) == pytest.approx(gain, rel=0.05)


def test_a_thompson_sample_is_one_sample_of_the_laws_and_never_the_laws_as_fitted() -> None:
    class Samples(Posterior):
        def mean_sample(self, points: Points, sample: int) -> Array:
            return np.full(len(points), float(sample))

    posterior, generator = Samples(*planted(), SCALE), np.random.default_rng(0)
    drawn = {float(thompson_sample(posterior, generator)(points(1, 0))[0]) for _ in range(200)}
    assert drawn == set(range(1, posterior.settings.law_samples + 1))


def test_paregos_scalar_is_the_largest_weighted_objective_and_a_twentieth_of_their_sum() -> None:
    """Each objective over the range that was measured; weights are uniform on the simplex (Knowles 2006, eq. 2)."""
    fitted, data = planted(log_losses=False)
    posterior, asked = Posterior(fitted, data, SCALE), points(7, 9)
    found = parego_scalarization(posterior, np.random.default_rng(5))(asked)
    generator = np.random.default_rng(5)
    weights = generator.dirichlet([1.0, 1.0])
    sample = 1 + int(generator.integers(posterior.settings.law_samples))
    values = posterior.target_means(asked, sample)
    for k in range(len(asked)):
        scaled = [
            (values[k, j] - min(data.values[:, j])) / (max(data.values[:, j]) - min(data.values[:, j])) for j in (0, 1)
        ]
        weighted = [weights[0] * scaled[0], weights[1] * scaled[1]]
        assert found[k] == pytest.approx(max(weighted) + 0.05 * sum(weighted), abs=1e-12)


def test_parego_prefers_no_point_that_another_one_dominates() -> None:
    class Two(Posterior):
        def target_means(self, points: Points, sample: int) -> Array:
            return points.shares[:, :2]

    fitted, data = planted(log_losses=False)
    posterior = Two(fitted, data, SCALE)
    pair = Points(np.array([[0.3, 0.4, 0.3], [0.3, 0.5, 0.2]]), np.zeros((2, 1)))
    for seed in range(20):
        better, worse = parego_scalarization(posterior, np.random.default_rng(seed))(pair)
        assert better < worse
