"""Means over seeds with their standard errors, and paired differences with Student's t intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from codescale.comparison.result import PairedDifference, SeedMean

LEVEL = 0.9


def summary(values: Sequence[float]) -> SeedMean:
    """Mean and standard error of ``values``, one a seed, and the values themselves."""
    array = np.asarray(values, dtype=float)
    error = float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan
    return SeedMean(mean=float(array.mean()), standard_error=error, values=tuple(array.tolist()))


def paired_difference(values: Sequence[float], reference: Sequence[float], level: float = LEVEL) -> PairedDifference:
    """The mean difference of two mixtures over their seeds, with its interval.

    Two mixtures with one seed see the same documents in the same order, so pairing takes the seeds' noise out.

    Parameters
    ----------
    values, reference
        One value a seed (nats per token), in the same order of seeds.
    level
        Of Student's t interval.

    Returns
    -------
    PairedDifference
        ``values`` minus ``reference``.
    """
    difference = summary([value - other for value, other in zip(values, reference, strict=True)])
    mean, error = difference.mean, difference.standard_error
    half = student.ppf(0.5 + level / 2, len(values) - 1) * error
    return PairedDifference(mean=mean, standard_error=error, low=mean - half, high=mean + half)
