"""Units of imported losses: by the columns' names or a person's word, converted where that can be, one in a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
import yaml
from typer.testing import CliRunner

from codescale.cli.entry_point import app
from codescale.errors import UserError
from codescale.importing.columns import Columns, read_columns
from codescale.importing.loss_units import choose
from codescale.importing.sources import import_runs
from codescale.laws.law import load_law
from codescale.laws.warning import LawWarning
from codescale.runs.units import LossUnit


def olmix_folder(folder: Path, runs: int = 12) -> Path:
    """ratios.csv and metrics.csv in the shape of an Olmix swarm: bits per byte that fall with a task's own domain."""
    generator = np.random.default_rng(0)
    shares = generator.dirichlet(np.ones(3), size=runs)
    tasks = {"arc_bpb": 0, "swag_bpb": 1, "stem_bpb": 2}
    names = {"run": [f"r{k:02d}" for k in range(runs)], "name": [f"swarm-{k}" for k in range(runs)]}
    folder.mkdir(exist_ok=True)
    ratios = dict(zip(("web", "encyclopedia", "papers"), shares.T.tolist(), strict=True))
    bits = {name: (0.9 + 0.5 * np.exp(-(1 + 2 * k) * shares[:, k])).tolist() for name, k in tasks.items()}
    for file, columns in (("ratios.csv", ratios), ("metrics.csv", bits)):
        pa.csv.write_csv(pa.table({**names, "index": list(range(runs)), **columns}), folder / file)
    return folder


def export(folder: Path, **losses: list[float] | list[str]) -> Path:
    columns: dict[str, list] = {"Name": ["a", "b"], "n_params": [1e8, 1e8], "n_tokens": [1e9, 2e9]}
    pa.csv.write_csv(pa.table(columns | {"proportion.go": [1.0, 1.0]} | losses), folder / "export.csv")
    return folder / "export.csv"


def test_an_olmix_folder_goes_all_the_way_to_a_mixture(tmp_path: Path) -> None:
    folder, runs, law = olmix_folder(tmp_path / "swarm"), str(tmp_path / "runs.csv"), str(tmp_path / "law.json")
    scale = ["--params", "3e7", "--tokens", "3e9"]

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    assert "3 targets in bits per byte" in run("import", str(folder), *scale, "--output", runs)
    assert "losses in bits per byte" in run("fit", runs, "--output", law, "--bootstrap", "20")
    assert load_law(law).loss_unit is LossUnit.BITS_PER_BYTE
    assert "Losses are bits per byte." in run("laws", "compare", runs)
    shown = run("optimize", law, *scale, "--output", str(tmp_path / "mixture.yaml"))
    assert "bits per byte" in shown
    assert "nats" not in shown
    mixture = yaml.safe_load((tmp_path / "mixture.yaml").read_text())
    assert mixture["loss_unit"] == "bits per byte"
    assert 0.9 < mixture["objective"] < 1.4
    assert "nats" not in run("forecast", law, *scale)
    assert "nats" not in run("simulate", law, "--trials", "5", "--seeds", "1", "--sampler", "random")
    front = run("front", law, "--first", "arc", "--second", "swag", *scale, "--output", str(tmp_path / "f.yaml"))
    assert "bits per byte" in front
    assert "of no weight: stem" in front


def test_perplexities_become_their_logarithms_with_a_line(tmp_path: Path) -> None:
    path = export(tmp_path, **{"eval/perplexity/go": [9.0, 8.0]})
    with pytest.warns(LawWarning, match="losses were perplexity and are nats per token now, their natural logarithms"):
        table = import_runs([path], tmp_path / "runs.csv", Columns(losses="eval/perplexity/*"))
    assert table.losses[:, 0] == pytest.approx(np.log([9.0, 8.0]))
    assert table.loss_unit is LossUnit.NATS_PER_TOKEN


