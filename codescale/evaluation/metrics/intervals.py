"""Intervals of a share over programs: what it would be on other programs of the kind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import ndtri, stdtrit

from codescale.artifact import Interval
from codescale.comparison.statistics import LEVEL


def share_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """The mean of ``values`` from 0 to 1, one a program, with Wilson's interval.

    Values between 0 and 1 vary less than zeros and ones of the same mean, for which the interval is made, so it covers
    as often as it says or more often. It is no point where all values are 0 or all are 1, as a bootstrap's would be.

    References
    ----------
    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    count, mean = len(values), math.fsum(values) / len(values)
    z = float(ndtri(0.5 + level / 2))
    shrunk = z * z / count
    centre = (mean + shrunk / 2) / (1 + shrunk)
    half = z / (1 + shrunk) * math.sqrt(mean * (1 - mean) / count + shrunk / (4 * count))
    return Interval(value=mean, low=max(0.0, centre - half), high=min(1.0, centre + half))


def mean_interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """The mean of ``values`` of any size, one a program, with Student's interval; a single value has none."""
    count, mean = len(values), math.fsum(values) / len(values)
    if count < 2:
        return Interval(value=mean)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = float(stdtrit(count - 1, 0.5 + level / 2)) * deviation / math.sqrt(count)
    return Interval(value=mean, low=mean - half, high=mean + half)
