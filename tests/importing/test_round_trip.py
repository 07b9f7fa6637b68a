"""What well-formed tables say comes back, whoever wrote them; malformed ones end with one line that names the mend."""

from __future__ import annotations

import csv
import json
import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.runs.table import RunsTable
from codescale.runs.units import unit_in_name

pytestmark = pytest.mark.fuzz
unhurried = settings(deadline=None)

NAMES = (
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Zs", "Mn")),
        min_size=1,
        max_size=6,
    )
    .filter(lambda name: name.strip() == name and "__M" not in name and " - " not in name and "*" not in name)
    .filter(lambda name: unit_in_name(name) is None)
)
LOSSES = st.floats(1e-3, 30, allow_nan=False)
UNSURE = st.none() | LOSSES


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """Thousands of small files are written here, and none has to outlive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("codescale.files.os.fsync", lambda _: None)
        yield


@dataclass(frozen=True)
class World:
    """Runs with one N and one mixture each, and their losses by D."""

    domains: list[str]
    targets: list[str]
    runs: dict[str, tuple[float, list[float]]]
    losses: dict[tuple[str, int], list[float | None]]

    def rows(self) -> list[dict[str, Any]]:
        """One row an evaluation."""
        found = []
        for (name, n_tokens), losses in self.losses.items():
            n_params, shares = self.runs[name]
            row: dict[str, Any] = {"run_id": name, "n_params": n_params, "n_tokens": n_tokens}
            row |= {f"proportion.{domain}": share for domain, share in zip(self.domains, shares, strict=True)}
            found.append(row | {f"loss.{target}": loss for target, loss in zip(self.targets, losses, strict=True)})
        return found


@st.composite
def worlds(draw: st.DrawFn, cells: st.SearchStrategy[float | None] = UNSURE) -> World:
    """Runs whose losses are ``cells``: None where not measured."""
    domains = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    targets = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    runs, losses = {}, {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        parts = draw(st.lists(st.integers(0, 50), min_size=len(domains), max_size=len(domains)).filter(any))
        runs[name] = (float(draw(st.integers(1, 10**12))), [part / sum(parts) for part in parts])
        for n_tokens in draw(st.lists(st.integers(1, 10**13), min_size=1, max_size=4, unique=True)):
            one = st.lists(cells, min_size=len(targets), max_size=len(targets))
            losses[name, n_tokens] = draw(one.filter(lambda values: any(value is not None for value in values)))
    return World(domains, targets, runs, losses)


def imported(sources: list[Path], **options: Any) -> RunsTable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_runs(sources, sources[0].parent / "imported.parquet", **options)


def check(table: RunsTable, world: World, precision: float = 0.0) -> None:
    """That ``table`` has the numbers of ``world``, and no others."""
    assert len(table) == len(world.losses)
    last: dict[str, int] = {}
    for name, n_tokens in world.losses:
        last[name] = max(last.get(name, 0), n_tokens)
    for row in range(len(table)):
        name, n_tokens = str(table.run_id[row]), int(table.n_tokens[row])
        n_params, shares = world.runs[name]
        assert table.n_params[row] == n_params
        found = dict(zip(table.domains, table.proportions[row], strict=True))
        assert [found[domain] for domain in world.domains] == pytest.approx(shares, abs=1e-6)
        losses = dict(zip(table.targets, table.losses[row], strict=True))
        for target, loss in zip(world.targets, world.losses[name, n_tokens], strict=True):
            got = losses.get(target, math.nan)
            assert math.isnan(got) if loss is None else got == pytest.approx(loss, rel=precision, abs=0)
        if n_tokens == last[name]:
            assert table.annealed[row]
        elif n_tokens < 0.99 * last[name]:
            assert not table.annealed[row]


def by_csv(rows: list[dict[str, Any]], folder: Path, separator: str) -> Path:
    path = folder / "export.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(rows[0])
        writer.writerows([["" if value is None else value for value in row.values()] for row in rows])
    return path


def by_pandas(rows: list[dict[str, Any]], folder: Path, **options: Any) -> Path:
    pd.DataFrame(rows).to_csv(folder / "export.csv", **options)
    return folder / "export.csv"


def by_pandas_json(rows: list[dict[str, Any]], folder: Path, lines: bool) -> Path:
    path = folder / "export.json"
    pd.DataFrame(rows).to_json(path, orient="records", lines=lines, double_precision=15)
    return path


def by_json(rows: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / "export.jsonl"
    kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
    path.write_text("\n".join(json.dumps(row) for row in kept), encoding="utf-8")
    return path


def by_arrow(rows: list[dict[str, Any]], folder: Path) -> Path:
    pa.csv.write_csv(pa.Table.from_pylist(rows), folder / "export.csv")
    return folder / "export.csv"


def by_parquet(rows: list[dict[str, Any]], folder: Path) -> Path:
    pa.parquet.write_table(pa.Table.from_pylist(rows), folder / "export.parquet")
    return folder / "export.parquet"


def by_pandas_parquet(rows: list[dict[str, Any]], folder: Path) -> Path:
    pd.DataFrame(rows).astype({"run_id": "category"}).to_parquet(folder / "export.parquet")
    return folder / "export.parquet"


Writer = Callable[[list[dict[str, Any]], Path], Path]
WRITERS: dict[str, dict[str, Writer]] = {
    "CSV": {
        "commas": lambda rows, folder: by_csv(rows, folder, ","),
        "semicolons": lambda rows, folder: by_csv(rows, folder, ";"),
        "tabs": lambda rows, folder: by_csv(rows, folder, "\t"),
        "pandas": by_pandas,
        "decimal commas": lambda rows, folder: by_pandas(rows, folder, sep=";", decimal=",", index=False),
        "a mark and NA": lambda rows, folder: by_pandas(rows, folder, index=False, na_rep="NA", encoding="utf-8-sig"),
        "pyarrow": by_arrow,
    },
    "JSON": {
        "a list by pandas": lambda rows, folder: by_pandas_json(rows, folder, False),
        "lines by pandas": lambda rows, folder: by_pandas_json(rows, folder, True),
        "lines": by_json,
    },
    "Parquet": {"pyarrow": by_parquet, "pandas": by_pandas_parquet},
}


@pytest.mark.parametrize("kind", WRITERS)
@unhurried
@given(world=worlds(), data=st.data())
def test_an_export_comes_back(kind: str, world: World, data: st.DataObject) -> None:
    writer = data.draw(st.sampled_from(list(WRITERS[kind])))
    with TemporaryDirectory() as folder:
        path = WRITERS[kind][writer](world.rows(), Path(folder))
        check(imported([path]), world, 1e-12 if "pandas" in writer and kind == "JSON" else 0.0)


@unhurried
@given(world=worlds(LOSSES), order=st.randoms(use_true_random=False))
def test_a_pair_comes_back(world: World, order: Any) -> None:
    first = dict(reversed(world.losses))
    rows = [row for row in world.rows() if first[row["run_id"]] == row["n_tokens"]]
    with TemporaryDirectory() as folder:
        shares = [{"run_id": row["run_id"]} | {n: v for n, v in row.items() if "proportion." in n} for row in rows]
        drop = ("proportion.", "n_")
        results = [{n: v for n, v in row.items() if not n.startswith(drop)} for row in rows]
        order.shuffle(results)
        (Path(folder) / "a").mkdir()
        pair = [by_csv(shares, Path(folder) / "a", ","), by_parquet(results, Path(folder))]
        table = imported(pair, n_params=1e6, n_tokens=1e9)
    assert sorted(table.run_id) == sorted(first)
    for row in rows:
        at = list(table.run_id).index(row["run_id"])
        found = dict(zip(table.targets, table.losses[at], strict=True))
        assert found == {target: row[f"loss.{target}"] for target in world.targets}


@unhurried
@given(world=worlds(), new_style=st.booleans())
def test_event_files_come_back(world: World, new_style: bool) -> None:
    from torch.utils.tensorboard.writer import SummaryWriter

    assume(not any(name.endswith(("annealed", "trunk")) for name in world.targets))
    folders = {name: f"run{number}" for number, name in enumerate(world.runs)}
    named = World(
        world.domains,
        world.targets,
        {folders[name]: run for name, run in world.runs.items()},
        {(folders[name], n_tokens): losses for (name, n_tokens), losses in world.losses.items()},
    )
    with TemporaryDirectory() as folder:
        for name in named.runs:
            with SummaryWriter(str(Path(folder) / "logs" / name)) as writer:
                for (run, n_tokens), losses in named.losses.items():
                    for target, loss in zip(named.targets, losses, strict=True):
                        if run == name and loss is not None:
                            writer.add_scalar(f"eval {target}", loss, n_tokens, new_style=new_style)
        (Path(folder) / "runs").mkdir()
        runs = [{n: v for n, v in row.items() if "loss." not in n and n != "n_tokens"} for row in named.rows()]
        table = by_csv(runs, Path(folder) / "runs", ",")
        check(imported([Path(folder) / "logs"], columns=Columns(losses="eval *"), runs=table), named, 1e-6)


@unhurried
@given(world=worlds(), per_step=st.integers(1, 500))
def test_trainer_states_come_back(world: World, per_step: int) -> None:
    losses = {(name, step * per_step): values for (name, step), values in world.losses.items()}
    scaled = World(world.domains, world.targets, world.runs, losses)
    with TemporaryDirectory() as folder:
        for number, name in enumerate(world.runs):
            log: list[dict[str, Any]] = [{"loss": 9.0, "step": 1, "grad_norm": 1.0}]
            for (run, step), values in world.losses.items():
                measured = [(t, v) for t, v in zip(world.targets, values, strict=True) if run == name and v is not None]
                log += [{f"eval_{target}_loss": loss, "step": step} for target, loss in measured]
            path = Path(folder) / "runs" / f"run{number}" / "checkpoint-7" / "trainer_state.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps({"global_step": 7, "log_history": log}))
        by_number = {name: f"run{number}" for number, name in enumerate(world.runs)}
        named = World(
            world.domains,
            world.targets,
            {by_number[name]: run for name, run in world.runs.items()},
            {(by_number[name], n_tokens): values for (name, n_tokens), values in scaled.losses.items()},
        )
        runs = [{n: v for n, v in row.items() if "loss." not in n and n != "n_tokens"} for row in named.rows()]
        table = by_csv(runs, Path(folder), ",")
        check(imported([Path(folder) / "runs"], columns=Columns(tokens_per_step=per_step), runs=table), named)


BROKEN = ["a word", "a share below 0", "a sum of 2", "no N", "a loss of 0", "another N", "another loss", "a short row"]


@st.composite
def broken(draw: st.DrawFn, kind: str, world: World) -> tuple[list[list[Any]], int]:
    """The cells of an export, header first, one of them wrong; and the row (from 1) that is."""
    rows = world.rows()
    names = list(rows[0])
    cells = [["" if value is None else value for value in row.values()] for row in rows]
    at = draw(st.integers(0, len(rows) - 1))
    row = cells[at]
    shares = [k for k, name in enumerate(names) if name.startswith("proportion.")]
    losses = [k for k, name in enumerate(names) if name.startswith("loss.") and row[k] != ""]
    if kind == "a word":
        row[draw(st.sampled_from([1, 2, shares[0], losses[0]]))] = draw(st.sampled_from(["abc", "1.2.3", "3_1", "x1"]))
    elif kind == "a share below 0":
        row[draw(st.sampled_from(shares))] = -0.25
    elif kind == "a sum of 2":
        for k in shares:
            row[k] *= 2
    elif kind == "no N":
        for other in cells:
            other[1] = "" if other[0] == row[0] else other[1]
        at = min(k for k, other in enumerate(cells) if other[0] == row[0])
    elif kind == "a loss of 0":
        row[losses[0]] = draw(st.sampled_from([0, -1.5]))
    elif kind == "a short row":
        cells[at] = row[:-1]
    else:
        copy = list(row)
        if kind == "another N":
            copy[1], copy[2] = row[1] * 2, row[2] * 2 + 1
        else:
            copy[losses[0]] = row[losses[0]] * 2
        cells.append(copy)
        at = len(cells) - 1
    return [names, *cells], at + 1


@unhurried
@given(world=worlds(), kind=st.sampled_from(BROKEN), data=st.data())
def test_a_malformed_export_is_one_line_that_names_the_row(world: World, kind: str, data: st.DataObject) -> None:
    (names, *cells), row = data.draw(broken(kind, world))
    lines = kind != "a short row" and data.draw(st.booleans())
    with TemporaryDirectory() as folder:
        if lines:
            rows = [dict(zip(names, [None if cell == "" else cell for cell in one], strict=True)) for one in cells]
            path = Path(folder) / "export.jsonl"
            path.write_text("\n".join(json.dumps(one) for one in rows), encoding="utf-8")
        else:
            path = Path(folder) / "export.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([names, *cells])
        with pytest.raises(UserError) as raised:
            imported([path])
        assert not (Path(folder) / "imported.parquet").exists()
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(f"{path}, row {row}")
    assert raised.value.hint


ENDINGS = ["csv", "tsv", "jsonl", "json", "parquet", "csv.gz", "trainer_state.json", "events.out.tfevents.1.host"]
PIECES = st.sampled_from(
    [b"Name,loss.a\n", b'{"Name": "a"}\n', b'{"results": {"a": {"b": 1}}}', b'{"log_history": [{"step": 1}]}', b"PAR1",
     b"[", b"{", b'"', b"\r\n", b"\t;", b"\xff\xfe", b"NaN", b"1e999",
     b"run_id,n_params,n_tokens,proportion.a,loss.a\n",
     b"r,1,1,1,1\n", b"\0", b"\x1f\x8b"]
)  # fmt: skip


@contextmanager
def one_line_of(source: Path) -> Iterator[None]:
    """Lets an error pass, if it is one line that names ``source`` or an option."""
    try:
        yield
    except UserError as error:
        named = str(source) in str(error) or error.where.startswith("--")
        if not named or "\n" in str(error):
            pytest.fail(f"the message does not name {source} on one line: {error}")
        raise


@unhurried
@given(ending=st.sampled_from(ENDINGS), content=st.lists(PIECES | st.binary(max_size=12), max_size=8).map(b"".join))
def test_no_bytes_at_all_end_in_a_traceback(ending: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "source" / (ending if "." in ending and ending != "csv.gz" else f"export.{ending}")
        path.parent.mkdir()
        path.write_bytes(content)
        source = path.parent if "tfevents" in ending else path
        with suppress(UserError), one_line_of(source):
            assert np.isfinite(imported([source], n_params=1e6).n_tokens).all()
