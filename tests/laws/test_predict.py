"""Predictions beside runs: in the law's unit, and never beside losses in another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law
from codescale.laws.predict import predict_table
from codescale.report.figures.law_drawing import draw_law
from codescale.runs.table import RunsTable
from codescale.runs.units import LossUnit
from tests.laws.synthetic_runs import study_table

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> RunsTable:
    return study_table(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def in_bits(table: RunsTable) -> Law:
    converted = table.in_unit(LossUnit.BITS_PER_BYTE, dict.fromkeys(table.targets, 4.0))
    return fit_law(converted, "additive", bootstrap=0)


def test_runs_in_another_unit_are_refused(table: RunsTable, in_bits: Law, tmp_path: Path) -> None:
    for held_beside in (lambda: predict_table(in_bits, table), lambda: draw_law(in_bits, table, tmp_path / "law.svg")):
        with pytest.raises(UserError, match="its losses are nats per token, the law's are bits per byte; give runs in"):
            held_beside()
    assert not (tmp_path / "law.svg").exists()


def test_predictions_of_planned_runs_say_their_unit(table: RunsTable, in_bits: Law) -> None:
    planned = replace(table, losses=np.full_like(table.losses, np.nan))
    found = predict_table(in_bits, planned)
    assert set(found["loss_unit"].to_pylist()) == {"bits per byte"}
    assert "loss_unit" not in predict_table(fit_law(table, "additive", bootstrap=0), planned).column_names


def test_perplexities_stand_beside_predictions_as_their_logarithms(table: RunsTable) -> None:
    law = fit_law(table, "additive", bootstrap=0)
    found = predict_table(law, table.in_unit(LossUnit.PERPLEXITY))
    name = table.targets[0]
    assert found[f"loss.{name}"].to_numpy() == pytest.approx(table.losses[:, 0])
    assert set(found["loss_unit"].to_pylist()) == {"nats per token"}
