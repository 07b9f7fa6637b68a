"""Tables: what names and paths in them mean, every kind of file, and that no row and no file is left out in silence."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codescale.corpus.build import build_corpus
from codescale.corpus.record import Reading, Record, endings
from codescale.corpus.sources.table import TableReader
from codescale.corpus.sources.tables import csv_rows, json_rows
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, TableSource
from codescale.study.folder import StudyFolder
from codescale.study.languages import load_registry
from tests.corpus.corpus_material import code

REGISTRY = load_registry()
Rows = Sequence[dict[str, Any]]


def reader(path: Path, **settings: Any) -> TableReader:
    section = TableSource(kind="table", path=str(path), **({"language": "python"} | settings))
    return TableReader(section, Reading(endings(REGISTRY, ("python", "csharp")), REGISTRY, path, path))


def records(path: Path, **settings: Any) -> list[Record]:
    return list(reader(path, **settings).records(Silent()))


def texts(path: Path, **settings: Any) -> list[str]:
    return [record.content.decode() for record in records(path, **settings)]


def lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def separated(rows: Rows, separator: str = ",") -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def labelled(**settings: Any) -> dict[str, Any]:
    return {"language": None, "language_column": "lang", "text_column": "content"} | settings


@pytest.mark.parametrize("name", ["generated", "vendor", "externals", "third_party", "node_modules", "dist"])
def test_a_tables_own_name_is_no_path_of_its_rows(tmp_path: Path, config: StudyConfig, name: str) -> None:
    rows = [{"content": code("python", number), "lang": "py", "repo": f"r{number % 6}"} for number in range(30)]
    (tmp_path / name).mkdir()
    (tmp_path / name / f"{name}.jsonl").write_bytes(lines(rows))
    table = TableSource(kind="table", path=name, **labelled(repository_column="repo"))
    section = CorpusSection(sources=(table,), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section, "languages": ("python",)})
    entry = build_corpus(chosen, StudyFolder(tmp_path), Silent()).languages["python"]
    assert (sum(entry.documents.values()), entry.dropped) == (30, {})


def test_real_paths_in_a_table_are_looked_at_and_steer_the_splits(tmp_path: Path, config: StudyConfig) -> None:
    rows = [
        {"content": code("python", number), "path": f"{folder}/part{number % 5}/f{number}.py", "license": licence}
        for number, (folder, licence) in enumerate(
            [("src", "MIT"), ("a/b/vendor/c", "MIT"), ("Third_Party", "MIT"), ("src\\lib", None), ("x/dist", "MIT")]
            * 12
        )
    ]
    (tmp_path / "code.jsonl").write_bytes(lines(rows))
    table = TableSource(
        kind="table", path="code.jsonl", text_column="content", path_column="path", license_column="license"
    )
    section = CorpusSection(sources=(table,), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section, "languages": ("python",)})
    entry = build_corpus(chosen, StudyFolder(tmp_path), Silent()).languages["python"]
    assert entry.dropped == {"vendored": 24, "generated": 12}
    assert entry.licences == {"MIT": 12, "not stated": 12}
    assert all(unit.startswith("code/src/") for units in entry.units.values() for unit in units)


def test_what_columns_say_of_a_row(tmp_path: Path) -> None:
    """The Stack v2's columns: licences are a list, is_generated and is_vendor are truth values."""
    rows = [
        {"content": "a", "lang": "C-Sharp", "path": "/src/A.cs", "lic": ["MIT", "Apache-2.0", "MIT"], "gen": False},
        {"content": "b", "lang": "Python", "path": "./src/b.py", "lic": [], "gen": True},
        {"content": "c", "lang": "Python", "path": None, "lic": None, "gen": None},
        {"content": "d", "lang": "Python", "path": "d.py", "lic": ["MIT"], "gen": False, "vendored": True},
    ]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(
        {"content": pa.string(), "lang": pa.string(), "path": pa.string(), "lic": pa.list_(pa.string()),
         "gen": pa.bool_(), "vendored": pa.bool_()})), tmp_path / "t.parquet")  # fmt: skip
    columns = {"path_column": "path", "license_column": "lic", "generated_column": "gen", "vendored_column": "vendored"}
    opened = reader(tmp_path / "t.parquet", **labelled(**columns))
    found = list(opened.records(Silent()))
    assert [(one.path, one.licence, one.is_real_path) for one in found] == [
        ("src/A.cs", "Apache-2.0, MIT", True),
        ("t/000000003", "not stated", False),
    ]
    assert opened.left_out.dropped == {"python": {"generated": 1, "vendored": 1}}


