"""Rows of one run have one N, one seed and one mixture; names that are not unique are made so by an id."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning

HEAD = "Name,n_params,n_tokens,seed,proportion.a,proportion.b,loss.a\n"


def written(folder: Path, text: str) -> list[Path]:
    (folder / "export.csv").write_text(text)
    return [folder / "export.csv"]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("r,2e6,2e9,1,0.5,0.5,2.9", "row 2, n_params: is 2e\\+06, where row 1 of the same run r has 1e\\+06"),
        ("r,1e6,2e9,2,0.5,0.5,2.9", "row 2, seed: is 2, where row 1 of the same run r has 1"),
        ("r,1e6,2e9,1,0.1,0.9,2.9", "row 2: has another mixture than row 1 of the same run r"),
        ("r,1e6,1e9,1,0.5,0.5,2.9", "row 2, a: differs from row 1, run r at the same"),
    ],
)
def test_rows_of_one_run_that_do_not_fit_are_refused_or_told_apart_by_an_id(
    tmp_path: Path, second: str, message: str
) -> None:
    rows = [HEAD, "r,1e6,1e9,1,0.5,0.5,3.0\n", second]
    with pytest.raises(UserError, match=rf"export\.csv, {message}.*id"):
        import_runs(written(tmp_path, "".join(rows)), tmp_path / "runs.csv")
    told = "".join(f"{one},{row}" for one, row in zip(("ID", "x1", "x2"), rows, strict=True))
    with pytest.warns(LawWarning, match="1 names stand for 2 runs, which were told apart by their ids"):
        table = import_runs(written(tmp_path, told), tmp_path / "runs.csv")
    assert table.run_id.tolist() == ["r-x1", "r-x2"]
    assert table.annealed.all()
    with pytest.raises(UserError, match="has no column key for id; it has ID, Name"):
        import_runs(written(tmp_path, told), tmp_path / "runs.csv", Columns(id="key"))


def test_cumulative_shares_that_fit_are_taken(tmp_path: Path) -> None:
    text = HEAD + "r,1e6,1e9,1,0.5,0.5,3.0\nr,1e6,2e9,1,0.25,0.75,2.9\n"
    with pytest.warns(LawWarning, match="shares of 1 runs change along the run"):
        table = import_runs(written(tmp_path, text), tmp_path / "runs.csv")
    assert table.proportions[1].tolist() == [0.25, 0.75]


def test_the_ids_of_mlflow_tell_runs_of_one_name_apart(tmp_path: Path) -> None:
    """MLflow calls them ``Run ID`` in what its page of runs downloads."""
    text = "Run ID,Status," + HEAD + "x,FINISHED,r,1e6,1e9,1,0.5,0.5,3.0\ny,FAILED,r,1e6,1e9,1,0.1,0.9,2.9\n"
    with pytest.warns(LawWarning, match="1 names stand for 2 runs, which were told apart by their ids"):
        table = import_runs(written(tmp_path, text), tmp_path / "runs.csv")
    assert table.run_id.tolist() == ["r-x", "r-y"]
    assert table.status.tolist() == ["ok", "failed"]


def test_two_mixtures_of_one_name_that_ended_differently_are_two_runs(tmp_path: Path) -> None:
    """A runs table of W&B: a run that crashed and its successor of the same name, whose shares happen to fit."""
    head = HEAD.replace("Name,", "Name,State,")
    text = head + "r,crashed,1e6,1e9,1,0.5,0.5,3.0\nr,finished,1e6,2e9,1,0.25,0.75,2.9\n"
    with pytest.raises(UserError, match=r"row 2: has another mixture than row 1 of the same run r; .*\(id"):
        import_runs(written(tmp_path, text), tmp_path / "runs.csv")


def test_an_index_of_rows_is_no_id_and_a_name_may_be_a_number_or_a_word_for_nothing(tmp_path: Path) -> None:
    text = "id,Name,n_params,n_tokens,proportion.a,loss.a\n0,007,1e6,1e9,1,3\n1,007,1e6,2e9,1,2.9\n2,NA,1e6,2e9,1,2.9\n"
    table = import_runs(written(tmp_path, text), tmp_path / "runs.parquet")
    assert table.run_id.tolist() == ["007", "007", "NA"]


def test_what_only_one_row_of_a_run_says_holds_for_all(tmp_path: Path) -> None:
    text = HEAD + "r,1e6,1e9,1,0.5,0.5,3.0\nr,,2e9,,,,2.9\n"
    table = import_runs(written(tmp_path, text), tmp_path / "runs.csv")
    assert table.n_params.tolist() == [1e6, 1e6]
    assert table.proportions[1].tolist() == [0.5, 0.5]
    with pytest.raises(UserError, match=r"export\.csv, row 2, shares: has none"):
        import_runs(written(tmp_path, HEAD + "r,1e6,1e9,1,0.5,0.5,3.0\ns,1e6,2e9,1,,,2.9\n"), tmp_path / "runs.csv")
    with pytest.raises(UserError, match=r"export\.csv, row 1, Name: is empty"):
        import_runs(written(tmp_path, HEAD + ",1e6,1e9,1,0.5,0.5,3.0\n"), tmp_path / "runs.csv")
