"""Tables in a store: what a build makes of them is what it makes of the same files on the disk."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from codescale.corpus.record import Reading, Record, endings
from codescale.corpus.sources.table import TableReader
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.storage.address import parse_address
from codescale.storage.cloud_store import CloudStore
from codescale.storage.object_store import ObjectStore
from codescale.storage.shared_folder import SharedFolder
from codescale.study.corpus import TableSource
from codescale.study.languages import load_registry
from tests.corpus.corpus_material import code
from tests.s3_server import BUCKET, MISSING, environment, s3_server

ROWS = [
    {
        "text": code("python", number),
        "lang": "py",
        "repo": f"r{number % 3}",
        "license": ["MIT"],
        "made": number % 4 == 0,
    }
    for number in range(12)
]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if MISSING is not None:
        pytest.skip(f"needs {MISSING}: pip install 'codescale[test]'")
    with s3_server() as port:
        yield port


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    if request.param == "folder":
        return SharedFolder(parse_address(f"file://{tmp_path}/store"))
    for name, value in environment(request.getfixturevalue("port")).items():
        monkeypatch.setenv(name, value)
    return CloudStore(parse_address(f"s3://{BUCKET}/{request.node.name.replace('[', '-').strip(']')}"))


def reader(path: str, base: Path, **settings: str) -> TableReader:
    registry = load_registry()
    reading = Reading(endings(registry, ("python", "go")), registry, base, base / "downloads")
    columns = {"language_column": "lang", "repository_column": "repo", "license_column": "license"}
    section = TableSource(kind="table", path=path, **({**columns, "generated_column": "made"} | settings))
    return TableReader(section, reading)


def found_in(path: str, base: Path) -> tuple[list[Record], dict[str, dict[str, int]], dict[str, int]]:
    one = reader(path, base)
    return list(one.records(Silent())), one.left_out.others(), dict(one.left_out.dropped["python"])


def tables(folder: Path) -> Path:
    """Two tables and what lies beside them."""
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(ROWS[:7]), folder / "data" / "b.parquet")
    pq.write_table(pa.Table.from_pylist(ROWS[7:]), folder / "a.parquet")
    (folder / "README.md").write_text("of what these are", encoding="utf-8")
    return folder


def put(store: ObjectStore, folder: Path) -> None:
    for path in folder.rglob("*.*"):
        store.put(path.relative_to(folder).as_posix(), path)


def test_a_store_gives_what_the_disk_gives(store: ObjectStore, tmp_path: Path) -> None:
    folder = tables(tmp_path / "tables")
    put(store, folder)
    expected = found_in(str(folder), tmp_path)
    assert found_in(str(store.address), tmp_path) == expected
    assert len(expected[0]) == 9
    assert expected[2] == {"generated": 3}
    assert not list((tmp_path / "downloads").iterdir()), "a table that was read stays on the disk"
    assert reader(str(store.address), tmp_path).origins()[0].name == str(store.address)


def test_one_table_of_a_store(store: ObjectStore, tmp_path: Path) -> None:
    folder = tables(tmp_path / "tables")
    put(store, folder)
    address = store.address.within("data/b.parquet")
    assert found_in(address, tmp_path) == found_in(str(folder / "data" / "b.parquet"), tmp_path)


def test_refusals_name_the_address(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^{store.address}: holds no table"):
        found_in(str(store.address), tmp_path)
    missing = store.address.within("gone.parquet")
    with pytest.raises(UserError, match=f"^{missing}: no such object"):
        found_in(missing, tmp_path)
    store.put("broken.parquet", b"PAR1 and no more")
    with pytest.raises(UserError, match=f"^{store.address}/broken.parquet: is not a readable Parquet file"):
        found_in(str(store.address), tmp_path)
    put(store, tables(tmp_path / "tables"))
    store.delete("broken.parquet")
    with pytest.raises(UserError, match=f"^{store.address}/a.parquet.*: has no column 'content'"):
        list(reader(str(store.address), tmp_path, text_column="content").records(Silent()))


def the_stack_v2(store: ObjectStore, folder: Path) -> list[dict[str, object]]:
    """A table in the layout of The Stack v2, and the contents that it names; one of them is not there."""
    rows = []
    for number in range(100):
        text, encoding = code("python", number), ("UTF-8", "ISO-8859-1", "no encoding")[number % 3]
        text = text.replace("sum", "süm") if encoding == "ISO-8859-1" else text
        identifier = f"{number:040x}"
        content = text.encode("latin-1" if encoding == "ISO-8859-1" else "utf-8")
        if number != 7:
            store.put(f"content/{identifier}", gzip.compress(content) if number % 5 else content)
        rows.append(
            {
                "blob_id": identifier, "src_encoding": encoding, "language": "Python", "path": f"/src/{number}.py",
                "repo_name": f"o/r{number % 4}", "detected_licenses": ["MIT"], "is_generated": number == 3,
                "is_vendor": number == 4, "expected": text,
            }
        )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows).drop_columns("expected"), folder / "stack.parquet")
    return rows


STACK = {
    "text_column": "blob_id",
    "encoding_column": "src_encoding",
    "language_column": "language",
    "repository_column": "repo_name",
    "path_column": "path",
    "license_column": "detected_licenses",
    "generated_column": "is_generated",
    "vendored_column": "is_vendor",
}


def test_contents_that_a_table_names_are_fetched_in_its_order(store: ObjectStore, tmp_path: Path) -> None:
    rows = the_stack_v2(store, tmp_path)
    one = reader("stack.parquet", tmp_path, contents=store.address.within("content"), **STACK)
    found = list(one.records(Silent()))
    kept = [row for number, row in enumerate(rows) if number not in (3, 4, 7)]
    assert [record.content.decode() for record in found] == [row["expected"] for row in kept]
    assert found[0].repository == "o/r0"
    assert found[0].licence == "MIT"
    assert dict(one.left_out.dropped["python"]) == {"generated": 1, "vendored": 1, "content_missing": 1}


@pytest.mark.parametrize("content", [gzip.compress(b"x" * 100)[:-12], b"\x1f\x8bnothing"])
def test_broken_contents_are_named(tmp_path: Path, content: bytes) -> None:
    store = SharedFolder(parse_address(f"file://{tmp_path}/store"))
    the_stack_v2(store, tmp_path)
    store.put(f"content/{0:040x}", content)
    one = reader("stack.parquet", tmp_path, contents=store.address.within("content"), **STACK)
    with pytest.raises(UserError, match=r"content/0+: is broken"):
        list(one.records(Silent()))


def test_an_id_that_is_none_never_becomes_a_name_in_the_store(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([{"blob_id": "../../secret", "language": "Python"}]), tmp_path / "t.parquet")
    one = TableReader(
        TableSource(kind="table", path="t.parquet", contents=f"file://{tmp_path}/store", text_column="blob_id",
                    language_column="language"),
        Reading(endings(load_registry(), ("python",)), load_registry(), tmp_path, tmp_path / "downloads"),
    )  # fmt: skip
    with pytest.raises(UserError, match=r"'\.\./\.\./secret' is no id of a content"):
        list(one.records(Silent()))


@pytest.mark.parametrize("path", ["ftp://host/data", "s3://key:secret@bucket/data", "s3://bucket"])
def test_what_is_no_address_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        reader(path, tmp_path)
    assert "secret" not in str(refusal.value)
