"""An optimum that can be trained: no share that buys less than a sequence of the budget."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.laws.warning import warn
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.smallest_share import said_of, smallest_share


def in_whole_sequences(best: Array, feasible: FeasibleSet, n_tokens: float, sequence_length: int) -> Array:
    """(domains,): ``best`` without shares that are written and buy less than a sequence. Those that the bounds need
    stay, with a word.
    """
    small = (best.round(12) > 0) & (best < smallest_share(n_tokens, sequence_length))
    lost = small & (feasible.low == 0)
    high = np.where(lost, 0.0, feasible.high)
    if high.sum() < 1.0:
        lost = np.zeros_like(lost)
    if (small & ~lost).any():
        held = ", ".join(name for name, stays in zip(feasible.domains, small & ~lost, strict=True) if stays)
        warn(
            f"{held}: bounds ask for less than one sequence of {sequence_length} tokens at D = {n_tokens:.4g}, which "
            "no trainer draws"
        )
    if not lost.any():
        return best
    named = tuple(name for name, gone in zip(feasible.domains, lost, strict=True) if gone)
    warn(said_of(named, Mixture.from_array(feasible.domains, best), n_tokens, sequence_length))
    return FeasibleSet(feasible.domains, feasible.low, high).project(np.where(lost, 0.0, best))
