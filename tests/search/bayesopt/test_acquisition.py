"""The logarithm of expected improvement: against quadrature, monotone, and as smooth as it is in truth."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.integrate import quad

from codescale.search.bayesopt.acquisition import log_standard_ei


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
