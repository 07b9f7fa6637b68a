"""A folder: what is a repository in it, and what of it is left out and counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codescale.corpus.build import build_corpus
from codescale.corpus.record import Reading, endings
from codescale.corpus.sources import folder as folder_module
from codescale.corpus.sources.folder import FolderReader
from codescale.errors import UserError
from codescale.progress import Silent
from codescale.study.config import StudyConfig
from codescale.study.corpus import CorpusSection, FolderSource
from codescale.study.folder import StudyFolder
from codescale.study.languages import load_registry
from tests.corpus.corpus_material import code

REGISTRY = load_registry()


class Listening(Silent):
    """Remembers what is said."""

    said = ""

    def say(self, message: str) -> None:
        self.said += message


def reader(folder: Path, **settings: object) -> FolderReader:
    section = FolderSource(kind="folder", path=str(folder), **settings)
    return FolderReader(section, Reading(endings(REGISTRY, ("python", "java")), REGISTRY, folder, folder))


def put(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"text of {path}\n", encoding="utf-8")
    return folder


def places(folder: Path, **settings: object) -> list[tuple[str, str]]:
    return [(record.repository, record.path) for record in reader(folder, **settings).records(Silent())]


def monorepo(folder: Path) -> Path:
    """Own code in src/ and app/, other people's in three places at three depths; no .git, as in an export."""
    for number in range(30):
        own, other = code("python", number), code("python", 1_000 + number)
        for path, text in (
            (f"src/mod{number % 6}/f{number}.py", own),
            (f"third_party/lib{number % 5}/f{number}.py", other),
            (f"app/web/node_modules/x/f{number}.py", other.replace("begin", "start")),
            (f"src/deep/er/vendor/f{number}.py", other.replace("begin", "open")),
        ):
            put(folder, path).joinpath(path).write_text(text, encoding="utf-8")
    return folder


def test_one_repositorys_vendored_code_is_in_no_split(tmp_path: Path, config: StudyConfig) -> None:
    monorepo(tmp_path / "mono")
    section = CorpusSection(sources=(FolderSource(kind="folder", path="mono"),), vocabulary=300)
    chosen = config.model_copy(update={"corpus": section, "languages": ("python",)})
    listening = Listening()
    entry = build_corpus(chosen, StudyFolder(tmp_path), listening).languages["python"]
    assert entry.dropped == {"vendored": 90}
    assert sum(entry.documents.values()) == 30
    assert all(unit.startswith("mono/src/mod") for units in entry.units.values() for unit in units)
    assert "mono is read as one repository, since it holds third_party/" in listening.said


@pytest.mark.parametrize(
    "sign", [".git/config", ".git", ".hg/store", "pyproject.toml", "go.mod", "App.sln", "vendor/x.py", "dist/x.py"]
)
def test_what_tells_one_repository(tmp_path: Path, sign: str) -> None:
    put(tmp_path / "own", "a/x.py", "b/y.py", sign)
    assert {("own", "a/x.py"), ("own", "b/y.py")} <= set(places(tmp_path / "own"))


@pytest.mark.parametrize(
    "beside", [(), ("README.md", "Makefile"), ("a/.git/config", "go.mod"), ("a/.git", "vendor/x.py")]
)
def test_what_tells_a_folder_of_repositories(tmp_path: Path, beside: tuple[str, ...]) -> None:
    put(tmp_path / "all", "a/x.py", "b/y.py", *beside)
    assert {("a", "x.py"), ("b", "y.py")} <= set(places(tmp_path / "all"))


def test_a_repository_may_have_any_name_but_a_folder_in_one_has_none(tmp_path: Path) -> None:
    """Beside clones, ``vendor`` that is no clone is other people's code; a clone called so is one's own."""
    put(tmp_path / "all", "a/.git", "a/x.py", "vendor/x.py", "external/.git", "external/y.py")
    assert places(tmp_path / "all") == [("a", "x.py"), ("external", "y.py"), ("all", "vendor/x.py")]


def test_the_study_decides_where_it_says_so(tmp_path: Path) -> None:
    put(tmp_path / "own", "a/x.py", "vendor/y.py", "go.mod")
    assert places(tmp_path / "own", layout="repositories") == [("a", "x.py"), ("vendor", "y.py")]
    put(tmp_path / "all", "a/x.py", "b/y.py")
    assert places(tmp_path / "all", layout="repository") == [("all", "a/x.py"), ("all", "b/y.py")]


def test_a_folder_named_by_dots_has_its_name(tmp_path: Path) -> None:
    put(tmp_path / "own", "a/x.py", "go.mod", "study/study.yaml")
    assert places(tmp_path / "own" / "study" / "..") == [("own", "a/x.py")]


def test_every_file_is_read_or_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path / "all", "a/x.py", "a/big.py", "a/.git/y.py", "a/z.kt", "a/w.json.gz", "b/Makefile", "b/n.py")
    (folder / "a/self").symlink_to(folder, target_is_directory=True)
    (folder / "b/link.py").symlink_to(folder / "a/x.py")
    (folder / "b/nowhere.py").symlink_to(folder / "gone.py")
    (folder / "b/loop.py").symlink_to(folder / "b/loop.py")
    os.mkfifo(folder / "b/pipe.py")
    monkeypatch.setattr(folder_module, "_LIMIT", 30)
    (folder / "a/big.py").write_text("x" * 31)

    def unreadable(path: Path) -> bytes:
        if path.name == "n.py":
            raise PermissionError(13, "Permission denied")
        return Path.read_text(path).encode()

    monkeypatch.setattr(Path, "read_bytes", unreadable)
    opened = reader(folder)
    assert [(record.repository, record.path) for record in opened.records(Silent())] == [("a", "x.py")]
    assert opened.left_out.dropped == {"python": {"too_large": 1}}
    assert opened.left_out.others() == {
        "hidden": {".git/": 1},
        "link": {"a/self/": 1, "b/link.py": 1, "b/loop.py": 1, "b/nowhere.py": 1},
        "other_ending": {".json.gz": 1, ".kt": 1, "Makefile": 1},
        "not_a_file": {"b/pipe.py": 1},
        "unreadable": {"b/n.py": 1},
    }


def test_a_folder_that_cannot_be_listed_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "all", "a/x.py", "b/y.py")
    walk = os.scandir

    def refusing(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return walk(path)

    monkeypatch.setattr(os, "scandir", refusing)
    opened = reader(tmp_path / "all")
    assert [record.path for record in opened.records(Silent())] == ["x.py"]
    assert opened.left_out.others() == {"unreadable": {"b": 1}}


def test_where_nothing_is_recognised_the_endings_are_listed(tmp_path: Path) -> None:
    put(tmp_path / "all", "a/x.kt", "a/y.kt", "a/t.jsonl")
    said = (
        r"holds no file of the study's languages \(.*\.py.*\); it holds files or rows with other endings: \.kt \(2\), "
    )
    with pytest.raises(UserError, match=said + r"\.jsonl \(1\); .*kind: table"):
        list(reader(tmp_path / "all").records(Silent()))
