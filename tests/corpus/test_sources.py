"""Folders, tables and npm tarballs as sources, and their clear refusals. The package index: test_corpus_downloads."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import stat
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from codescale.corpus.catalogue import NpmCatalogue, PackageCatalogue, read_catalogue
from codescale.corpus.record import Reading, endings
from codescale.corpus.sources.registry import open_source
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.corpus import FolderSource, NpmSource, TableSource
from codescale.study.languages import load_registry
from tests.corpus.corpus_material import make_sdist

LANGUAGES = ("python", "csharp")


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    registry = load_registry()
    return Reading(endings(registry, LANGUAGES), registry, tmp_path, tmp_path / "downloads")


def test_a_folder_of_repositories(tmp_path: Path, reading: Reading) -> None:
    for path in ("code/one/src/a.py", "code/one/.git/b.py", "code/two/c.CS", "code/two/d.java", "code/loose.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("text", encoding="utf-8")
    (tmp_path / "code/two/link.py").symlink_to(tmp_path / "code/loose.py")
    records = list(open_source(FolderSource(kind="folder", path="code"), reading).records(Silent()))
    assert sorted((r.language, r.repository, r.path) for r in records) == [
        ("csharp", "two", "c.CS"),
        ("python", "code", "loose.py"),
        ("python", "one", "src/a.py"),
    ]


def test_an_empty_folder_and_a_missing_one(tmp_path: Path, reading: Reading) -> None:
    (tmp_path / "code").mkdir()
    with pytest.raises(UserError, match=r"code: holds no file of the study's languages \(.*\.py"):
        list(open_source(FolderSource(kind="folder", path="code"), reading).records(Silent()))
    with pytest.raises(UserError, match="no such folder"):
        open_source(FolderSource(kind="folder", path="elsewhere"), reading)


ROWS = [
    {"content": "one", "lang": "Python", "repo": "r"},
    {"content": "two", "lang": "C#", "repo": None},
    {"content": "three", "lang": "Cobol", "repo": "r"},
    {"content": None, "lang": "python", "repo": "r"},
]


def write_table(path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        lines = "\n".join(json.dumps(row) for row in ROWS).encode() + b"\n\n"
        path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl", "t.jsonl.gz"])
def test_a_table(tmp_path: Path, reading: Reading, name: str) -> None:
    write_table(tmp_path / name)
    section = TableSource(
        kind="table", path=name, text_column="content", language_column="lang", repository_column="repo"
    )
    records = list(open_source(section, reading).records(Silent()))
    assert [(r.language, r.repository, r.content) for r in records] == [
        ("python", "r", b"one"),
        ("csharp", Path(name).stem, b"two"),
    ]


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_a_missing_column(tmp_path: Path, reading: Reading, name: str) -> None:
    write_table(tmp_path / name)
    section = TableSource(kind="table", path=name, text_column="code", language="python")
    with pytest.raises(UserError, match=rf"{name}.*no column 'code'.*content"):
        list(open_source(section, reading).records(Silent()))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.parquet", b"PAR1 no", "not a readable Parquet"),
        ("t.jsonl", b'{"text": "x"}\n{"text": \n', "line 2: is not JSON"),
        ("t.jsonl", b"[1]\n", "line 1: is not a JSON object"),
        ("t.jsonl", b'{"text": 3}\n', "row 1, text: is not text"),
        ("t.jsonl.gz", b"no gzip", "cannot be read"),
        ("t.xlsx", b"a,b", "neither Parquet nor JSON Lines nor CSV"),
    ],
)
def test_a_broken_table(tmp_path: Path, reading: Reading, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        list(open_source(TableSource(kind="table", path=name, language="python"), reading).records(Silent()))


def test_a_folder_of_tables(tmp_path: Path, reading: Reading) -> None:
    (tmp_path / "tables").mkdir()
    section = TableSource(kind="table", path="tables", text_column="content", language="python")
    with pytest.raises(UserError, match="holds no table"):
        list(open_source(section, reading).records(Silent()))
    write_table(tmp_path / "tables" / "a.parquet")
    write_table(tmp_path / "tables" / "b.jsonl")
    assert len(list(open_source(section, reading).records(Silent()))) == 6


def npm_catalogue(tmp_path: Path, integrity: str) -> NpmSource:
    entry = {
        "name": "@scope/alpha",
        "version": "1.0",
        "integrity": integrity,
        "size": 1,
        "licence": "MIT",
        "languages": ["csharp"],
        "exclude": ["*/skip/*"],
    }
    (tmp_path / "npm.yaml").write_text(yaml.safe_dump({"packages": [entry]}), encoding="utf-8")
    return NpmSource(kind="npm", catalogue="npm.yaml")


def fake_npm(tmp_path: Path, tarball: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm client that "packs" ``tarball`` and refuses to work without --ignore-scripts."""
    client = tmp_path / "bin" / "npm"
    client.parent.mkdir()
    client.write_text(
        f"#!{sys.executable}\nimport shutil, sys\nassert '--ignore-scripts' in sys.argv, sys.argv\n"
        f"to = [a.partition('=')[2] for a in sys.argv if a.startswith('--pack-destination=')][0]\n"
        f"shutil.copy({str(tarball)!r}, to + '/package.tgz')\n",
        encoding="utf-8",
    )
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(client.parent))
    return client


