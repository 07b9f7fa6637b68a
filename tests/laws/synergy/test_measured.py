"""Synergy gains: the definition, intervals from replicated seeds, silence where nothing was replicated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codescale.laws.synergy.measured import discoveries, measure_synergy
from tests.laws.synthetic_runs import SIZES, TableMaker, make_truth, study_table

LANGUAGES = ["l0", "l1", "l2"]


def test_the_gain_is_what_the_definition_says(tmp_path: Path) -> None:
    table = study_table(tmp_path, noise=0.0)
    result = measure_synergy(table, LANGUAGES)
    truth = make_truth(3)
    twice = truth.losses(SIZES[1], 1.5e5, np.array([1.0, 0.0, 0.0]))[0]
    mixed = truth.losses(SIZES[1], 3e5, np.array([0.5, 0.5, 0.0]))[0]
    assert result.gain["l0"]["l1"].value == pytest.approx((twice - mixed) / twice, abs=1e-9)
    assert result.n_params == SIZES[1]
    assert result.n_tokens == 3e5
    assert result.alone["l0"].twice == pytest.approx(twice)
    assert result.alone["l0"].half == pytest.approx(twice)
    assert result.alone["l0"].fresh is None


def test_without_replicates_nothing_is_claimed(tmp_path: Path) -> None:
    result = measure_synergy(study_table(tmp_path), LANGUAGES)
    json.dumps(result.content(), allow_nan=False)
    assert result.degrees_of_freedom == 0
    for row in result.gain.values():
        for cell in row.values():
            assert cell.low is cell.high is cell.differs_from_zero is None


def test_replicated_seeds_give_intervals_that_hold_the_truth(tmp_path: Path) -> None:
    result = measure_synergy(study_table(tmp_path, noise=0.004, seeds=4), LANGUAGES)
    exact = measure_synergy(study_table(tmp_path, noise=0.0), LANGUAGES)
    cells = [(result.gain[i][j], exact.gain[i][j].value) for i in LANGUAGES for j in LANGUAGES if i != j]
    assert sum(cell.low <= value <= cell.high for cell, value in cells) >= 5
    assert all(cell.differs_from_zero for cell, value in cells if value > 0.03)
    assert result.seeds == 4
    assert result.noise["l0"] == pytest.approx(0.004, rel=0.5)


def test_no_gain_is_not_called_one(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(4), list("abcd"), noise=0.004)
    maker.truth.transfer[:] = 0.001 + 0.999 * np.eye(4)
    maker.pairs(3)
    result = measure_synergy(maker.table(tmp_path), list("abcd"))
    flags = [cell.differs_from_zero for row in result.gain.values() for cell in row.values()]
    assert sum(flags) <= 2


def test_a_table_without_pairs_says_so(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), LANGUAGES, noise=0.001)
    maker.grid()
    result = measure_synergy(maker.table(tmp_path), LANGUAGES)
    assert result.gain == {}
    assert "no runs of two languages" in result.reason


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg() -> None:
    chances = np.array([0.5, 0.04, 0.001, 0.09])
    assert list(discoveries(chances, 0.1)) == [False, True, True, False]
