"""Which language each training sequence comes from, as a pure function of the mixture, or of the schedule.

At every prefix each language has had what it is due to within one sequence. The order is that of earliest deadline
first over a proportionate fair share (Baruah et al. 1996, "Proportionate progress"): sequence j of a language with
share p may start once j < p·(k+1) and is due by (j+1)/p, and the sequence due first goes first. Where shares change
by phases, what a language has been due by then takes the place of p·k: it still grows by 1 a sequence over all
languages, so that an order exists which keeps every deadline, and the earliest deadline first finds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-9
_NEVER = float("inf")


class _Due:
    """What one language is due: its ``shares`` in phases that end at ``ends`` (in sequences)."""

    def __init__(self, shares: Sequence[float], ends: Sequence[int]) -> None:
        self.begins = (0, *ends[:-1])
        self.shares = [float(share) for share in shares]
        self.before = [0.0]
        for share, begin, end in zip(self.shares, self.begins, ends, strict=True):
            self.before.append(self.before[-1] + share * (end - begin))

    def deadline(self, own: int) -> float:
        """By how many sequences of all it is due ``own`` of its own; infinite where it never is."""
        for phase, share in enumerate(self.shares):
            last = phase == len(self.shares) - 1
            if share > 0 and (last or own <= self.before[phase + 1]):
                return self.begins[phase] + (own - self.before[phase]) / share
        return _NEVER


def interleave_phases(shares: NDArray[np.float64], ends: Sequence[int], count: int) -> NDArray[np.int16]:
    """Which language each sequence is of, where shares change.

    Parameters
    ----------
    shares
        (phases, languages), non-negative, each row of sum 1.
    ends
        After how many sequences each phase ends, rising; the last one goes on where more are wanted.
    count
        Sequences wanted. A longer order continues a shorter one.

    Returns
    -------
    NDArray
        (count,) indices of languages. At every prefix each has had what the phases ask for, to within one sequence: of
        one phase, after k sequences language i has had more than k·shares[i] − 1 and fewer than k·shares[i] + 1 of
        them, up to rounding.
    """
    languages = np.flatnonzero(shares.any(axis=0)).tolist()
    due = {index: _Due(shares[:, index].tolist(), ends) for index in languages}
    done = dict.fromkeys(languages, 0)
    deadlines = {index: due[index].deadline(1) for index in languages}
    order = np.empty(count, dtype=np.int16)
    for phase, begin in enumerate((0, *ends[:-1])):
        end = count if phase == len(ends) - 1 else min(ends[phase], count)
        asked = [(index, due[index].before[phase], due[index].shares[phase]) for index in languages]
        for k in range(begin, end):
            chosen, earliest = -1, _NEVER
            for index, before, share in asked:
                sooner = deadlines[index] < earliest or chosen < 0
                if sooner and done[index] < before + share * (k + 1 - begin) - _ROUNDING:
                    chosen, earliest = index, deadlines[index]
            order[k] = chosen
            done[chosen] += 1
            deadlines[chosen] = due[chosen].deadline(done[chosen] + 1)
    return order


def occurrences(order: NDArray[np.int16]) -> NDArray[np.int64]:
    """For each sequence of ``order``, (count,), how many of its language came before it."""
    result = np.empty(len(order), dtype=np.int64)
    for language in np.unique(order):
        where = np.flatnonzero(order == language)
        result[where] = np.arange(len(where))
    return result
