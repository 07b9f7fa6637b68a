"""What the next trial is chosen by, as a function of where it would be: the less, the better.

    m  points asked for;  o  objectives;  z = (best - mean) / std

A Thompson sample is one sample of the laws, with the processes conditioned on it (Thompson 1933; Kandasamy et al. 2018,
"Parallelised Bayesian optimisation via Thompson sampling"). Expected improvement (Jones et al. 1998) is over laws and
processes together. A sample of several objectives is their augmented Chebyshev scalar under random weights (Knowles
2006, "ParEGO").
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import erfcx
from scipy.stats import norm

from codescale.arrays import Array
from codescale.search.bayesopt.posterior import Posterior
from codescale.search.bayesopt.settings import BayesOptSettings
from codescale.search.space.points import Points

Acquisition = Callable[[Points], Array]
"""m points -> (m,): what is minimised."""


def thompson_sample(posterior: Posterior, generator: np.random.Generator) -> Acquisition:
    """The objective under one sample of the laws."""
    sample = _law_sample(posterior.settings, generator)
    return lambda points: posterior.mean_sample(points, sample)


def log_expected_improvement(posterior: Posterior, known: Points) -> Acquisition:
    """Minus the logarithm of the expected improvement on the best expectation at the points ``known``."""
    best = float(posterior.mean_and_std(known)[0].min())

    def acquisition(points: Points) -> Array:
        mean, std = posterior.mean_and_std(points)
        return np.asarray(-log_standard_ei((best - mean) / std) - np.log(std))

    return acquisition


def parego_scalarization(posterior: Posterior, generator: np.random.Generator) -> Acquisition:
    """The scalar of one sample's objectives, each over the range that was measured: the largest weighted one, and a
    little of their sum, so that no point is preferred that is worse in one and better in none.
    """
    measured = posterior.data.values
    weights = generator.dirichlet(np.ones(measured.shape[1]))
    least, width = measured.min(axis=0), np.maximum(np.ptp(measured, axis=0), 1e-12)
    sample = _law_sample(posterior.settings, generator)

    def acquisition(points: Points) -> Array:
        values = weights * (posterior.target_means(points, sample) - least) / width
        return np.asarray(values.max(axis=1) + posterior.settings.parego_sum * values.sum(axis=1))

    return acquisition


def _law_sample(settings: BayesOptSettings, generator: np.random.Generator) -> int:
    """One sample of the laws; 0 would be the laws as fitted."""
    return 1 + int(generator.integers(settings.law_samples))


def log_standard_ei(z: Array) -> Array:
    """log(phi(z) + z Phi(z)): the logarithm of expected improvement in units of the deviation.

    Below z = -1 the sum loses its digits, and far below zero it is nothing at all; there it is phi(z) times
    1 + z sqrt(pi/2) erfcx(-z/sqrt(2)) (Ament et al. 2023, "Unexpected improvements to expected improvement", eq. 9),
    which holds to z = -1e5; beyond, the same to first order: phi(z) / z^2.

    Parameters
    ----------
    z : (n,) array
        Deviations by which the expectation lies below the best value known: positive where a gain is expected.

    Returns
    -------
    (n,) array, finite, increasing with ``z``.
    """
    near, below, far = np.maximum(z, -1.0), np.clip(z, -1e5, -1.0), np.minimum(z, -1e5)
    log_density = -0.5 * z**2 - 0.5 * math.log(2.0 * math.pi)
    tail = np.log1p(below * math.sqrt(math.pi / 2.0) * erfcx(-below / math.sqrt(2.0)))
    lower = log_density + np.where(z > -1e5, tail, -2.0 * np.log(-far))
    return np.asarray(np.where(z > -1.0, np.log(norm.pdf(near) + near * norm.cdf(near)), lower))