@pytest.mark.parametrize(("word", "is_true"), [("True", 1), ("FALSE", 0), ("1", 1), ("0.0", 0), ("", 0), ("yes", 1)])
def test_truth_values_in_csv_are_words(tmp_path: Path, word: str, is_true: int) -> None:
    (tmp_path / "t.csv").write_bytes(separated([{"text": "x", "gen": word}]))
    opened = reader(tmp_path / "t.csv", generated_column="gen")
    assert len(list(opened.records(Silent()))) == 1 - is_true
    assert sum(opened.left_out.dropped["python"].values()) == is_true


def test_the_language_may_be_told_by_the_path(tmp_path: Path) -> None:
    rows = [
        {"text": "a", "path": "x/a.py"},
        {"text": "b", "path": "b.CS"},
        {"text": "c", "path": "c.kt"},
        {"text": "d"},
    ]
    (tmp_path / "t.jsonl").write_bytes(lines(rows))
    opened = reader(tmp_path / "t.jsonl", language=None, path_column="path")
    assert [record.language for record in opened.records(Silent())] == ["python", "csharp"]
    assert opened.left_out.others() == {"other_ending": {"(no path)": 1, ".kt": 1}}


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
    ".lz4": lambda content: pa.compress(content, codec="lz4", asbytes=True),
    ".bz2": bz2.compress,
}


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("kind", [".jsonl", ".ndjson", ".json", ".csv", ".tsv", "list.json"])
def test_every_kind_of_file_is_read(tmp_path: Path, kind: str, packed: str) -> None:
    rows = [{"n": number, "text": f'line\n"{number}",\t;é\r\n'} for number in range(3)]
    content = {
        ".csv": separated(rows),
        ".tsv": separated(rows, "\t"),
        "list.json": json.dumps(rows, indent=1).encode(),
    }.get(kind, lines(rows))
    (tmp_path / "tables").mkdir()
    path = tmp_path / "tables" / f"t{kind}{packed}"
    path.write_bytes(PACKED[packed](content))
    expected = [row["text"] for row in rows]
    assert texts(path) == expected
    assert texts(tmp_path / "tables") == expected


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_by_the_header(tmp_path: Path, separator: str) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + separated([{"a;b": 1, "text": "x", "lang": "py"}], separator))
    assert texts(tmp_path / "t.csv", **labelled(text_column="text")) == ["x"]
    told = b"\xef\xbb\xbfsep=" + separator.encode() + b"\r\n"  # as Excel reads it
    (tmp_path / "t.csv").write_bytes(told + separated([{"a;b": 1, "text": "x", "lang": "py"}], separator))
    assert texts(tmp_path / "t.csv", **labelled(text_column="text")) == ["x"]


def test_a_text_longer_than_the_csv_module_allows(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    (tmp_path / "t.csv").write_bytes(separated([{"text": "x\n" * 200_000}]))
    assert [len(text) for text in texts(tmp_path / "t.csv")] == [400_000]
    assert csv.field_size_limit() == before


def test_rows_and_files_that_are_left_out_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    (folder / ".cache").mkdir(parents=True)
    (folder / "linked").symlink_to(folder, target_is_directory=True)
    rows = [
        {"content": "a", "lang": "py"},
        {"content": None, "lang": "Python"},
        {"content": "b", "lang": "Cobol"},
        {"content": "c", "lang": "Cobol"},
        {"content": "d", "lang": None},
        {"content": "e", "lang": "golang"},
        {"lang": "C#"},
    ]
    (folder / "a.jsonl").write_bytes(lines(rows))
    (folder / "b.json.gz").write_bytes(gzip.compress(lines([{"content": "f", "lang": "c_sharp"}])))
    (folder / "empty.jsonl").write_bytes(b"\n\n")
    (folder / "dataset_info.json").write_text(json.dumps({"features": {"content": "string"}}, indent=2))
    (folder / "labels.csv").write_text("label,meaning\n1,python\n")
    (folder / "README.md").write_text("What is in here.")
    (folder / "old.arrow").write_bytes(b"")
    (folder / "._a.jsonl").write_bytes(b"\0\0")
    (folder / "c.parquet").mkdir()
    pq.write_table(pa.table({"content": ["g"], "lang": ["PYTHON"]}), folder / "c.parquet" / "part-0.parquet")
    opened = reader(folder, **labelled())
    assert sorted(record.content for record in opened.records(Silent())) == [b"a", b"f", b"g"]
    assert opened.left_out.dropped == {"python": {"null_text": 1}, "csharp": {"null_text": 1}}
    assert opened.left_out.others() == {
        "hidden": {"._a.jsonl": 1, ".cache/": 1},
        "link": {"linked/": 1},
        "other_ending": {".arrow": 1, ".md": 1},
        "unknown_label": {"Cobol": 2, "(no label)": 1},
        "other_language": {"go": 1},
        "no_rows": {"empty.jsonl": 1},
        "no_text_column": {"dataset_info.json": 1, "labels.csv": 1},
    }


def test_files_of_a_folder_may_be_links(tmp_path: Path) -> None:
    """As in the hub's cache, whose snapshots link to blobs."""
    (tmp_path / "blob").write_bytes(lines([{"text": "x"}]))
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / "train.jsonl").symlink_to(tmp_path / "blob")
    (tmp_path / "snapshot" / "gone.jsonl").symlink_to(tmp_path / "nowhere")
    opened = reader(tmp_path / "snapshot")
    assert [record.content for record in opened.records(Silent())] == [b"x"]
    assert opened.left_out.others() == {"link": {"gone.jsonl": 1}}


