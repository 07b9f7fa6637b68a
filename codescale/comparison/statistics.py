"""Means over seeds, paired differences with Student's t intervals and tests, and the correction for many of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy.special import stdtr, stdtrit

from codescale.arrays import Array
from codescale.comparison.result import PairedDifference, SeedMean

Test = TypeVar("Test", bound=Hashable)

LEVEL = 0.9
ERROR = (1 - LEVEL) / 2
"""What a claim in one direction is wrong with at most, over all that are tested together: that of an interval's end."""


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
    half = math.nan if error is None else float(stdtrit(len(values) - 1, 0.5 + level / 2)) * error
    return PairedDifference(mean=mean, standard_error=error, low=mean - half, high=mean + half)


def one_sided_tests(difference: PairedDifference, seeds: int) -> tuple[float, float]:
    """The p values of Student's paired t test that a difference is below 0, and that it is above 0.

    Parameters
    ----------
    difference
        As :func:`paired_difference` has it.
    seeds
        How many pairs it is the mean of.

    Returns
    -------
    tuple of float
        Both 1 where the mixtures are one, or there is one seed.
    """
    error = difference.standard_error
    if error is None or not math.isfinite(error) or (error == 0 and difference.mean == 0):
        return 1.0, 1.0
    statistic = difference.mean / error if error > 0 else math.copysign(math.inf, difference.mean)
    # Not scipy.stats.t, which is the same and checks its arguments for longer than a simulation of proofs would take.
    return float(stdtr(seeds - 1, statistic)), float(stdtr(seeds - 1, -statistic))


def holm(values: Mapping[Test, float]) -> dict[Test, float]:
    """The p values of several tests, adjusted so that at a level the chance of any false claim is at most the level,
    however the tests depend on each other.

    Parameters
    ----------
    values
        Test to its p value.

    Returns
    -------
    dict
        Test to its adjusted p value, in the same order.

    References
    ----------
    Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    return dict(zip(values, holm_adjusted(np.array(list(values.values()))).tolist(), strict=True))


def holm_adjusted(values: Array) -> Array:
    """As :func:`holm`, of p values (…, tests): each row by itself."""
    order = np.argsort(values, axis=-1)
    ranked = np.take_along_axis(values, order, axis=-1) * (values.shape[-1] - np.arange(values.shape[-1]))
    adjusted = np.empty_like(values)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(np.minimum(ranked, 1.0), axis=-1), axis=-1)
    return adjusted
