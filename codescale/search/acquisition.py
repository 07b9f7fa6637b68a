"""What the next trial is chosen by, as a function of where it would be: the less, the better.

A Thompson draw is one sample of the laws, with the processes conditioned on it (Thompson 1933; Kandasamy et al. 2018,
"Parallelised Bayesian optimisation via Thompson sampling"). Expected improvement (Jones et al. 1998) is over laws and
processes together. A draw of several objectives is their augmented Chebyshev scalar under random weights (Knowles 2006,
"ParEGO").
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from codescale.laws.observations import Array
from codescale.search.belief import Belief
from codescale.search.means import SAMPLES

Acquisition = Callable[[Array, Array], Array]
"""(rows, domains), (rows, hyperparameters) -> (rows,): what is minimised."""

_SUM = 0.05
"""The part of the plain sum in the Chebyshev scalar."""


def thompson_draw(belief: Belief, generator: np.random.Generator) -> Acquisition:
    """The objective under one sample of the mean."""
    sample = _sample(generator)
    return lambda shares, hyper: belief.draw(shares, hyper, sample)


def expected_improvement(belief: Belief, known: tuple[Array, Array]) -> Acquisition:
    """Minus the logarithm of the expected improvement on the best expectation at the points ``known``."""
    best = float(belief.believed(*known)[0].min())

    def acquisition(shares: Array, hyper: Array) -> Array:
        middle, deviation = belief.believed(shares, hyper)
        return np.asarray(-log_improvement((best - middle) / deviation) - np.log(deviation))

    return acquisition


def chebyshev_draw(belief: Belief, generator: np.random.Generator) -> Acquisition:
    """The scalar of one sample's objectives, each over the range that was measured."""
    measured = belief.rows.values
    weights = generator.dirichlet(np.ones(measured.shape[1]))
    least, width = measured.min(axis=0), np.maximum(np.ptp(measured, axis=0), 1e-12)
    sample = _sample(generator)

    def acquisition(shares: Array, hyper: Array) -> Array:
        values = weights * (belief.values(shares, hyper, sample) - least) / width
        return np.asarray(values.max(axis=1) + _SUM * values.sum(axis=1))

    return acquisition


def _sample(generator: np.random.Generator) -> int:
    """One sample of the mean; 0 would be the mean as fitted."""
    return 1 + int(generator.integers(SAMPLES))


def log_improvement(z: Array) -> Array:
    """The logarithm of expected improvement in units of the deviation, at ``z`` deviations below the best.

    log(phi(z) + z Phi(z)), finite far below zero (Ament et al. 2023, "Unexpected improvements to expected
    improvement").
    """
    near = np.maximum(z, -6.0)
    value = np.log(np.maximum(norm.pdf(near) + near * norm.cdf(near), 1e-300))
    far = norm.logpdf(z) - 2.0 * np.log(np.abs(np.minimum(z, -1.0)))
    return np.asarray(np.where(z > -6.0, value, far))
