"""Charts exported from W&B (the shape of release 0.31's site): a column a run, means with their extremes beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning

CHART = (
    '"Step","mix-a - eval/loss/python","mix-a - eval/loss/python__MIN","mix-a - eval/loss/python__MAX",'
    '"mix-b - eval/loss/python","mix-b - eval/loss/python__MIN","mix-b - eval/loss/python__MAX"\n'
    '"500","3.1","3.1","3.1","2.9","2.9","2.9"\n"1000","2.6","2.6","2.6","","",""\n'
)
COLUMNS = Columns(tokens_per_step=65536, losses="eval/loss/*")
RUNS = "run_id,proportion.python,proportion.go\nmix-a,0.3,0.7\nmix-b,0.6,0.4\n"


def written(folder: Path, chart: str, runs: str = RUNS) -> tuple[list[Path], Path]:
    (folder / "chart.csv").write_text(chart)
    (folder / "mixtures.csv").write_text(runs)
    return [folder / "chart.csv"], folder / "mixtures.csv"


def test_a_chart_is_read_as_what_it_is(tmp_path: Path) -> None:
    sources, runs = written(tmp_path, CHART)
    with pytest.raises(
        UserError, match=r"chart\.csv: has no column proportion\.\* .* or give --runs TABLE with run_id"
    ):
        import_runs(sources, tmp_path / "runs.csv", COLUMNS, n_params=1e7)
    with pytest.warns(LawWarning, match="tokens are counted by Step, which is W&B's count of log calls"):
        table = import_runs(sources, tmp_path / "runs.csv", COLUMNS, n_params=1e7, runs=runs)
    assert table.targets == ("python",)
    assert list(zip(table.run_id, table.n_tokens, table.losses[:, 0], table.annealed, strict=True)) == [
        ("mix-a", 500 * 65536, 3.1, False),
        ("mix-a", 1000 * 65536, 2.6, True),
        ("mix-b", 500 * 65536, 2.9, True),
    ]


def test_extremes_are_no_targets_and_means_are_said(tmp_path: Path) -> None:
    head = "Name,_step,n_params,proportion.python,eval/loss/python,eval/loss/python__MIN,eval/loss/python__MAX\n"
    sources, _ = written(tmp_path, head + "r1,1000,1e7,1,2.1,2.0,2.2\nr2,1000,1e7,1,2.1,2.1,2.1\n")
    with pytest.warns(LawWarning, match="in 1 rows W&B drew means of several values"):
        table = import_runs(sources, tmp_path / "runs.csv", COLUMNS)
    assert table.targets == ("python",)


def test_a_run_that_the_table_lacks_is_named(tmp_path: Path) -> None:
    sources, runs = written(tmp_path, CHART, RUNS.replace("mix-b", "mix-c"))
    with pytest.raises(UserError, match=r"mixtures\.csv, run_id: has no row for mix-b; it has mix-a, mix-c"):
        import_runs(sources, tmp_path / "runs.csv", COLUMNS, n_params=1e7, runs=runs)
    sources, runs = written(tmp_path, CHART, RUNS.replace("0.6,0.4", "0.6,0.1"))
    with pytest.raises(UserError, match=r"mixtures\.csv, row 2: the shares sum to 0.7"):
        import_runs(sources, tmp_path / "runs.csv", COLUMNS, n_params=1e7, runs=runs)
