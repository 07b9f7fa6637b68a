"""The runs table: read with every mistake named, written and read back."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codescale.errors import UserError
from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records, write_record
from codescale.runs.table import records_table, write_runs
from codescale.runs.table_reader import read_runs
from codescale.runs.units import LossUnit

HEADER = "run_id,n_params,n_tokens,proportion.a,proportion.b,loss.x"


def table(tmp_path: Path, *rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


GOOD = "r1,1e6,1e9,0.5,0.5,3.2"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("r2,1e6,1e9,0.5,0.6,3.2", "row 2: the proportions sum to 1.1, not 1"),
        ("r2,1e6,1e9,-0.5,1.5,3.2", "row 2, proportion.a: is not a share"),
        ("r2,1e6,1e9,nan,1,3.2", "row 2, proportion.a: is not a share"),
        ("r2,0,1e9,0.5,0.5,3.2", "row 2, n_params: is not a positive number"),
        ("r2,1e6,many,0.5,0.5,3.2", "row 2, n_tokens: 'many' is not a number"),
        ("r2,1e6,1e9,0.5,0.5,-3", "row 2, loss.x: is not a loss"),
        ("r2,1e6,1e9,0.5,0.5,inf", "row 2, loss.x: is not a loss"),
        (",1e6,1e9,0.5,0.5,3", "row 2, run_id: is empty"),
        ("r1,1e6,1e9,0.5,0.5,3.3", "row 2: repeats row 1"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_runs(table(tmp_path, GOOD, row))
    assert message in str(caught.value)
    assert "runs.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


UNITS = f"{HEADER},loss_unit"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            ("r1,1e6,1e9,0.5,0.5,3.2,", "r2,1e6,1e9,0.5,0.5,1.1,bpb"),
            "row 2, loss_unit: the losses are in bits per byte, those of row 1 in nats per token; give all in one unit",
        ),
        (("r1,1e6,1e9,0.5,0.5,3.2,miles",), "row 1, loss_unit: 'miles' is not a unit of losses; write one of nats per"),
        (
            ("r1,1e6,1e9,0.5,0.5,3.2,perplexity", "r2,1e6,1e9,0.5,0.5,0.9,perplexity"),
            "row 2, loss.x: is no perplexity: that is above 1",
        ),
    ],
)
def test_a_wrong_unit_is_named(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_runs(table(tmp_path, *rows, header=UNITS))
    assert message in str(caught.value)


def test_a_table_has_the_unit_that_its_losses_have(tmp_path: Path) -> None:
    rows = ("r1,1e6,1e9,0.5,0.5,1.1,bits per byte", "r2,1e6,1e9,0.5,0.5,,", "r3,1e6,1e9,0.5,0.5,1.2,Bits_per_byte")
    assert read_runs(table(tmp_path, *rows, header=UNITS)).loss_unit is LossUnit.BITS_PER_BYTE
    assert read_runs(table(tmp_path, GOOD)).loss_unit is LossUnit.NATS_PER_TOKEN
    planned = read_runs(table(tmp_path, "r1,1e6,1e9,0.5,0.5,,bits per byte", header=UNITS))
    assert planned.loss_unit is LossUnit.BITS_PER_BYTE


def test_losses_are_converted_in_the_table_too(tmp_path: Path) -> None:
    rows = ("r1,1e6,1e9,0.5,0.5,1.5,bits per byte", "r2,1e6,1e9,0.5,0.5,,bits per byte")
    runs = read_runs(table(tmp_path, *rows, header=UNITS)).in_unit(LossUnit.NATS_PER_TOKEN, {"x": 4.0})
    assert runs.losses[0, 0] == pytest.approx(1.5 * 4.0 * np.log(2))
    write_runs(tmp_path / "again.csv", runs.table)
    again = read_runs(tmp_path / "again.csv")
    assert again.loss_unit is LossUnit.NATS_PER_TOKEN
    assert again.losses == pytest.approx(runs.losses, nan_ok=True)
    with pytest.raises(KeyError):
        again.in_unit(LossUnit.BITS_PER_BYTE, {"y": 4.0})


@pytest.mark.parametrize("missing", ["run_id", "n_params", "n_tokens", "proportion."])
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    columns = [name for name in HEADER.split(",") if not name.startswith(missing)]
    with pytest.raises(UserError, match=f"has no column {missing}"):
        read_runs(table(tmp_path, ",".join("1" * len(columns)), header=",".join(columns)))


def test_planned_runs_need_no_loss_but_cannot_be_fitted(tmp_path: Path) -> None:
    runs = read_runs(table(tmp_path, "r1,1e6,1e9,0.5,0.5", header=HEADER.removesuffix(",loss.x")))
    assert runs.losses.shape == (1, 0)
    with pytest.raises(UserError, match=r"has no column loss\."):
        runs.fittable()


def test_defaults_and_optional_columns(tmp_path: Path) -> None:
    header = HEADER + ",status,annealed,parent_run_id,hyper.rate,metric.pass,unknown"
    path = table(
        tmp_path,
        "r1,1e6,1e9,1,0,,ok,false,,0.1,,x",
        "r1@2,1e6,2e9,1,0,3,,,r1,0.1,0.5,y",
        "r3,1e6,1e9,1,0,3,diverged,true,,0.1,,z",
        header=header,
    )
    runs = read_runs(path)
    assert np.isnan(runs.losses[0, 0])
    assert runs.trunk.tolist() == ["r1", "r1", "r3"]
    assert runs.fittable().run_id.tolist() == ["r1@2"]
    assert runs.hyper["rate"].tolist() == [0.1] * 3
    assert runs.select(np.array([2])).table["unknown"].to_pylist() == ["z"]


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    for name, content in (("a.csv", b"\xff\xfe\x00"), ("a.parquet", b"PAR1 no"), ("b.csv", b"")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=name):
            read_runs(path)
    with pytest.raises(UserError, match="no such file"):
        read_runs(tmp_path / "absent.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_runs(tmp_path)


def record() -> RunRecord:
    spec = RunSpec(
        run_id="grid-a",
        stage="grid",
        size="s",
        n_params=10,
        token_points=(5, 10),
        proportions={"a": 0.25, "b": 0.75},
        seed=1,
        hyper={"learning_rate_factor": 0.5},
    )
    rows = [(3, False, None), (5, True, 5), (10, True, 10)]
    evaluations = tuple(
        Evaluation(
            n_tokens=n, losses={"a": 2.0, "b": 3.0}, annealed=annealed, branch=branch, flops=7.0, unique_tokens={"a": n}
        )
        for n, annealed, branch in rows
    )
    return RunRecord(
        spec=spec,
        status="ok",
        evaluations=evaluations,
        corpus_id="c",
        tokens_trained=12,
        flops=9.0,
        seconds=1.0,
        finished=0.0,
    )


@pytest.mark.parametrize("name", ["runs.csv", "runs.parquet"])
def test_records_become_a_table_that_reads_back(tmp_path: Path, name: str) -> None:
    write_runs(tmp_path / name, records_table([record()]))
    runs = read_runs(tmp_path / name)
    assert runs.run_id.tolist() == ["grid-a", "grid-a@5", "grid-a@10"]
    assert runs.trunk.tolist() == ["grid-a"] * 3
    assert runs.fittable().n_tokens.tolist() == [5, 10]
    assert runs.domains == ("a", "b")
    assert runs.corpus_id.tolist() == ["c"] * 3
    assert runs.unique_tokens["a"].tolist() == [3, 5, 10]


def test_a_record_is_written_once_and_never_changed(tmp_path: Path) -> None:
    first = record()
    write_record(tmp_path, first)
    write_record(tmp_path, first.model_copy(update={"seconds": 99.0}))
    assert read_records(tmp_path) == [first]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"spec": 1}')
    with pytest.raises(UserError, match=r"r\.json, .*delete the file to have the run done again"):
        read_records(tmp_path)


def test_unknown_columns_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    pq.write_table(
        pa.table(
            {
                "run_id": ["a"],
                "n_params": [1],
                "n_tokens": [2],
                "proportion.a": [1.0],
                "loss.a": [3.0],
                "note": ["kept"],
            }
        ),
        path,
    )
    assert read_runs(path).table["note"].to_pylist() == ["kept"]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_another_separator_is_named(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(mark.join(["run_id", "n_params"]) + "\n" + mark.join(["a", "1"]) + "\n")
    with pytest.raises(UserError, match=r"runs\.csv: is separated by semicolons or tabs"):
        read_runs(path)


def test_a_column_whose_name_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_bytes(f"{HEADER}.\x9b\n{GOOD}\n".encode("latin-1"))
    with pytest.raises(UserError, match=r"runs\.csv: cannot be read as a runs table"):
        read_runs(path)


def test_rows_of_one_organisation_are_told_from_the_others_where_there_are_several(tmp_path: Path) -> None:
    rows = [f"r{k},1e6,1e9,0.5,0.5,3.2,{word}" for k, word in enumerate(["shuffled", "paired", "paired", ""])]
    several = read_runs(table(tmp_path, *rows, header=f"{HEADER},organisation"))
    assert several.organised("paired").run_id.tolist() == ["r1", "r2"]
    assert several.organised("shuffled").run_id.tolist() == ["r0", "r3"]
    one = read_runs(table(tmp_path, *rows[1:3], header=f"{HEADER},organisation"))
    assert len(one.organised("shuffled")) == 2
