"""How long runs that are still to come take on workers that do one after another, the longest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def seconds_left(runs: Iterable[float], workers: int) -> float:
    """Seconds until ``runs``, each given by its own seconds, are done by so many ``workers``, all of them free now."""
    free = [0.0] * max(workers, 1)
    for seconds in sorted(runs, reverse=True):
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)
