"""Means over seeds with their standard errors, and paired differences with Student's t intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

LEVEL = 0.9


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard error of ``values``, one a seed, and the values themselves."""
    array = np.asarray(values, dtype=float)
    error = float(array.std(ddof=1) / math.sqrt(len(array))) if len(array) > 1 else math.nan
    return {"mean": float(array.mean()), "standard_error": error, "values": array.tolist()}


def paired_difference(values: Sequence[float], reference: Sequence[float], level: float = LEVEL) -> dict[str, float]:
    """``values`` minus ``reference``, paired by seed: mean, standard error and the ``level`` t interval.

    Two mixtures with one seed see the same documents in the same order, so pairing takes the seeds' noise out.
    """
    difference = summary([value - other for value, other in zip(values, reference, strict=True)])
    half = student.ppf(0.5 + level / 2, len(values) - 1) * difference["standard_error"]
    mean = difference["mean"]
    return {
        "mean": mean, "standard_error": difference["standard_error"], "low": mean - half, "high": mean + half,
    }  # fmt: skip
