"""The law of Hoffmann et al.: on a ladder, which cannot tell N from D, intervals off it own up to that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.laws.fitting.fit import fit_law
from tests.laws.synthetic_runs import TableMaker, Truth

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

PUBLISHED = Truth(1.69, 406.4, 0.34, 410.7, 0.28, np.eye(1))
"""Hoffmann et al. (2022), equation 10."""


def test_off_a_ladder_intervals_hold_the_truth(tmp_path: Path) -> None:
    """Twelve compute-optimal runs, 20 tokens a parameter; N or D four times as large as any run had beside it."""
    sizes = np.geomspace(2e7, 5e9, 12)
    held = {"larger": 0, "longer": 0}
    for draw in range(12):
        maker = TableMaker(PUBLISHED, ["a"], 0.003, seed=draw)
        for size in sizes:
            maker.add(f"{size:.0f}", size, 20 * size, np.ones(1))
        law = fit_law(maker.table(tmp_path, f"{draw}.csv"), "chinchilla", bootstrap=100, workers=1)
        size = sizes[6]
        for name, n, d in (("larger", 4 * size, 20 * size), ("longer", size, 80 * size)):
            found = law.predict(np.array([n]), np.array([d]), np.ones((1, 1)))
            truth = float(PUBLISHED.losses(n, d, np.ones(1))[0])
            held[name] += int(found.low[0, 0] < truth < found.high[0, 0])
            assert found.high[0, 0] / found.low[0, 0] < 1.5, "and they are still of use"
    assert min(held.values()) >= 8