def test_a_unit_that_is_asked_for_takes_the_columns_that_are_in_it(tmp_path: Path) -> None:
    bits = {"eval/go_bpb": [1.2, 1.1], "eval/python_bpb": [1.0, 0.9]}
    path = export(tmp_path, **{"eval/go_loss": [3.0, 2.8], "eval/python_loss": [2.6, 2.4]}, **bits)
    table = import_runs([path], tmp_path / "runs.csv")
    assert table.losses.tolist() == [[3.0, 2.6], [2.8, 2.4]]
    table = import_runs([path], tmp_path / "runs.csv", Columns(loss_unit=LossUnit.BITS_PER_BYTE))
    assert table.targets == ("go", "python")
    assert table.losses.tolist() == [[1.2, 1.0], [1.1, 0.9]]
    olmo = {"eval/lm/go/CE loss": [3.0, 2.8], "eval/lm/go/PPL": [20.1, 16.4]}
    table = import_runs([export(tmp_path, **olmo)], tmp_path / "runs.csv")
    assert (table.targets, table.losses.tolist()) == (("go",), [[3.0], [2.8]])
    with pytest.raises(UserError, match=r"has no column loss\.\* for losses; it has"):
        import_runs([export(tmp_path, **bits, **{"held out test nll": [3.0, 2.8]})], tmp_path / "runs.csv")
    alone = export(tmp_path, **bits)
    with pytest.warns(LawWarning, match="losses are the columns whose names tell a unit: eval/go_bpb, eval/python_bpb"):
        table = import_runs([alone], tmp_path / "runs.csv")
    assert table.losses.tolist() == [[1.2, 1.0], [1.1, 0.9]]
    assert table.loss_unit is LossUnit.BITS_PER_BYTE


def test_the_unit_of_a_runs_table_comes_back(tmp_path: Path) -> None:
    losses = {"loss.go": [1.2, 1.1], "loss_unit": ["bits per byte", "bits per byte"]}
    path = export(tmp_path, **losses, **{"eval/other_bpb": [0.4, 0.4]})
    table = import_runs([path], tmp_path / "runs.csv")
    assert (table.loss_unit, table.losses.tolist()) == (LossUnit.BITS_PER_BYTE, [[1.2], [1.1]])
    table = import_runs([path], tmp_path / "runs.csv", Columns(bytes_per_token=3.0))
    assert table.losses[:, 0] == pytest.approx(np.log(2) * 3 * np.array([1.2, 1.1]))
    with pytest.raises(UserError, match=r"row 1, loss_unit: is bits per byte, beside nats per byte; give all in one"):
        import_runs([path], tmp_path / "x.csv", Columns(loss_unit=LossUnit.NATS_PER_BYTE))
    mixed = export(tmp_path, **{"loss.go": [1.2, 1.1], "loss_unit": ["bits per byte", ""]})
    with pytest.raises(UserError, match=r"row 2, loss_unit: is nats per token, beside bits per byte"):
        import_runs([mixed], tmp_path / "x.csv")


