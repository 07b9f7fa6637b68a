"""Shares as numbers in a file: rounded so that they sum to 1 and no language is lost, or as whole counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array, Integers
from codescale.errors import UserError

DIGITS = 9
"""After the point, of what is written: of a budget of 1e12 tokens a thousand."""

_SIGNIFICANT = 4
"""Digits of a share that is too small for that, so that no language is dropped by rounding."""


def rounded(languages: Sequence[str], values: Sequence[float]) -> list[float]:
    """``values`` to :data:`DIGITS` digits, or as many more as a small one needs, with the sum 1: the largest takes what
    rounding left.

    Raises :class:`UserError` that names the first of ``languages`` whose share no number can hold.
    """
    total = math.fsum(values)
    shares = [value / total for value in values]
    for language, share in zip(languages, shares, strict=True):
        if not share > 0:
            raise UserError(language, "its share is too small to be written", "give it more, or a share of 0")
    digits = [max(DIGITS, _SIGNIFICANT - 1 - math.floor(math.log10(share))) for share in shares]
    result = [round(share, kept) for share, kept in zip(shares, digits, strict=True)]
    largest = shares.index(max(shares))
    others = math.fsum(share for k, share in enumerate(result) if k != largest)
    result[largest] = round(1.0 - others, max(digits))
    return result


def plain(share: float) -> str:
    """``share`` without an exponent where its digits suffice, as the trainers' own examples have it."""
    text = f"{share:.{DIGITS}f}"
    return text if float(text) == share else repr(share)


def whole_counts(shares: Sequence[float] | Array, totals: Integers | Sequence[int]) -> Integers:
    """(totals, languages): each total in whole numbers as near to ``shares`` as can be (largest remainders)."""
    exact = np.asarray(totals, dtype=np.float64)[:, None] * np.asarray(shares) / math.fsum(shares)
    counts = np.floor(exact)
    left = np.asarray(totals) - counts.sum(axis=1)
    rank = np.argsort(np.argsort(counts - exact, axis=1, kind="stable"), axis=1)
    return (counts + (rank < left[:, None])).astype(np.intp)
