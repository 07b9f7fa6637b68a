"""Tables and folders by property: what went in comes back, what is left out is counted, what is broken is one line.

``make nightly`` tries 2,000 of each kind.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codescale.corpus.record import Reading, Record, endings
from codescale.corpus.sources.folder import FolderReader
from codescale.corpus.sources.table import TableReader
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.corpus import FolderSource, TableSource
from codescale.study.languages import load_registry

pytestmark = pytest.mark.fuzz
REGISTRY = load_registry()
KNOWN = {"Python": "python", "py": "python", "C-Sharp": "csharp", "C#": "csharp", "c_sharp": "csharp"}
OTHERS = {"GO": "go", "golang": "go", "Rust": "rust"}
UNKNOWN = ("Cobol", "C++", "ab", "Python;Go")

Row = dict[str, Any]
Table = list[Row]
KEYS = ("text", "label", "repository", "path", "licence", "generated")

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=40) | st.sampled_from(
    ['"', '""', "\r", "\r\n", "a\rb", "\0", " ", ",;\t|", "\ufeff", "null"]
)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\."), min_size=1, max_size=8)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
rows = st.fixed_dictionaries(
    {
        "text": st.none() | texts,
        "label": st.none() | st.sampled_from([*KNOWN, *OTHERS, *UNKNOWN]),
        "repository": st.none() | names,
        "path": st.none() | paths,
        "licence": st.none() | names,
        "generated": st.none() | st.booleans(),
    }
)
columns = st.lists(
    st.text(st.sampled_from("abxé .,;|\"'_#{}[]"), min_size=1, max_size=5),
    min_size=len(KEYS),
    max_size=len(KEYS),
    unique=True,
)


def frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table, columns=list(table[0]), dtype=object)


def arrow(table: Table) -> pa.Table:
    kinds = [pa.bool_() if isinstance(name, _Marks) else pa.string() for name in table[0]]
    return pa.Table.from_pylist(table, pa.schema(list(zip(table[0], kinds, strict=True))))


class _Marks(str):
    """The name of the column of truth values."""


def buffer(write: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def dictionaries(table: pa.Table) -> pa.Table:
    encoded = [one.dictionary_encode() if pa.types.is_string(one.type) else one for one in table.columns]
    return pa.table(encoded, names=table.column_names)


def large(table: pa.Table) -> pa.Table:
    return table.cast(
        pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in table.schema])
    )


def by_csv_module(table: Table, separator: str = ",", quoting: int = csv.QUOTE_MINIMAL, end: str = "\r\n") -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(table[0]), delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writeheader()
    writer.writerows(table)
    return file.getvalue().encode()


def without_nulls(row: Row) -> Row:
    return {key: value for key, value in row.items() if value is not None}


def json_lines(table: Table) -> bytes:
    return "\n".join(json.dumps(row) for row in table).encode()


Writer = Callable[[Table], bytes]
WRITERS: dict[str, dict[str, Writer]] = {
    "parquet": {
        "pyarrow.parquet": lambda table: buffer(lambda file: pq.write_table(arrow(table), file)),
        "dictionaries.pq": lambda table: buffer(lambda file: pq.write_table(dictionaries(arrow(table)), file)),
        "large.parquet": lambda table: buffer(
            lambda file: pq.write_table(large(arrow(table)), file, compression="zstd")
        ),
        "groups.parquet": lambda table: buffer(lambda file: pq.write_table(arrow(table), file, row_group_size=2)),
        "pandas.parquet": lambda table: buffer(frame(table).to_parquet),
    },
    "lines": {
        "json.jsonl": json_lines,
        "json.json": json_lines,
        "utf8.ndjson": lambda table: "\r\n".join(json.dumps(row, ensure_ascii=False) for row in table).encode(),
        "sparse.jsonl": lambda table: json_lines([table[0], *map(without_nulls, table[1:])]),
        "pandas.jsonl": lambda table: frame(table).to_json(orient="records", lines=True).encode(),
    },
    "list": {
        "json.json": lambda table: json.dumps(table).encode(),
        "indented.json": lambda table: json.dumps(table, indent=2, ensure_ascii=False).encode(),
        "pandas.json": lambda table: frame(table).to_json(orient="records").encode(),
        "objects.json": lambda table: "".join(json.dumps(row, indent=1) for row in table).encode(),
    },
    "separated": {
        "module.csv": by_csv_module,
        "unix.csv": lambda table: by_csv_module(table, end="\n"),
        "quoted.csv": lambda table: by_csv_module(table, quoting=csv.QUOTE_ALL),
        "semicolons.csv": lambda table: by_csv_module(table, ";"),
        "tabs.tsv": lambda table: by_csv_module(table, "\t"),
        "pandas.csv": lambda table: frame(table).to_csv(index=False).encode(),
        "mark.csv": lambda table: frame(table).to_csv(index=False).encode("utf-8-sig"),
        "pyarrow.csv": lambda table: buffer(lambda file: pyarrow.csv.write_csv(arrow(table), file)),
    },
}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
    ".lz4": lambda content: pa.compress(content, codec="lz4", asbytes=True),
}
KINDS = list(WRITERS)


def reader(path: Path, called: Sequence[str], **settings: Any) -> TableReader:
    keys = ("text", "language", "repository", "path", "license", "generated")
    section = TableSource(
        kind="table",
        path=str(path),
        **{f"{key}_column": name for key, name in zip(keys, called, strict=True)},
        **settings,
    )
    return TableReader(section, Reading(endings(REGISTRY, ("python", "csharp")), REGISTRY, path, path))


def renamed(table: Table, called: Sequence[str]) -> Table:
    keys = dict(zip(KEYS, [*called[:-1], _Marks(called[-1])], strict=True))
    return [{keys[key]: value for key, value in row.items()} for row in table]


@st.composite
def files(draw: st.DrawFn, kind: str) -> tuple[str, bytes, Table, list[str]]:
    """A file's name, its content, the rows that went in, and what its columns are called."""
    table, called = draw(st.lists(rows, min_size=1, max_size=8)), draw(columns)
    name = draw(st.sampled_from(sorted(WRITERS[kind])))
    packed = "" if kind == "parquet" else draw(st.sampled_from(sorted(PACKED)))
    return f"{name}{packed}", PACKED[packed](WRITERS[kind][name](renamed(table, called))), table, called


