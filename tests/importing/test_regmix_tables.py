"""Pairs of mixtures and results as their authors publish them: rounded shares, foreign columns, bits per byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning

SCALE = {"n_params": 1e6, "n_tokens": 1e9}
RATIOS = "run,web,code,books\na1,0.5,0.25,0.25\na2,0.6,0.2,0.2\na3,0.34,0.33,0.33\n"
METRICS = (
    "run,step,seed,eval/web_loss,eval/code_loss,eval/books_loss,train_loss\n"
    "a1,2000,1,3.10,1.90,3.40,2.9\na2,2000,2,3.00,2.00,3.50,3.0\na3,2000,3,3.30,1.80,3.30,2.8\n"
)


def pair(folder: Path, mixtures: str, results: str, names: tuple[str, str] = ("m.csv", "r.csv")) -> list[Path]:
    for name, text in zip(names, (mixtures, results), strict=True):
        (folder / name).write_text(text)
    return [folder / name for name in names]


def test_regmix_published_shares_are_scaled_where_rounding_explains_it(tmp_path: Path) -> None:
    """sail-sg/regmix, data/train_mixture_1m.csv: three digits over 17 domains, sums from 0.996 to 1.003."""
    names = [f"train_the_pile_{name}" for name in ("arxiv", "freelaw", "github", "pile_cc", "europarl")]
    rows = ["0.333,0.333,0.333,0.0,0.0", "0.2,0.2,0.2,0.2,0.198", "0.501,0.501,0.0,0.0,0.0"]
    mixtures = "\n".join([",".join(["index", *names]), *(f"{k},{row}" for k, row in enumerate(rows, 1))])
    losses = "metric/the_pile_arxiv_val_loss,metric/the_pile_github_val_loss"
    results = f"index,{losses}\n" + "".join(f"{k},3.{k}25586605,2.{k}\n" for k in (2, 3, 1))
    sources = pair(tmp_path, mixtures, results, ("train_mixture_1m.csv", "train_pile_loss_1m.csv"))
    with pytest.warns(LawWarning, match="shares of 3 rows were scaled to sum 1: they are rounded to 3 digits"):
        table = import_runs(sources, tmp_path / "runs.csv", **SCALE)
    assert table.domains == ("arxiv", "freelaw", "github", "pile_cc", "europarl")
    assert table.targets == ("arxiv", "github")
    assert table.proportions.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert table.losses[:, 0].tolist() == [3.125586605, 3.225586605, 3.325586605]


def test_what_rounding_does_not_explain_is_named_in_the_input_with_the_word_that_scales_it(tmp_path: Path) -> None:
    mixtures = "index,train_a,train_b,train_c\n1,0.333,0.333,0.333\n2,0.167,0.166,0.665\n"
    sources = pair(tmp_path, mixtures, "index,val_a,val_b,val_c\n1,3.1,3.2,3.3\n2,3.3,3.4,3.0\n")
    with pytest.raises(UserError, match=rf"^{sources[0]}, row 2: the shares sum to 0.998, not 1; .*weights_are_scaled"):
        import_runs(sources, tmp_path / "runs.csv", **SCALE)
    table = import_runs(sources, tmp_path / "runs.csv", Columns(weights_are_scaled=True), **SCALE)
    assert table.proportions[1, 2] == pytest.approx(0.665 / 0.998)


def test_an_olmix_folder(tmp_path: Path) -> None:
    """allenai/olmix, README: ratios.csv and metrics.csv with run, name and index, bits per byte alone."""
    ratios = (
        "run,name,index,dclm,wikipedia,arxiv\nhz0d,my-swarm-0000,0,0.45,0.30,0.25\npj0h,my-swarm-0001,1,0.6,0.2,0.2\n"
    )
    metrics = "run,name,index,arc_challenge_bpb,mmlu_stem_bpb\n"
    metrics += "pj0h,my-swarm-0001,1,1.15,1.38\nhz0d,my-swarm-0000,0,1.23,1.45\n"
    pair(tmp_path, ratios, metrics, ("ratios.csv", "metrics.csv"))
    table = import_runs([tmp_path], tmp_path / "runs.parquet", **SCALE)
    assert table.run_id.tolist() == ["hz0d", "pj0h"]
    assert table.domains == ("dclm", "wikipedia", "arxiv")
    assert table.proportions[0].tolist() == [0.45, 0.3, 0.25]


def test_foreign_columns_are_not_losses(tmp_path: Path) -> None:
    sources = pair(tmp_path, RATIOS, METRICS)
    table = import_runs(sources, tmp_path / "runs.csv", **SCALE)
    assert table.targets == ("web", "code", "books")
    assert table.seed.tolist() == [1, 2, 3]


def test_losses_without_a_usual_name_are_told_from_what_trainers_write_beside_and_that_is_said(tmp_path: Path) -> None:
    results = (
        METRICS.replace("eval/", "").replace("_loss", "_nll").replace("train_nll", "train_nll,lr,val_nll,accuracy")
    )
    results = "\n".join(line + ",1e-3,2.5,0.3" if k else line for k, line in enumerate(results.splitlines()))
    sources = pair(tmp_path, RATIOS, results)
    with pytest.warns(LawWarning, match="like no loss on held-out text: train_nll, val_nll, accuracy"):
        table = import_runs(sources, tmp_path / "runs.csv", **SCALE)
    assert table.targets == ("web", "code", "books")


def test_columns_and_runs_are_heard_or_refused_beside_a_pair(tmp_path: Path) -> None:
    sources = pair(tmp_path, RATIOS, METRICS)
    output = tmp_path / "runs.csv"
    columns = Columns(losses={"c": "eval/code_loss"}, metrics="train_*", seed=7, hyper={"steps": "step"})
    table = import_runs(sources, output, columns, **SCALE)
    assert table.targets == ("c",)
    assert table.metrics["loss"].tolist() == [2.9, 3.0, 2.8]
    assert table.seed.tolist() == [7, 7, 7]
    assert table.hyper["steps"].tolist() == [2000, 2000, 2000]
    with pytest.raises(UserError, match="--runs: is given beside"):
        import_runs(sources, output, runs=sources[0], **SCALE)
    with pytest.raises(UserError, match=r"r\.csv: has no column evil/\*_loss for losses; it has run, step, seed, eval"):
        import_runs(sources, output, Columns(losses="evil/*_loss"), **SCALE)
    with pytest.raises(UserError, match="--tokens: is given beside tokens_per_step"):
        import_runs(sources, output, Columns(tokens_per_step=10), **SCALE)


def test_results_may_be_curves_with_steps(tmp_path: Path) -> None:
    results = "run,step,a_loss\n1,0,9.0\n1,10,3.0\n1,20,2.5\n2,10,3.5\n3,10,4\n"
    sources = pair(tmp_path, "run,a,b\n1,0.5,0.5\n2,0.7,0.3\n", results)
    with pytest.warns(LawWarning) as said:
        table = import_runs(sources, tmp_path / "runs.csv", Columns(tokens_per_step=100), n_params=1e6)
    assert list(zip(table.run_id, table.n_tokens, table.annealed, strict=True)) == [
        ("run1", 1000, False),
        ("run1", 2000, True),
        ("run2", 1000, True),
    ]
    lines = " ".join(str(one.message) for one in said)
    assert "left out 1 rows whose run has no mixture" in lines
    assert "left out 1 rows evaluated before the first step" in lines


def test_losses_may_be_called_as_the_domains_are(tmp_path: Path) -> None:
    """Both files have a column for each domain, by its bare name: shares are those of the mixtures."""
    mixtures = "run,python,go,text\n0,50,30,20\n1,20,30,50\n"
    results = "run,step,python,go,text,avg\n1,1000,2.6,2.4,3.0,2.6\n0,1000,2.5,2.4,3.3,2.7\n"
    sources = pair(tmp_path, mixtures, results)
    with pytest.raises(UserError, match=rf"^{sources[0]}, row 1: the shares sum to 100, not 1 .*weights_are_scaled"):
        import_runs(sources, tmp_path / "runs.csv", **SCALE)
    with pytest.warns(LawWarning, match="left, since they look like no loss on held-out text: avg"):
        table = import_runs(sources, tmp_path / "runs.csv", Columns(weights_are_scaled=True), **SCALE)
    assert table.domains == table.targets == ("python", "go", "text")
    assert table.proportions.tolist() == [[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
    assert table.losses.tolist() == [[2.5, 2.4, 3.3], [2.6, 2.4, 3.0]]


def test_runs_without_results_are_counted_and_the_mend_is_named(tmp_path: Path) -> None:
    sources = pair(tmp_path, RATIOS, METRICS.split("a2,", maxsplit=1)[0])
    problem = rf"^{sources[1]}, run: has no row for 'a2', as for 2 of 3 runs; add their results, or .* out of m.csv"
    with pytest.raises(UserError, match=problem):
        import_runs(sources, tmp_path / "runs.csv", **SCALE)


def test_rows_that_no_name_joins_are_said(tmp_path: Path) -> None:
    sources = pair(tmp_path, RATIOS, METRICS.replace("run,", "uid,"))
    with pytest.warns(LawWarning, match=r"joined to .*m\.csv row by row, since no column names the runs in both"):
        import_runs(sources, tmp_path / "runs.csv", **SCALE)
