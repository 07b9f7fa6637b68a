"""Which language each training sequence comes from, as a pure function of the mixture.

At every prefix each language has had its share to within one sequence. The order is that of earliest deadline first
over a proportionate fair share (Baruah et al. 1996, "Proportionate progress"): sequence j of a language with share p
may start once j < p·(k+1) and is due by (j+1)/p, and the sequence due first goes first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-9


def interleave(shares: NDArray[np.float64], count: int) -> NDArray[np.int16]:
    """Which language each sequence is of.

    Parameters
    ----------
    shares
        (languages,), non-negative, sum 1.
    count
        Sequences wanted. A longer order continues a shorter one.

    Returns
    -------
    NDArray
        (count,) indices into ``shares``. After k sequences language i has had between k·shares[i] − 1 and
        k·shares[i] + 1 of them, ends excluded up to rounding.
    """
    active = {index: float(share) for index, share in enumerate(shares) if share > 0}
    done = dict.fromkeys(active, 0)
    due = {index: 1.0 / share for index, share in active.items()}
    order = np.empty(count, dtype=np.int16)
    for k in range(count):
        chosen, earliest = -1, float("inf")
        for index, share in active.items():
            if due[index] < earliest and done[index] < share * (k + 1) - _ROUNDING:
                chosen, earliest = index, due[index]
        order[k] = chosen
        done[chosen] += 1
        due[chosen] = (done[chosen] + 1) / active[chosen]
    return order


def occurrences(order: NDArray[np.int16]) -> NDArray[np.int64]:
    """For each sequence of ``order``, (count,), how many of its language came before it."""
    result = np.empty(len(order), dtype=np.int64)
    for language in np.unique(order):
        where = np.flatnonzero(order == language)
        result[where] = np.arange(len(where))
    return result