def test_losses_per_byte_are_converted_where_the_bytes_per_token_are_named(tmp_path: Path) -> None:
    path = export(tmp_path, **{"loss.go": [0.5, 0.4], "loss.python": [0.6, 0.5]})
    (tmp_path / "columns.yaml").write_text("{loss_unit: bpb, bytes_per_token: {go: 3.0, python: 4.0}}")
    with pytest.warns(LawWarning, match="losses were bits per byte and are nats per token now, by the bytes per token"):
        table = import_runs([path], tmp_path / "runs.csv", read_columns(tmp_path / "columns.yaml"))
    assert table.losses[0] == pytest.approx([0.5 * 3 * np.log(2), 0.6 * 4 * np.log(2)])
    columns = Columns(loss_unit=LossUnit.BITS_PER_BYTE)
    kept = import_runs([path], tmp_path / "kept.csv", columns)
    assert kept.losses[0].tolist() == [0.5, 0.6]
    assert kept.loss_unit is LossUnit.BITS_PER_BYTE


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"bytes_per_token": 3.0}, "bytes_per_token: is given, and the losses are nats per token; leave it out"),
        (
            {"loss_unit": "bpb", "bytes_per_token": {"go": 3.0}},
            "bytes_per_token: lacks python; give the bytes per token",
        ),
        ({"loss_unit": "bpb", "bytes_per_token": {"go": 3, "python": 3, "c": 2}}, "bytes_per_token: c is no target"),
        ({"loss_unit": "miles"}, "loss_unit: 'miles' is not a unit of losses; write one of nats per token"),
        ({"loss_unit": ["bpb"]}, "is not a unit of losses; write one of nats per token"),
        ({"loss_unit": "perplexity"}, "row 1, loss.go: is no perplexity: that is above 1"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_and_nothing_is_written(
    tmp_path: Path, columns: dict[str, object], message: str
) -> None:
    path = export(tmp_path, **{"loss.go": [0.5, 0.4], "loss.python": [0.6, 0.5]})
    (tmp_path / "columns.yaml").write_text(yaml.safe_dump(columns))
    with pytest.raises(UserError) as refused:
        import_runs([path], tmp_path / "runs.csv", read_columns(tmp_path / "columns.yaml"))
    assert message in str(refused.value)
    assert not (tmp_path / "runs.csv").exists()


def test_the_option_and_the_file_may_not_say_two_units(tmp_path: Path) -> None:
    path = export(tmp_path, **{"loss.go": [9.0, 8.0]})
    (tmp_path / "columns.yaml").write_text("loss_unit: bpb")
    given = ["import", str(path), "--output", str(tmp_path / "runs.csv"), "--loss-unit", "perplexity"]
    refused = CliRunner().invoke(app, [*given, "--columns", str(tmp_path / "columns.yaml")])
    assert isinstance(refused.exception, UserError)
    assert "says perplexity, columns.yaml bits per byte" in str(refused.exception)
    assert CliRunner().invoke(app, given).exit_code == 0
    assert "2.19722" in (tmp_path / "runs.csv").read_text()


def test_of_several_units_one_is_taken_and_the_rest_are_metrics() -> None:
    columns = {"go": "loss.go", "go_bpb": "go_bpb", "go_ppl": "go_ppl", "wiki": "word_perplexity"}
    found = choose("here", columns)
    assert "here: 3 columns are not in nats per token and become metric.*" in found.notes[0]
    assert (list(found.losses), found.unit) == (["go"], LossUnit.NATS_PER_TOKEN)
    assert list(choose("here", columns, LossUnit.BITS_PER_BYTE).losses) == ["go", "go_bpb"]


def test_losses_of_a_pair_are_named_as_their_domains_whatever_metrics_stand_beside_them(tmp_path: Path) -> None:
    rows = {"index": [0, 1]}
    pa.csv.write_csv(pa.table(rows | {"train_go": [0.5, 1.0], "train_rust": [0.5, 0.0]}), tmp_path / "m.csv")
    losses = {"go_val": [3.0, 2.5], "rust_val": [2.0, 3.5], "go_bpb": [1.0, 0.9], "rust_bpb": [0.8, 1.3]}
    pa.csv.write_csv(pa.table(rows | losses), tmp_path / "l.csv")
    with pytest.warns(LawWarning, match=r"2 columns are not in nats per token and become metric\.\*"):
        table = import_runs([tmp_path / "m.csv", tmp_path / "l.csv"], tmp_path / "r.csv", n_params=1e6, n_tokens=1e9)
    assert table.targets == table.domains == ("go", "rust")
    assert table.metrics["go"].tolist() == [1.0, 0.9]
    assert "loss_unit" not in table.table.column_names


def test_a_person_is_believed_against_the_columns_names() -> None:
    found = choose("here", {"go": "go_bpb"}, LossUnit.NATS_PER_BYTE)
    assert found.notes == ["here: columns say bits per byte and are read as nats per byte, as loss_unit says"]
    assert (list(found.losses), found.unit) == (["go"], LossUnit.NATS_PER_BYTE)


def test_an_import_says_what_is_doubted(tmp_path: Path) -> None:
    with pytest.warns(LawWarning, match="above 15 nats per token, worse than guessing"):
        import_runs([export(tmp_path, **{"loss.go": [35.2, 30.0]})], tmp_path / "runs.csv")
