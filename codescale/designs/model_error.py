"""What a law of its form cannot say: a process over the shares, so that a design does not trust the form too far.

Where the form is exact, the best runs are the most extreme ones, and where it is not they are the most misleading: they
tell the law of corners, and it is asked of the middle. A process on what the law leaves over (Matern 5/2, as those of
codescale/laws/gp) makes a run tell most of mixtures like its own (Box and Draper 1959; DuMouchel and Jones 1994).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from codescale.arrays import Array

DEVIATION = 0.01
"""Of the error, in log loss: what the laws that ``auto`` takes err on some dozens of runs. With more, designs of
planted worlds told less; with none, a form that is wrong is misled by its own corners (docs/benchmarks/design.md).
"""
LENGTHSCALE = 0.7
"""Between mixtures, over which the error goes together: their distance as shares, of which corners are 1.4 apart."""
_FEATURES = 60
"""Of the process: the largest eigenvectors at the points that there are."""


def error_features(shares: Array, noise: float) -> Array:
    """(rows, features): such that the covariance of the error at the rows of ``shares`` (rows, domains) is their outer
    product, in units of a run's ``noise`` (a deviation of log loss).
    """
    distance = np.sqrt(5.0) * cdist(shares, shares) / LENGTHSCALE
    covariance = (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = np.maximum(values[-_FEATURES:], 0.0), vectors[:, -_FEATURES:]
    return np.asarray(vectors * np.sqrt(values) * (DEVIATION / noise))
