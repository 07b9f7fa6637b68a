"""Optima in the terminal: in the law's unit, with a line on what weighs nothing though nobody said so."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from codescale.allocation.compute_optimal import compute_optimal_scale, forecast_losses
from codescale.allocation.files import write_front, write_mixture
from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.pareto import trace_front
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from codescale.report.terminal.mixtures import (
    allocation_table,
    compute_optimal_table,
    forecast_table,
    front_table,
)
from codescale.runs.units import LossUnit
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")
N, D = 1e6, 1e8
UNIFORM = Mixture.uniform(LANGUAGES)
LINE = "text weighs nothing by default (natural language): --weights gives it weight."


def printed(table: RenderableType) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.fixture
def law() -> Law:
    return made_law().model_copy(update={"loss_unit": LossUnit.BITS_PER_BYTE})


def test_all_tables_are_in_the_laws_unit(law: Law, tmp_path: Path) -> None:
    best, front = optimize_mixture(law, N, D), trace_front(law, N, D, ["go"], ["rust"], 3)
    write_mixture(tmp_path / "mixture.yaml", best, "law.json")
    write_front(tmp_path / "front.yaml", front)
    for table in (
        allocation_table(best),
        forecast_table(forecast_losses(law, N, D, UNIFORM)),
        compute_optimal_table(compute_optimal_scale(law, 6 * N * D, UNIFORM)),
        front_table(front),
    ):
        shown = printed(table)
        assert "bits per byte" in shown
        assert "nats" not in shown
    for file in ("mixture.yaml", "front.yaml"):
        assert "loss_unit: bits per byte" in (tmp_path / file).read_text()


def test_what_weighs_nothing_by_default_stands_beside_every_optimum(law: Law) -> None:
    assert LINE in printed(allocation_table(optimize_mixture(law, N, D)))
    assert LINE in printed(forecast_table(forecast_losses(law, N, D, UNIFORM)))
    front = trace_front(law, N, D, ["go"], ["rust"], 3)
    assert "In neither group, and so of no weight: text" in printed(front_table(front, ["text"]))
    assert "weight" not in printed(front_table(front))
    given = optimize_mixture(law, N, D, weights={"go": 1.0, "text": 1.0})
    assert "weighs nothing" not in printed(allocation_table(given))


def test_losses_of_targets_that_are_no_domains_are_listed(law: Law) -> None:
    best = optimize_mixture(law, N, D)
    named = {f"task-{name}": loss for name, loss in best.losses.items()}
    shown = printed(allocation_table(type(best)(**{**vars(best), "losses": named})))
    assert all(name in shown for name in named)


def test_without_samples_the_gain_over_equal_shares_is_a_number() -> None:
    best = optimize_mixture(made_law(samples=0), N, D)
    gain = best.objective_uniform - best.objective
    assert f"the best is below by {gain:.3f}." in printed(allocation_table(best))