def test_what_was_left_out_is_in_the_manifest_also_after_a_kill(tmp_path: Path, config: StudyConfig) -> None:
    rows = [{"content": code("python", number), "lang": "py" if number else "Pyret"} for number in range(30)]
    (tmp_path / "code.jsonl").write_bytes(
        lines([*rows, {"content": None, "lang": "py"}, {"content": "", "lang": "py"}])
    )
    section = CorpusSection(sources=(TableSource(kind="table", path="code.jsonl", **labelled()),), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section, "languages": ("python",)})
    study = StudyFolder(tmp_path)
    manifest = build_corpus(chosen, study, Silent())
    assert manifest.sources[0].left_out == {"unknown_label": {"Pyret": 1}}
    assert manifest.languages["python"].dropped == {"null_text": 1, "empty": 1}
    assert sum(manifest.languages["python"].documents.values()) == 29
    study.manifest.unlink()
    (tmp_path / "code.jsonl").write_bytes(b"not read again")
    assert build_corpus(chosen, study, Silent()).sources == manifest.sources


def test_a_language_that_no_row_has_is_told_with_what_was_left_out(tmp_path: Path, config: StudyConfig) -> None:
    rows = [{"content": code("python", number), "lang": "py" if number % 2 else "Gopher"} for number in range(30)]
    (tmp_path / "code.jsonl").write_bytes(lines(rows))
    section = CorpusSection(sources=(TableSource(kind="table", path="code.jsonl", **labelled()),), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section, "languages": ("python", "go")})
    said = r"corpus, go: has no documents after cleaning \(none left out\); .*label means no language: Gopher \(15\)"
    with pytest.raises(UserError, match=said):
        build_corpus(chosen, StudyFolder(tmp_path), Silent())


def test_where_no_label_is_known_they_are_listed_and_can_be_explained(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines([{"content": "x", "lang": f"Py{number % 3}"} for number in range(7)]))
    said = (
        r"t\.jsonl, lang: no row .*\(csharp, python\); .* Py0 \(3\), Py1 \(2\), Py2 \(2\); .*language_labels: \{LABEL:"
    )
    with pytest.raises(UserError, match=said):
        records(tmp_path / "t.jsonl", **labelled())
    assert len(records(tmp_path / "t.jsonl", **labelled(language_labels={"py0": "python", "Py1": "c-sharp"}))) == 5
    with pytest.raises(UserError, match=r"t\.jsonl, language_labels\.py0: 'Pyth' is not in the registry"):
        records(tmp_path / "t.jsonl", **labelled(language_labels={"py0": "Pyth"}))
    with pytest.raises(UserError, match=r"t\.jsonl, language: 'Pyth' is not in the registry"):
        records(tmp_path / "t.jsonl", language="Pyth")


def test_a_wrong_language_column_is_not_printed_whole(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines([{"content": "x" * 9_000 + str(n), "lang": "py"} for n in range(3_000)]))
    with pytest.raises(UserError, match="no row is in a language") as refused:
        records(tmp_path / "t.jsonl", **labelled(language_column="content"))
    assert len(str(refused.value)) < 1_000


def test_where_nothing_else_is_recognised_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines([{"text": "x", "path": "a.kt"}] * 2))
    with pytest.raises(UserError, match=r"t\.jsonl, path: no path ends as .*: \.kt \(2\)"):
        records(tmp_path / "t.jsonl", language=None, path_column="path")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.csv").write_text("content\nx\n")
    with pytest.raises(UserError, match=r"tables: no table has a column 'text': a\.csv \(1\)"):
        records(tmp_path / "tables")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x")
    with pytest.raises(UserError, match=r"code: holds no table, but \.py \(1\); .*kind: folder"):
        records(tmp_path / "code")