def test_npm(tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"src/a.cs": "class A {}", "src/b.py": "x", "src/skip/c.cs": "class C {}"}
    tarball = make_sdist(tmp_path / "npm", "package", files)
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    client = fake_npm(tmp_path, tarball, monkeypatch)
    source = open_source(npm_catalogue(tmp_path, integrity), reading)
    records = list(source.records(Silent()))
    assert [(r.repository, r.path, r.licence) for r in records] == [("@scope/alpha", "src/a.cs", "MIT")]
    assert source.origins()[0].name == "npm:@scope/alpha"
    client.write_text(f"#!{sys.executable}\nraise SystemExit('offline')\n", encoding="utf-8")
    assert list(source.records(Silent())) == records, "kept, so npm is not asked again"
    shutil.rmtree(reading.downloads)
    with pytest.raises(UserError, match=r"@scope/alpha@1\.0: npm cannot fetch it \(offline\)"):
        list(source.records(Silent()))


def test_npm_with_another_checksum(tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_npm(tmp_path, make_sdist(tmp_path / "npm", "package", {"a.cs": "class A {}"}), monkeypatch)
    source = open_source(npm_catalogue(tmp_path, "sha512-" + "A" * 86 + "=="), reading)
    with pytest.raises(UserError, match="not the one that the catalogue pins"):
        list(source.records(Silent()))


def test_without_npm_it_is_said_and_skipped(tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    class Listening(Silent):
        said = ""

        def say(self, message: str) -> None:
            self.said += message

    monkeypatch.setenv("PATH", str(tmp_path))
    source = open_source(npm_catalogue(tmp_path, "sha512-" + "A" * 86 + "=="), reading)
    listening = Listening()
    assert list(source.records(listening)) == []
    assert "No npm client" in listening.said
    assert source.origins() == []


def test_the_built_in_catalogues(tmp_path: Path) -> None:
    packages = read_catalogue("default", "catalogue.yaml", tmp_path, PackageCatalogue).packages
    assert sum(package.size for package in packages) < 120_000_000
    known = set(load_registry())
    assert {language for package in packages for language in package.languages} == known
    assert len({package.name for package in packages}) == len(packages)
    npm = read_catalogue("default", "npm_catalogue.yaml", tmp_path, NpmCatalogue).packages
    assert {language for package in npm for language in package.languages} <= known


def test_a_wrong_catalogue_names_the_field(tmp_path: Path) -> None:
    entry = {"name": "a", "version": "1", "sha256": "12", "size": 1, "licence": "MIT", "languages": ["python"]}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"packages": [entry]}), encoding="utf-8")
    with pytest.raises(UserError, match=r"c\.yaml, packages\.0\.sha256"):
        read_catalogue("c.yaml", "catalogue.yaml", tmp_path, PackageCatalogue)
