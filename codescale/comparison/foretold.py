"""What a law is held to: the difference between two mixtures that it foretold, against the one that was measured.

An objective near the predicted one says little of the choice: uniform's is as near. Only the difference does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from codescale.allocation.problem import law_at_scale, shares_of, weights_of
from codescale.allocation.uncertainty import sampled_interval, sampled_laws
from codescale.artifact import Interval
from codescale.comparison.result import ForetoldDifference, PairedDifference
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture


def predicted_difference(
    law: Law,
    n_params: float,
    n_tokens: float,
    mixture: Mixture,
    reference: Mixture,
    weights: Mapping[str, float] | None = None,
) -> Interval:
    """The objective of ``mixture`` minus that of ``reference`` at N and D, as ``law`` has it.

    The interval is the middle 90 % over the law's bootstrap samples, without a run's noise: it is of the mixtures' true
    difference. None where there are no samples.

    Parameters
    ----------
    law, n_params, n_tokens, weights
        As in :func:`~codescale.allocation.optimize.optimize_mixture`.
    mixture, reference
        The two mixtures.

    Raises
    ------
    UserError
        For names outside the law.
    """
    shares = np.stack([shares_of(law, one, "mixture") for one in (mixture, reference)])
    weight = weights_of(law, weights)
    point = law_at_scale(law, n_params, n_tokens)
    value, *drawn = (float(np.subtract(*(one.losses(shares) @ weight))) for one in (point, *sampled_laws(law, point)))
    return sampled_interval(value, np.array(drawn))


def foretold(predicted: Interval, measured: PairedDifference) -> ForetoldDifference:
    """``measured`` beside ``predicted``, both of the same split.

    Inside: the two lie no further apart than the ends of their intervals that face each other allow, taken as
    independent. None where either has no interval.
    """
    ends = (predicted.low, predicted.high, measured.low, measured.high)
    low, high, least, most = (math.nan if end is None else end for end in ends)
    apart = measured.mean - predicted.value
    if apart >= 0:
        room = math.hypot(high - predicted.value, measured.mean - least)
    else:
        room = math.hypot(predicted.value - low, most - measured.mean)
    inside = None if math.isnan(low + high + least + most) else abs(apart) <= room
    return ForetoldDifference(predicted=predicted, measured=measured, inside=inside)
