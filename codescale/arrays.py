"""The arrays that the whole package computes with, by one name each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Real numbers: losses in nats, shares, logarithms of counts."""
Integers = NDArray[np.intp]
"""Indices and counts."""
Mask = NDArray[np.bool_]
"""Which rows or columns are meant."""
