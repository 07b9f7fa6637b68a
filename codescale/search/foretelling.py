"""Where a stopped trial would have ended, as those that came to their end tell: what a surrogate learns from it.

The stopping rule asks for the chance of beating the best (:mod:`~codescale.search.stopping`); a surrogate asks for
every target's loss. Both draw lines through finished trials seen at the same number of tokens.
"""

from __future__ import annotations

import numpy as np

from codescale.laws.observations import Array

FEWEST = 3
"""Finished trials that a line needs."""
_SLOPE = 1.0
_SLOPE_DEVIATION = 0.5
"""A loss that lies higher now ends about as much higher: what few trials cannot say better."""
_DOUBT = 2.0
_MOST_DOUBT = 100.0


def foretell(now: Array, seen: Array, ends: Array) -> tuple[Array, Array]:
    """(rows, targets): the ends of trials that stand at ``now`` (rows, targets); and (rows,): the variance of each in
    units of a finished trial's noise.

    ``seen`` (finished, targets): where finished trials stood at as many tokens; ``ends`` (finished, targets). A line
    for each target, its slope shrunk towards 1: the losses of one N under one schedule lie on a line where
    L = E + B (s D)^-beta, whatever the mixture makes of s. The doubt grows with the distance from what was seen.
    """
    count = len(seen)
    middle, end = seen.mean(axis=0), ends.mean(axis=0)
    away = seen - middle
    spread = (away**2).sum(axis=0)
    left = ends - end - _SLOPE * away
    prior = np.maximum((left**2).mean(axis=0), 1e-18) / _SLOPE_DEVIATION**2
    slope = ((away * (ends - end)).sum(axis=0) + prior * _SLOPE) / (spread + prior)
    leverage = ((now - middle) ** 2 / (spread + prior)).mean(axis=1)
    doubt = _DOUBT * (1.0 + 1.0 / count + leverage)
    return np.asarray(end + slope * (now - middle)), np.minimum(doubt, _MOST_DOUBT)
