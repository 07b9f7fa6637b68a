"""Every column of the runs table can be named, so that the guards of `fit` see what they guard."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.fitting.fit import fit_law
from codescale.laws.warning import LawWarning

COLUMNS = Columns(
    n_params="config.n",
    n_tokens=1e9,
    proportions="config.mix.*",
    losses="eval/loss/*",
    seed="config.seed",
    hyper={"learning_rate": "config.lr"},
    corpus_id="config.data",
    organisation="paired",
    parent_run_id="config.trunk",
    unique_tokens="seen.*",
    flops="total_flops",
)
HEAD = (
    "ID,Name,State,config.n,config.seed,config.lr,config.data,config.trunk,config.mix.python,config.mix.go,"
    "seen.python,total_flops,eval/loss/python,eval/loss/go\n"
)


def written(folder: Path, *rows: str) -> list[Path]:
    (folder / "export.csv").write_text(HEAD + "\n".join(rows))
    return [folder / "export.csv"]


def test_all_columns_of_a_runs_table_export_of_wandb(tmp_path: Path) -> None:
    """The columns of app.wandb.ai's "Export CSV" of a runs table, release 0.31."""
    rows = [
        "u1,a,finished,1e6,1,0.01,v1,t,0.5,0.5,1e8,1e15,3.0,2.0",
        "u2,b,crashed,1e6,2,0.02,v2,t,0.2,0.8,2e8,,4.0,3.0",
    ]
    with pytest.warns(LawWarning, match="of 2 runs 1 failed: fits leave them out"):
        table = import_runs(written(tmp_path, *rows), tmp_path / "runs.parquet", COLUMNS)
    assert table.status.tolist() == ["ok", "failed"]
    assert table.seed.tolist() == [1, 2]
    assert table.hyper["learning_rate"].tolist() == [0.01, 0.02]
    assert table.corpus_id.tolist() == ["v1", "v2"]
    assert table.organisation.tolist() == ["paired", "paired"]
    assert table.trunk.tolist() == ["t", "t"]
    assert table.unique_tokens["python"].tolist() == [1e8, 2e8]
    assert table.flops[0] == 1e15
    assert len(table.fittable()) == 1


def test_learning_rates_that_are_named_are_not_mixed_in_one_law(tmp_path: Path) -> None:
    rows = [
        f"u{k},r{k},finished,1e6,1,{0.01 * (1 + k % 2)},v1,,0.{k},{1 - k / 10},,,3.{k},2.{9 - k}" for k in range(1, 9)
    ]
    table = import_runs(written(tmp_path, *rows), tmp_path / "runs.csv", COLUMNS)
    with pytest.raises(UserError, match="learning_rate"):
        fit_law(table, "linear", bootstrap=2)


def test_what_differs_between_recipes_and_is_not_named_is_said(tmp_path: Path) -> None:
    head = "Name,n_params,n_tokens,lr,train/learning_rate,proportion.a,loss.a\n"
    (tmp_path / "export.csv").write_text(
        head + "a,1e7,1e8,0.001,1,1,2.1\na,1e7,1e9,0.001,2,1,2.0\nb,1e7,1e9,0.01,2,1,2.6\n"
    )
    with pytest.warns(LawWarning, match="differ between runs and are not read: lr; name them in columns.yaml"):
        import_runs([tmp_path / "export.csv"], tmp_path / "runs.csv")
    (tmp_path / "losses.csv").write_text("Name,loss.a\na,2.0\nb,2.6\n")
    (tmp_path / "mixtures.csv").write_text("run_id,n_params,n_tokens,lr,proportion.a\na,1e7,1e9,1,1\nb,1e7,1e9,2,1\n")
    with pytest.warns(LawWarning, match="differ between runs and are not read: lr; name them in columns.yaml"):
        import_runs([tmp_path / "losses.csv"], tmp_path / "runs.csv", runs=tmp_path / "mixtures.csv")


@pytest.mark.parametrize(
    ("state", "status"),
    [("Finished", "ok"), ("running", "failed"), ("killed", "failed"), ("pruned", "pruned"), ("", "ok")],
)
def test_states_in_other_words(tmp_path: Path, state: str, status: str) -> None:
    rows = [f"u1,a,{state},1e6,1,0.01,v1,,0.5,0.5,,,3.0,2.0", "u2,b,finished,1e6,1,0.01,v1,,0.5,0.5,,,3.0,2.0"]
    assert import_runs(written(tmp_path, *rows), tmp_path / "runs.csv", COLUMNS).status[0] == status


def test_a_state_that_says_nothing_is_named_or_left(tmp_path: Path) -> None:
    rows = ["u1,a,finished,1e6,1,0.01,v1,,0.5,0.5,,,3.0,2.0", "u2,b,odd,1e6,1,0.01,v1,,0.5,0.5,,,3.0,2.0"]
    with pytest.raises(UserError, match=r"export\.csv, row 2, State: 'odd' is not a status"):
        import_runs(written(tmp_path, *rows), tmp_path / "runs.csv", COLUMNS)
    source = written(tmp_path, rows[0].replace("finished", "Bavaria"))
    with pytest.warns(LawWarning, match="State says of no run how it ended, and is left: Bavaria"):
        table = import_runs(source, tmp_path / "runs.csv", COLUMNS)
    assert table.status.tolist() == ["ok"]


@pytest.mark.parametrize(
    "field", ["status", "annealed", "seed", "parent_run_id", "corpus_id", "flops", "hyper", "organisation"]
)
def test_a_column_that_is_named_and_missing_is_said(tmp_path: Path, field: str) -> None:
    row = "u1,a,finished,1e6,1,0.01,v1,,0.5,0.5,,,3.0,2.0"
    columns = COLUMNS.model_copy(update={field: "nowhere"}, deep=True)
    with pytest.raises(UserError, match=f"has no column nowhere for {field}; it has ID, Name, State"):
        import_runs(written(tmp_path, row), tmp_path / "runs.csv", columns)


def test_objects_as_text_are_named_with_a_mend_that_works(tmp_path: Path) -> None:
    """W&B's guide to exports writes summary and config as dictionaries into the cells of a CSV file."""
    (tmp_path / "project.csv").write_text(",summary,config,name\n0,\"{'eval/a_loss': 3.0}\",\"{'n': 1e6}\",r\n")
    with pytest.raises(
        UserError, match=r"it has .*summary, config.*; summary, config holds objects as text: write JSON"
    ):
        import_runs([tmp_path / "project.csv"], tmp_path / "runs.csv")
    (tmp_path / "project.jsonl").write_text(
        '{"summary": {"eval/a_loss": 3.0, "tokens": 1e9}, "config": {"n": 1e6, "mix": {"a": 1}}, "name": "r"}'
    )
    columns = Columns(
        n_params="config.n", n_tokens="summary.tokens", proportions="config.mix.*", losses="summary.eval/*_loss"
    )
    table = import_runs([tmp_path / "project.jsonl"], tmp_path / "runs.csv", columns)
    assert table.losses.tolist() == [[3.0]]
