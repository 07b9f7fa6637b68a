"""Trunks extrapolated to the horizon, against power laws whose ends are known."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.search.pruning.curve import CurvePoint
from codescale.search.pruning.extrapolation import extrapolate_to_horizon


def test_trunks_are_extrapolated_as_power_laws_of_each_language() -> None:
    """Two languages of other exponents; one evaluation is enough, for the population tells the rest."""
    random = np.random.default_rng(6)
    tokens = [20_000, 40_000, 60_000, 80_000, 100_000]

    def evaluations(first: float, second: float) -> list[CurvePoint]:
        scaled = [n / tokens[-1] for n in tokens]
        return [
            CurvePoint(n, (first + 0.5 * s**-0.5, second * (1 + s**-1.0))) for n, s in zip(tokens, scaled, strict=True)
        ]

    finished = [evaluations(*random.uniform(1, 2, 2)) for _ in range(8)]
    whole = evaluations(1.3, 1.7)
    expected = sum(whole[-1].parts)
    for seen in (1, 3):
        ends = extrapolate_to_horizon([whole[:seen]], finished)
        assert ends is not None
        assert ends[0] == pytest.approx(expected, abs=0.02 if seen == 1 else 0.005)
    assert extrapolate_to_horizon([whole[:1]], finished[:2]) is None
    assert extrapolate_to_horizon([[CurvePoint(30_000, (1.0, 1.0))]], finished) is None