def expected(name: str, table: Table, nulls_are_empty: bool) -> tuple[list[tuple[Any, ...]], dict, dict]:
    """Records, drops by language, and what else is left out, worked out from the rows that went in."""
    found, dropped, others = [], Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in table:
        label, language = row["label"], KNOWN.get(row["label"])
        text = "" if nulls_are_empty and row["text"] is None else row["text"]
        if label is None or label in UNKNOWN:
            others["unknown_label", label or "(no label)"] += 1
        elif label in OTHERS:
            others["other_language", OTHERS[label]] += 1
        elif text is None:
            dropped[str(language), "null_text"] += 1
        elif row["generated"]:
            dropped[str(language), "generated"] += 1
        else:
            found.append(
                (language, row["repository"] or Path(name).stem, row["path"], text, row["licence"] or "not stated")
            )
    return found, dict(dropped), dict(others)


def came_back(records: list[Record]) -> list[tuple[Any, ...]]:
    return [
        (r.language, r.repository, r.path if r.is_real_path else None, r.content.decode(), r.licence) for r in records
    ]


@pytest.mark.parametrize("kind", KINDS)
@patient
@given(data=st.data())
def test_a_well_formed_table_comes_back(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    name, content, table, called = data.draw(files(kind))
    (tmp_path / name).write_bytes(content)
    found, dropped, others = expected(name, table, nulls_are_empty=kind == "separated")
    opened = reader(tmp_path / name, called)
    if not found and not dropped and any(reason == "unknown_label" for reason, _ in others):
        with pytest.raises(UserError, match="no row is in a language of the study"):
            list(opened.records(Silent()))
    else:
        assert came_back(list(opened.records(Silent()))) == found
    left_out = opened.left_out
    assert {(la, why): n for la, counts in left_out.dropped.items() for why, n in counts.items()} == dropped
    assert {(why, what): n for why, counts in left_out.others().items() for what, n in counts.items()} == others
    assert len(found) + sum(dropped.values()) + sum(others.values()) == len(table)


def refusal(opened: TableReader) -> UserError | None:
    try:
        list(opened.records(Silent()))
    except UserError as error:
        return error
    return None


def mutated(content: bytes, draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    """``content`` cut short, with a piece taken out, put in or replaced."""
    begin = draw(st.integers(0, len(content)))
    end = draw(st.integers(begin, min(len(content), begin + 20)) | st.just(len(content)))
    return (
        content[:begin]
        + draw(st.binary(max_size=6) | st.sampled_from([b"\xff", b'"', b"{", b"\n", b"\0"]))
        + content[end:]
    )


@pytest.mark.parametrize("kind", KINDS)
@patient
@given(data=st.data())
def test_a_broken_table_is_one_line_that_names_it(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    """Broken before or after it is packed. What is still a table may be read; nothing else than a line comes out."""
    name, content, _, called = data.draw(files(kind))
    (tmp_path / name).write_bytes(mutated(content, data.draw))
    refused = refusal(reader(tmp_path / name, called))
    if refused is not None:
        assert name in str(refused)
        assert refused.hint
        assert len(str(refused).splitlines()) == 1


@pytest.mark.parametrize("kind", KINDS)
@patient
@given(data=st.data())
def test_a_table_without_a_column_names_it(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    name, content, _, called = data.draw(files(kind))
    (tmp_path / name).write_bytes(content)
    missing = data.draw(st.integers(0, len(called) - 1))
    asked = [*called[:missing], "not there", *called[missing + 1 :]]
    with pytest.raises(UserError, match="has no column 'not there'") as refused:
        list(reader(tmp_path / name, asked).records(Silent()))
    assert name in str(refused.value)


WRONG = {
    "text": [3, ["x"], {"a": "b"}, True],
    "label": [["py"], {"a": 1}],
    "path": [[1]],
    "generated": ["perhaps", 2, [True]],
}


@pytest.mark.parametrize("kind", ["lines", "list"])
@patient
@given(data=st.data())
def test_a_cell_of_another_type_names_its_row_and_column(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    table, called = data.draw(st.lists(rows, min_size=1, max_size=6)), data.draw(columns)
    key = data.draw(st.sampled_from(sorted(WRONG)))
    place = data.draw(st.integers(0, len(table) - 1))
    good = {"text": "x", "label": "py", "repository": "r", "path": "p", "licence": "l", "generated": False}
    table[place] = good | {key: data.draw(st.sampled_from(WRONG[key]))}
    written = renamed(table, called)
    name = "t.jsonl" if kind == "lines" else "t.json"
    (tmp_path / name).write_bytes(json_lines(written) if kind == "lines" else json.dumps(written).encode())
    with pytest.raises(UserError) as refused:
        list(reader(tmp_path / name, called).records(Silent()))
    assert refused.value.where == f"{tmp_path / name}, row {place + 1}, {called[KEYS.index(key)]}"


parts = st.sampled_from(["src", "vendor", "a", ".git", "node_modules", "Dist", "x.y"]) | names
tails = st.sampled_from(["m.py", "M.CS", "n.PY", "o.rs", "p", "q.json.gz", "Makefile", ".hidden.py", "r.csv"])


@patient
@given(
    tree=st.sets(
        st.tuples(st.lists(parts, max_size=3), tails).map(lambda t: "/".join([*t[0], t[1]])), min_size=1, max_size=12
    )
)
def test_every_file_of_a_folder_is_read_or_counted(tmp_path_factory: pytest.TempPathFactory, tree: set[str]) -> None:
    folder = tmp_path_factory.mktemp("code")
    for path in tree:
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(path, encoding="utf-8")
        except OSError:  # a file where another path has a folder
            continue
    written = {
        path.relative_to(folder).as_posix()
        for here, _, inside in os.walk(folder)
        for path in map(Path(here).joinpath, inside)
    }
    hidden = {path for path in written if any(part.startswith(".") for part in path.split("/")[:-1])}
    taken = {path for path in written - hidden if path.lower().endswith((".py", ".cs"))}
    opened = FolderReader(
        FolderSource(kind="folder", path=str(folder)),
        Reading(endings(REGISTRY, ("python", "csharp")), REGISTRY, folder, folder),
    )
    if not taken:
        with pytest.raises(UserError, match="holds no file of the study's languages"):
            list(opened.records(Silent()))
    else:
        found = [record.content.decode() for record in opened.records(Silent())]
        assert sorted(found) == sorted(taken)
    others = opened.left_out.others()
    assert sum(others.get("other_ending", {}).values()) == len(written - hidden - taken)
    assert bool(others.get("hidden")) == any((folder / path).is_dir() for path in _hidden_folders(folder))


def _hidden_folders(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob(".*") if path.is_dir()]