def test_json_may_leave_out_what_is_null_but_not_a_whole_column(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_bytes(lines([{"text": "a"}, {"text": "b", "repo": "r"}] * 60))
    assert [one.repository for one in records(tmp_path / "t.jsonl", repository_column="repo")] == ["t", "r"] * 60
    with pytest.raises(UserError, match=r"t\.jsonl: has no column 'license'; .*text, repo"):
        records(tmp_path / "t.jsonl", license_column="license")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.json", b'[{"text": "x"}, {"text": ]', "row 2: is not JSON"),
        ("t.json", b'[{"text": "x"} {"text": "y"}]', "row 2: has no comma before it"),
        ("t.json", b'[{"text": "x"}', "ends within its list, after row 1"),
        ("t.json", b'[{"text": "x"}] {}', "goes on after the end of its list"),
        ("t.json", b'{"text": "x"}]', "has a ] too much"),
        ("t.json", b'["x"]', "row 1: is not a JSON object"),
        ("t.json", b"[" * 100_000, "row 1: is nested too deeply"),
        ("t.jsonl", b'{"text": ' + b"[" * 100_000, "line 1: is nested too deeply"),
        ("t.jsonl", '{"text": "x"}'.encode("utf-16"), "is UTF-16"),
        ("t.csv", "text\nx\n".encode("utf-16"), "is UTF-16"),
        ("t.csv", b"text,a\nx,1\ny\n", "line 3: has 1 cells where the header has 2"),
        ("t.csv", b'text,a\nx,1\n"y,1\nz,2\n', "line 4: is not CSV"),
        ("t.csv", b'text\n"y\nz\n', "line 3: is not CSV"),
        ("t.csv", b'text\n"say \\"y\\""\n', "line 2: is not CSV"),
        ("t.csv", b"text,text\nx,y\n", "has 2 columns called 'text'"),
        ("t.csv", b"code\nx\n", "has no column 'text'.*code"),
        ("t.jsonl.zst", b"none", r"t\.jsonl\.zst: cannot be read"),
        ("t.jsonl.zst", pa.compress(b'{"text": "x"}\n' * 99, codec="zstd", asbytes=True)[:-3], "cannot be read"),
        ("t.csv.gz", gzip.compress(b"text\n" + bytes(range(65, 91)) * 99, mtime=0)[:-9], r"t\.csv\.gz: cannot be read"),
        ("t.json.gz", gzip.compress(b'{"text": "x"}', mtime=0)[:-8] + bytes(8), r"t\.json\.gz: cannot be read"),
        ("t.json.xz", b"none", r"t\.json\.xz: cannot be read"),
    ],
)
def test_a_broken_table_is_named_with_its_row(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said) as refused:
        records(tmp_path / name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("lang", ["py"], "row 2, lang: is no name but list"),
        ("path", {"a": 1}, "row 2, path: is no name but dict"),
        ("path", "\ud83d.py", "row 2, path: is no UTF-8 text"),
        ("gen", "perhaps", "row 2, gen: is neither true nor false: 'perhaps'"),
        ("gen", 2, "row 2, gen: is neither true nor false: '2'"),
        ("content", 7, "row 2, content: is not text but int"),
    ],
)
def test_a_cell_that_is_none_of_its_column(tmp_path: Path, column: str, value: object, said: str) -> None:
    row = {"content": "x", "lang": "py", "path": "a.py", "gen": False}
    (tmp_path / "t.jsonl").write_bytes(lines([row, row | {column: value}]))
    with pytest.raises(UserError, match=rf"t\.jsonl, {said}"):
        records(tmp_path / "t.jsonl", **labelled(path_column="path", generated_column="gen"))


def test_text_that_is_no_utf8_is_counted_as_that(tmp_path: Path, config: StudyConfig) -> None:
    good = "".join(json.dumps({"text": code("python", number)}) + "\n" for number in range(30)).encode()
    bad = b'{"text": "' + b"word \xff\xfe " * 30 + b'"}\n' + b'{"text": "half \\ud83d' + b" word" * 30 + b'"}\n'
    (tmp_path / "t.jsonl").write_bytes(bad + good)
    (tmp_path / "t.csv").write_bytes(b"text\n" + b"word \xff\xfe " * 30 + b"\n")
    claimed = pa.array([b"word \xff\xfe " * 30]).view(pa.string())
    pq.write_table(pa.table({"text": claimed}), tmp_path / "t.parquet")
    tables = [TableSource(kind="table", path=f"t.{kind}", language="py") for kind in ("jsonl", "csv", "parquet")]
    chosen = config.model_copy(
        update={"corpus": CorpusSection(sources=tuple(tables), vocabulary=300), "languages": ("python",)}
    )
    entry = build_corpus(chosen, StudyFolder(tmp_path), Silent()).languages["python"]
    assert (sum(entry.documents.values()), entry.dropped) == (30, {"not_utf8": 4})


