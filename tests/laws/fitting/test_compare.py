"""Laws side by side: ranks and regret against a calculation by hand, and on a table that a law generated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.laws.fitting.boosted_trees import installed
from codescale.laws.fitting.compare import SMALLER_MODELS, _over_groups, compare_laws
from codescale.runs.table import RunsTable
from tests.laws.synthetic_runs import TableMaker, make_truth

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> RunsTable:
    maker = TableMaker(make_truth(3), ["python", "java", "go"], 0.002)
    maker.mixtures(15, (27e3, 83e3, 151e3), (2e5, 4e5))
    return maker.table(tmp_path_factory.mktemp("compare"))


def test_regret_and_rank_correlation_by_hand() -> None:
    measured = np.array([2.0, 2.2, 2.1, 2.5, 9.0])
    predicted = np.array([2.1, 2.0, 2.3, 2.4, 0.0])
    ranking = _over_groups(predicted, measured, [np.arange(4), np.array([4])])
    assert ranking is not None
    assert ranking.groups == 1
    assert ranking.mixtures == 4
    assert ranking.correlation == pytest.approx(1 - 6 * (1 + 4 + 1 + 0) / (4 * 15))
    assert ranking.regret == pytest.approx(2.2 / 2.0 - 1)


def test_a_law_that_ranks_nothing_has_no_correlation_and_chooses_at_random() -> None:
    ranking = _over_groups(np.ones(4), np.array([1.0, 2.0, 3.0, 4.0]), [np.arange(4)])
    assert ranking is not None
    assert ranking.correlation == 0.0
    assert ranking.regret == pytest.approx(1.5)


def test_the_law_that_made_the_table_is_best_and_ranks_across_scale(table: RunsTable, tmp_path: Path) -> None:
    found = {one.name: one for one in compare_laws(table, workers=1)}
    assert next(iter(found)) in ("effective-data", "stack", "gaussian-process")
    best, mean = found["effective-data"], found["mean"]
    assert best.across_scale is not None
    assert best.across_scale.correlation > 0.9
    assert best.across_scale.regret < 0.003
    assert mean.across_scale is not None
    assert mean.across_scale.correlation == 0.0
    assert mean.across_scale.regret > best.across_scale.regret
    measured = found[SMALLER_MODELS]
    assert measured.held_out is None
    assert measured.across_scale is not None
    assert 0.9 < measured.across_scale.correlation <= 1.0
    assert best.unseen_mixtures is not None
    assert best.inside is not None
    assert best.inside.low < 0.9 < best.inside.high
    assert best.inside.trunks == 45
    assert best.inside.foretold == pytest.approx(best.inside.error, rel=0.5)
    assert best.beyond is not None
    assert mean.beyond is not None
    assert mean.beyond.error > 10 * best.beyond.error
    assert measured.inside is measured.beyond is None


def test_weights_choose_the_objective(table: RunsTable) -> None:
    equal = {one.name: one for one in compare_laws(table, workers=1)}["effective-data"].across_scale
    python = {one.name: one for one in compare_laws(table, weights={"python": 1.0}, workers=1)}["effective-data"]
    assert python.across_scale is not None
    assert python.across_scale != equal


def test_one_size_has_no_ranking_across_scale(table: RunsTable) -> None:
    found = compare_laws(table.select(table.n_params < 3e4), workers=1)
    assert all(one.across_scale is None for one in found)
    assert SMALLER_MODELS not in {one.name for one in found}


def test_trees_stand_beside_the_laws_and_do_not_extrapolate(table: RunsTable) -> None:
    found = {one.name: one for one in compare_laws(table, workers=1)}
    if not installed():
        pytest.skip("LightGBM is an extra and not there")
    trees = found["trees"]
    assert trees.held_out is not None
    assert found["effective-data"].held_out is not None
    assert trees.held_out.splits["largest"] > 3 * found["effective-data"].held_out.splits["largest"]
    assert trees.seconds is not None
    assert trees.inside is None


def test_without_lightgbm_there_are_no_trees(table: RunsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codescale.laws.fitting.compare.installed", lambda: False)
    assert "trees" not in {one.name for one in compare_laws(table, workers=1)}
