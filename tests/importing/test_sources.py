"""Other people's results become a runs table: pairs, exports, event files; what is wrong in them is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from codescale.cli.entry_point import app
from codescale.errors import UserError
from codescale.importing.columns import Columns, matching, read_columns, short_names
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit

DATA = Path(__file__).parents[3] / "shared" / "data"


def written(path: Path, columns: dict[str, list]) -> Path:
    pa.csv.write_csv(pa.table(columns), path)
    return path


def regmix_pair(folder: Path, order: list[int]) -> tuple[Path, Path]:
    mixtures = written(
        folder / "mixtures.csv",
        {"index": [1, 2, 3], "train_the_pile_arxiv": [0.5, 0.2, 1.0], "train_the_pile_github": [0.5, 0.8, 0.0]},
    )
    losses = {"metric/the_pile_arxiv_val_loss": [3.0, 3.5, 2.9], "metric/the_pile_github_val_loss": [2.0, 1.9, 3.0]}
    results = {"index": [[1, 2, 3][k] for k in order]} | {n: [v[k] for k in order] for n, v in losses.items()}
    return mixtures, written(folder / "losses.csv", results)


def test_a_pair_of_files_is_joined_by_run_and_its_names_are_shortened(tmp_path: Path) -> None:
    pair = regmix_pair(tmp_path, [2, 0, 1])
    table = import_runs(pair, tmp_path / "runs.csv", n_params=1e6, n_tokens=1e9)
    assert table.domains == ("arxiv", "github")
    assert table.targets == ("arxiv", "github")
    assert table.losses[:, 0].tolist() == [3.0, 3.5, 2.9]
    assert table.proportions[1].tolist() == [0.2, 0.8]
    assert set(table.n_params) == {1e6}


def test_olmix_folders_and_bits_per_byte(tmp_path: Path) -> None:
    written(tmp_path / "ratios.csv", {"run_id": ["a", "b"], "name": ["x", "y"], "dclm": [0.4, 0.5], "code": [0.6, 0.5]})
    written(tmp_path / "metrics.csv", {"run_id": ["b", "a"], "arc_bpb": [1.1, 1.2], "mmlu_bpb": [1.5, 1.6]})
    table = import_runs([tmp_path], tmp_path / "runs.parquet", n_params=3e7, n_tokens=1e9)
    assert table.targets == ("arc", "mmlu")
    assert table.losses[:, 0].tolist() == [1.2, 1.1]
    assert table.loss_unit is LossUnit.BITS_PER_BYTE


def test_published_regmix_survives_the_way_its_authors_keep_it(tmp_path: Path) -> None:
    path = DATA / "regmix_1m_train.csv"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    table = read_runs(path)
    index = list(range(len(table)))
    shares = {f"train_the_pile_{n}": table.proportions[:, k].tolist() for k, n in enumerate(table.domains)}
    losses = {f"metric/the_pile_{n}_val_loss": table.losses[:, k].tolist() for k, n in enumerate(table.targets)}
    mixtures = written(tmp_path / "m.csv", {"index": index} | shares)
    results = written(tmp_path / "l.csv", {"index": index} | losses)
    again = import_runs([mixtures, results], tmp_path / "runs.csv", n_params=1e6, n_tokens=1e9)
    assert again.domains == table.domains
    assert again.targets == table.targets
    assert again.proportions == pytest.approx(table.proportions, abs=1e-12)
    assert again.losses == pytest.approx(table.losses, rel=1e-12)


def test_an_export_with_patterns_steps_and_a_diverged_run(tmp_path: Path) -> None:
    export = tmp_path / "export.jsonl"
    rows = [
        {"Name": "a", "_step": 10, "config": {"n": 1e6, "mix": {"python": 3.0, "go": 1.0}}, "eval/loss/python": 2.0},
        {"Name": "a", "_step": 11, "config": {"n": 1e6, "mix": {"python": 3.0, "go": 1.0}}, "lr": 0.1},
        {"Name": "b", "_step": 10, "config": {"n": 1e6, "mix": {"python": 1.0, "go": 1.0}}, "eval/loss/python": 2.5},
    ]
    export.write_text("\n".join(json.dumps(row) for row in rows))
    columns = Columns(
        n_params="config.n",
        tokens_per_step=1000,
        proportions="config.mix.*",
        losses="eval/loss/*",
        weights_are_scaled=True,
    )
    table = import_runs([export], tmp_path / "runs.csv", columns)
    assert table.run_id.tolist() == ["a", "b"]
    assert table.n_tokens.tolist() == [10_000, 10_000]
    assert table.proportions[table.run_id == "a"][0, list(table.domains).index("python")] == pytest.approx(0.75)
    csv = written(
        tmp_path / "export.csv",
        {
            "Name": ["a", "b"],
            "n_params": [1e6, 1e6],
            "n_tokens": [1e9, 1e9],
            "proportion.go": [1.0, 1.0],
            "loss.go": ["2.0", "NaN"],
        },
    )
    with pytest.warns(LawWarning, match="1 rows have a loss that is no number"):
        table = import_runs([csv], tmp_path / "other.csv")
    assert table.status.tolist() == ["ok", "diverged"]


def test_our_own_curves_come_back_from_tensorboard(tmp_path: Path) -> None:
    from torch.utils.tensorboard.writer import SummaryWriter

    for run in ("mix-1", "mix-2"):
        with SummaryWriter(str(tmp_path / "curves" / "grid" / run)) as writer:
            for step, kind in ((1000, "trunk"), (2000, "annealed")):
                writer.add_scalar(f"loss.python/{kind}", 3.0 - step / 1000, step)
                writer.add_scalar(f"loss.go/{kind}", 4.0 - step / 1000, step)
    runs = written(
        tmp_path / "runs.csv",
        {
            "run_id": ["mix-1", "mix-2"],
            "n_params": [1e5, 2e5],
            "n_tokens": [2000, 2000],
            "proportion.python": [0.25, 1.0],
            "proportion.go": [0.75, 0.0],
        },
    )
    table = import_runs([tmp_path / "curves"], tmp_path / "imported.parquet", runs=runs)
    assert len(table) == 4
    last = table.select((table.n_tokens == 2000) & (table.n_params == 1e5))
    assert last.losses[0, list(table.targets).index("python")] == pytest.approx(1.0)
    assert last.annealed.tolist() == [True]
    assert table.annealed.sum() == 2
    assert last.proportions[0, list(table.domains).index("go")] == pytest.approx(0.75)
    with pytest.raises(UserError, match="--runs: is missing"):
        import_runs([tmp_path / "curves"], tmp_path / "x.csv")


@given(
    st.lists(st.text("abc_", min_size=1, max_size=5), min_size=2, max_size=6, unique=True), st.sampled_from(["x_", ""])
)
def test_short_names_stay_distinct_and_never_empty(names: list[str], before: str) -> None:
    short = short_names([before + name for name in names])
    assert len(set(short.values())) == len(names)
    assert all(short.values())


def test_patterns_and_mappings() -> None:
    names = ["eval/loss/python", "eval/loss/go", "lr"]
    assert matching("eval/loss/*", names) == {"python": "eval/loss/python", "go": "eval/loss/go"}
    assert matching({"py": "eval/loss/python", "c": "nowhere"}, names) == {"py": "eval/loss/python"}


def test_what_is_wrong_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    mixtures, losses = regmix_pair(tmp_path, [0, 1])
    whole = tmp_path / "whole"
    whole.mkdir()
    output = tmp_path / "out.csv"
    cases = [
        (regmix_pair(whole, [0, 1, 2]), {"n_params": 1e6}, "--tokens: is missing"),
        ([mixtures, losses], {"n_params": 1e6, "n_tokens": 1e9}, r"losses\.csv, index: has no row for '3'"),
        ([tmp_path / "nothing.csv"], {}, "no such file or folder"),
        ([mixtures], {}, "has no column Name for run_id; it has index"),
        ([mixtures] * 3, {}, "3 were given"),
    ]
    (tmp_path / "empty").mkdir()
    cases.append(([tmp_path / "empty"], {}, r"neither ratios\.csv and metrics\.csv nor TensorBoard"))
    for sources, options, message in cases:
        with pytest.raises(UserError, match=message):
            import_runs(sources, output, **options)
        assert not output.exists()
    wrong = written(tmp_path / "wrong.csv", {"index": [1, 2, 3], "a": [0.5, 0.2, 1.0], "b": [0.5, 0.7, 0.0]})
    full = regmix_pair(tmp_path, [0, 1, 2])[1]
    with pytest.raises(UserError, match="row 2"):
        import_runs([wrong, full], output, n_params=1e6, n_tokens=1e9)
    assert not output.exists()
    good = regmix_pair(tmp_path, [0, 1, 2])
    import_runs(good, output, n_params=1e6, n_tokens=1e9)
    before = output.read_bytes()
    with pytest.raises(UserError, match=rf"^{wrong}, row 2"):
        import_runs([wrong, full], output, n_params=1e6, n_tokens=1e9)
    assert output.read_bytes() == before
    (tmp_path / "columns.yaml").write_text("{n_params: 1e9, n_tokens: tokens, run_id: 1e3}")
    columns = read_columns(tmp_path / "columns.yaml")
    assert (columns.n_params, columns.n_tokens, columns.run_id) == (1e9, "tokens", "1e3")
    (tmp_path / "columns.yaml").write_text("n_params: yes")
    with pytest.raises(UserError, match="n_params: is true, where a number or text"):
        read_columns(tmp_path / "columns.yaml")
    (tmp_path / "columns.yaml").write_text("losess: x")
    with pytest.raises(UserError, match=r"columns\.yaml, losess: unknown key"):
        read_columns(tmp_path / "columns.yaml")


def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    pair = regmix_pair(tmp_path, [0, 1, 2])
    arguments = ["import", *map(str, pair), "--params", "1e6", "--tokens", "1e9", "-o", str(tmp_path / "runs.csv")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "3 rows of 3 runs, 2 domains, 2 targets" in " ".join(result.output.split())
    assert np.isfinite(read_runs(tmp_path / "runs.csv").losses).all()


@pytest.mark.parametrize("name", ["export.csv", "\udcfe.csv"])
def test_a_column_or_a_file_whose_name_is_no_text_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Name,loss.\x9b\nr1,3\n")
    with pytest.raises(UserError, match=r"\.csv: cannot be read as CSV"):
        import_runs([tmp_path / name], tmp_path / "runs.csv")


def test_a_table_of_runs_that_adds_nothing_is_refused(tmp_path: Path) -> None:
    columns = {"run_id": ["a"], "n_params": [1e6], "n_tokens": [1e9], "proportion.go": [1.0], "loss.go": [2.0]}
    export = written(tmp_path / "export.csv", columns)
    with pytest.raises(UserError, match=r"--runs: has no column that .*export\.csv lacks"):
        import_runs([export], tmp_path / "runs.csv", runs=export)
    runs = written(tmp_path / "runs-too.csv", {"run_id": ["a"], "seed": [3]})
    assert import_runs([export], tmp_path / "runs.csv", runs=runs).seed.tolist() == [3]


def test_a_history_of_one_run_is_called_as_its_file_or_as_the_one_run_there_is(tmp_path: Path) -> None:
    """W&B's ``run.history().to_csv()`` and Lightning's ``metrics.csv`` name no run."""
    text = ",_step,train/global_step,eval/a_loss\n0,3,100,3.0\n1,9,200,2.8\n"
    (tmp_path / "b.csv").write_text(text)
    (tmp_path / "history.csv").write_text(text)
    head, rows = "run_id,n_params,proportion.a\n", ["a,1e6,1\n", "b,2e6,1\n"]
    (tmp_path / "one.csv").write_text(head + rows[1])
    (tmp_path / "two.csv").write_text(head + "".join(rows))
    columns = Columns(tokens_per_step=1e5)
    for source, runs in (("b.csv", "two.csv"), ("history.csv", "one.csv")):
        with pytest.warns(LawWarning, match="has no column that names its runs, and is taken for run b"):
            table = import_runs([tmp_path / source], tmp_path / "runs.csv", columns, runs=tmp_path / runs)
        assert table.run_id.tolist() == ["b", "b"]
        assert table.n_params.tolist() == [2e6, 2e6]
        assert table.n_tokens.tolist() == [1e7, 2e7]
    with pytest.raises(UserError, match=r"history\.csv: has no column that names its runs, and .* has several: .*call"):
        import_runs([tmp_path / "history.csv"], tmp_path / "x.csv", columns, runs=tmp_path / "two.csv")
