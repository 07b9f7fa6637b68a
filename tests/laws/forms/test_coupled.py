"""N and D that depend on one another: a planted kappa comes back, from one distribution and from mixtures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law
from codescale.runs.table import RunsTable
from tests.laws.synthetic_runs import TableMaker, Truth

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

SIZES, TOKENS = np.geomspace(1e5, 1e8, 6), np.geomspace(1e7, 1e10, 6)


def planted(kappa: float, transfer: np.ndarray) -> Truth:
    """Terms of N and D that are of one size in the middle of the grid."""
    count = len(transfer)
    return Truth(
        np.full(count, 1.2), np.full(count, 40.0), np.full(count, 0.32), np.full(count, 260.0), np.full(count, 0.3),
        transfer, kappa,
    )  # fmt: skip


def grid(folder: Path, kappa: float, noise: float = 1e-3) -> RunsTable:
    """Six sizes by six lengths of one language."""
    maker = TableMaker(planted(kappa, np.eye(1)), ["a"], noise)
    for size in SIZES:
        for tokens in TOKENS:
            maker.add(f"{size:.0f}-{tokens:.0f}", size, tokens, np.ones(1))
    return maker.table(folder)


def grid_of_mixtures(folder: Path, kappa: float) -> RunsTable:
    """The same of two languages, each alone and mixed."""
    maker = TableMaker(planted(kappa, np.array([[1.0, 0.3], [0.2, 1.0]])), ["a", "b"], 1e-3)
    for share in (0.0, 0.25, 0.75, 1.0):
        for size in SIZES:
            for tokens in TOKENS:
                maker.add(f"{share}-{size:.0f}-{tokens:.0f}", size, tokens, np.array([share, 1.0 - share]))
    return maker.table(folder)


def interval(law: Law, target: str) -> tuple[float, float]:
    """Of kappa, 98 %."""
    low, high = np.quantile(law.bootstrap[target]["kappa"], [0.01, 0.99])
    return float(low), float(high)


@pytest.mark.parametrize("kappa", [0.6, 1.6])
def test_a_planted_kappa_is_recovered(kappa: float, tmp_path: Path) -> None:
    law = fit_law(grid(tmp_path, kappa), "coupled", bootstrap=100)
    low, high = interval(law, "a")
    assert low < kappa < high
    assert not low < 1.0 < high, "that it is no sum is known"
    assert law.parameters["a"]["kappa"] == pytest.approx(kappa, rel=0.15)


@pytest.mark.parametrize("kappa", [0.6, 1.6])
def test_a_planted_kappa_is_recovered_from_mixtures(kappa: float, tmp_path: Path) -> None:
    law = fit_law(grid_of_mixtures(tmp_path, kappa), "effective-data", bootstrap=100)
    for target in law.targets:
        low, high = interval(law, target)
        assert low < kappa < high
        assert not low < 1.0 < high
    assert law.parameters["a"]["t.b"] == pytest.approx(0.3, rel=0.1)


def test_terms_that_add_up_have_a_kappa_near_1(tmp_path: Path) -> None:
    law = fit_law(grid(tmp_path, 1.0), "coupled", bootstrap=100)
    low, high = interval(law, "a")
    assert low < 1.0 < high
    assert law.parameters["a"]["kappa"] == pytest.approx(1.0, abs=0.1)
    mixed = fit_law(grid_of_mixtures(tmp_path, 1.0), "effective-data", bootstrap=0)
    for target in mixed.targets:
        assert mixed.parameters[target]["kappa"] == pytest.approx(1.0, abs=0.1)


def test_where_n_and_d_interact_a_sum_predicts_worse(tmp_path: Path) -> None:
    law = fit_law(grid(tmp_path, 1.6), bootstrap=0)
    assert law.name == "coupled"
    assert law.held_out["coupled"].error < 0.7 * law.held_out["chinchilla"].error