def test_a_list_that_is_no_utf8_is_a_broken_file(tmp_path: Path) -> None:
    licences = pa.ListArray.from_arrays([0, 1], pa.array([b"\xff"]).view(pa.string()))
    pq.write_table(pa.table({"text": ["x"], "lic": licences}), tmp_path / "t.parquet")
    with pytest.raises(UserError, match=r"t\.parquet: is not a readable Parquet file \('utf-8'"):
        records(tmp_path / "t.parquet", license_column="lic")


def test_a_row_too_long_for_memory_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_rows, csv_rows):
        monkeypatch.setattr(module, "LIMIT", 1_000)
    monkeypatch.setattr(json_rows, "_CHUNK", 100)
    rows = [{"text": "a"}, {"text": "b" * 5_000}, {"text": "c"}]
    (tmp_path / "t.jsonl.gz").write_bytes(gzip.compress(lines(rows)))
    opened = reader(tmp_path / "t.jsonl.gz")
    assert [record.content for record in opened.records(Silent())] == [b"a", b"c"]
    assert opened.left_out.others() == {"too_large": {"t.jsonl.gz": 1}}
    (tmp_path / "t.json").write_text(json.dumps(rows))
    with pytest.raises(UserError, match="row 2: is not JSON"):
        records(tmp_path / "t.json")
    (tmp_path / "t.csv").write_bytes(b'text\n"a\n' + b"bbbbbbbbb\n" * 500)
    with pytest.raises(UserError, match="belongs to a row of more than 1,000 bytes: a quotation mark"):
        records(tmp_path / "t.csv")


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    """A line of 150 MB in 150 kB, unpacked as a stream: no more of it is held than a row may have."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = b"x" * 1_000_000
    packed = packer.compress(b'{"text": "') + b"".join(packer.compress(chunk) for _ in range(150)) + packer.flush()
    (tmp_path / "t.jsonl.gz").write_bytes(packed)
    opened = reader(tmp_path / "t.jsonl.gz")
    tracemalloc.start()
    try:
        assert list(opened.records(Silent())) == []
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
    assert opened.left_out.others() == {"too_large": {"t.jsonl.gz": 1}}


def test_one_text_for_many_rows_is_in_memory_once(tmp_path: Path) -> None:
    """A dictionary of one text of 400 kB and 20,000 rows: 8 GB, in a file of some kilobytes."""
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 400_000]))
    pq.write_table(pa.table({"text": column}), tmp_path / "t.parquet", compression="zstd", store_schema=False)
    before = pa.default_memory_pool().bytes_allocated()
    for number, record in enumerate(reader(tmp_path / "t.parquet").records(Silent())):
        assert len(record.content) == 400_000
        if number == 1_500:
            break
    assert pa.default_memory_pool().bytes_allocated() - before < 100_000_000


@pytest.mark.parametrize("name", ["a.b", "text.list", "", "tëxt", "select"])
def test_columns_of_any_name(tmp_path: Path, name: str) -> None:
    pq.write_table(pa.table({name: ["x"], "other": [[1]]}), tmp_path / "t.parquet")
    assert texts(tmp_path / "t.parquet", text_column=name) == ["x"]


def test_columns_that_would_tell_more_are_named(tmp_path: Path) -> None:
    """The Stack's: a path_column that nobody names would leave vendored files in without a word."""

    class Listening(Silent):
        said = ""

        def say(self, message: str) -> None:
            self.said += message

    row = {"text": "x", "max_stars_repo_path": "vendor/a.py", "max_stars_repo_licenses": "MIT", "is_generated": "no"}
    for name, content in (("t.csv", separated([row])), ("t.jsonl", lines([row])), ("t.json", lines([row]))):
        (tmp_path / name).write_bytes(content)
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "t.parquet")
    for kind in ("csv", "jsonl", "json", "parquet"):
        listening = Listening()
        list(reader(tmp_path / f"t.{kind}", license_column="max_stars_repo_licenses").records(listening))
        assert listening.said.endswith(
            "corpus.sources: path_column: max_stars_repo_path, generated_column: is_generated."
        )


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table([pa.array(["x"]), pa.array(["y"])], names=["text", "text"]), tmp_path / "t.parquet")
    with pytest.raises(UserError, match="has 2 columns called 'text'"):
        records(tmp_path / "t.parquet")
