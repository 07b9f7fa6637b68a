"""The volume of a box cut by a simplex against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from codescale.mixtures.truncated_simplex import BoxVolume


def test_the_volume_of_a_box_cut_by_a_simplex_is_exact() -> None:
    """Against inclusion and exclusion in exact fractions, with caps that differ by four orders of magnitude."""
    random = np.random.default_rng(7)
    for caps in (random.random(6), np.full(7, 0.3), 10 ** random.uniform(-4, 0, 7)):
        caps.sort()
        volume = BoxVolume.of_tails(np.concatenate([caps[:1], caps]), 99.0)[0]
        for part in (0.02, 0.2, 0.5, 0.8):
            total = Fraction(float(part * caps.sum()))
            exact = Fraction(0)
            for size in range(len(caps) + 1):
                for chosen in combinations([Fraction(float(cap)) for cap in caps], size):
                    exact += (-1) ** size * max(total - sum(chosen), Fraction(0)) ** len(caps)
            wanted = math.log(exact / math.factorial(len(caps)))
            assert volume.log(float(total)) == pytest.approx(wanted, abs=1e-4)
            assert volume.inverse(volume.log(float(total))) == pytest.approx(float(total), rel=1e-12)
