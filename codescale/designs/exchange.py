"""Which of many candidate runs to do: a forward choice, then exchanges as long as one improves (Fedorov 1972)."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Integers
from codescale.designs.information import Criterion, Posterior

_SWEEPS = 2
"""Through all chosen runs; more change next to nothing."""
_LEAST_GAIN = 1e-6
"""Relative: an exchange that improves by less is left out, and so nothing is exchanged in a circle."""


def chosen_runs(
    tangents: Array, costs: Array, criterion: Criterion, posterior: Posterior, count: int, budget: float
) -> tuple[Integers, Posterior]:
    """Up to ``count`` of the candidates whose costs sum to at most ``budget``, each at most once.

    Parameters
    ----------
    tangents : (t, r, p) array
        Of the candidates.
    costs : (r,) array
        Of each, in the budget's unit; above 0.
    criterion
        What is made small.
    posterior
        What is known before.
    count, budget
        How many, and what they may cost together; either may be all that binds.

    Returns
    -------
    The indices of the chosen, in the order of the choice, and what is known after them.
    """
    chosen: list[int] = []
    free, left = np.ones(len(costs), dtype=bool), budget
    while len(chosen) < count:
        gains = criterion.gains(posterior, tangents) / costs
        gains[~free | (costs > left * (1 + 1e-9))] = -np.inf
        best = int(np.argmax(gains))
        if not np.isfinite(gains[best]):
            break
        chosen.append(best)
        free[best], left, posterior = False, left - costs[best], posterior.after(tangents[:, best])
    for _ in range(_SWEEPS):
        before = criterion.value(posterior)
        for place, one in enumerate(chosen):
            without, room = posterior.without(tangents[:, one]), left + costs[one]
            free[one] = True
            gains = criterion.gains(without, tangents)
            gains[~free | (costs > room * (1 + 1e-9))] = -np.inf
            best = int(np.argmax(gains))
            best = best if gains[best] > gains[one] * (1 + _LEAST_GAIN) else one
            free[best], left, posterior = False, room - costs[best], without.after(tangents[:, best])
            chosen[place] = best
        if abs(before - criterion.value(posterior)) <= _LEAST_GAIN * abs(before):
            break
    return np.array(chosen, dtype=np.intp), posterior
