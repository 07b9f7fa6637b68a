"""The chance that at least one of k samples of a program is right."""

from __future__ import annotations

import math


def pass_at_k(samples: int, correct: int, k: int) -> float:
    """The estimate of pass@k that is right in the mean: that of k samples drawn from ``samples`` without putting back
    at least one is among the ``correct`` ones.

    Parameters
    ----------
    samples
        n, how many were written.
    correct
        c, how many of them are right.
    k
        At most ``samples``.

    Raises
    ------
    ValueError
        Where k is no number from 1 to n, or c none from 0 to n.

    References
    ----------
    Chen et al. 2021, "Evaluating Large Language Models Trained on Code", arXiv 2107.03374, section 2.1.
    """
    if not 1 <= k <= samples or not 0 <= correct <= samples:
        raise ValueError(f"pass@{k} of {correct} right among {samples} samples")
    return 1.0 - math.comb(samples - correct, k) / math.comb(samples, k)
