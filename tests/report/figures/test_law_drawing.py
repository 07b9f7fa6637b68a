"""A law drawn beside its runs: the figures written in it, the same file twice, and what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law
from codescale.report.figures.law_drawing import draw_law
from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> RunsTable:
    generator = np.random.default_rng(0)
    rows = []
    for run, share in enumerate(generator.uniform(size=12)):
        for n_tokens in (1e8, 2e8, 4e8):
            loss = 2.0 + 300 * (n_tokens * (0.1 + share)) ** -0.3 * np.exp(0.01 * generator.standard_normal())
            rows.append(
                {
                    "run_id": f"r{run}",
                    "n_params": 1e6,
                    "n_tokens": n_tokens,
                    "proportion.go": share,
                    "proportion.java": 1 - share,
                    "loss.go": loss,
                    "loss.$x^2$": 4.0 + share,
                }
            )
    path = tmp_path_factory.mktemp("drawing") / "runs.csv"
    write_runs(path, pa.Table.from_pylist(rows))
    return read_runs(path)


@pytest.fixture(scope="module")
def law(table: RunsTable) -> Law:
    return fit_law(table, "additive", bootstrap=3, workers=1)


def test_the_error_written_is_the_laws_and_names_are_not_parsed(law: Law, table: RunsTable, tmp_path: Path) -> None:
    drawn = draw_law(law, table, tmp_path / "fit.svg")
    assert set(drawn) == {"go", "$x^2$"}
    text = (tmp_path / "fit.svg").read_text()
    predicted = law.predict(table.n_params, table.n_tokens, table.proportions).losses[:, law.targets.index("go")]
    error = np.abs(predicted / table.losses[:, table.targets.index("go")] - 1).mean()
    assert f"go: off by {100 * error:.2f}" in text
    assert "$x^2$: off by" in text
    assert "the runs that the law was fitted to" in text
    draw_law(law, table, tmp_path / "again.svg", ["go"])
    assert "$x^2$" not in (tmp_path / "again.svg").read_text()


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_other_pictures_are_written_whole(law: Law, table: RunsTable, tmp_path: Path, ending: str) -> None:
    draw_law(law, table, tmp_path / f"fit.{ending}")
    start = (tmp_path / f"fit.{ending}").read_bytes()[:5]
    assert start.startswith(b"\x89PNG" if ending == "png" else b"%PDF")


def test_what_cannot_be_drawn_is_named(law: Law, table: RunsTable, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has an ending that names no picture"):
        draw_law(law, table, tmp_path / "fit.txt")
    with pytest.raises(UserError, match="--target perl: is not in both the law and the runs"):
        draw_law(law, table, tmp_path / "fit.svg", ["perl"])
    assert not list(tmp_path.iterdir())
