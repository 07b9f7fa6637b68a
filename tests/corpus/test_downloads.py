"""Downloads from a package index on loopback: pinned, checked, kept, tried again, and refused with a clear line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tenacity import wait_none

from codescale.corpus import downloads, index_settings
from codescale.corpus.downloads import download, kept_path
from codescale.corpus.index_settings import IndexSettings, read_index_settings
from codescale.errors import UserError
from codescale.progress import Silent
from tests.corpus.corpus_material import Index, make_sdist, pinned, running


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "WAIT", wait_none())


def test_downloads_and_keeps(tmp_path: Path) -> None:
    sdist = make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"})
    package = pinned(sdist)
    with running(Index(tmp_path / "index")) as index:
        (path,) = download([package], tmp_path / "kept", index.settings(), Silent())
    assert path.read_bytes() == sdist.read_bytes()
    # The server is gone: what was fetched is enough.
    assert download([package], tmp_path / "kept", index.settings(), Silent()) == [path]
    assert [entry.name for entry in (tmp_path / "kept").iterdir()] == [path.name]


def test_a_kept_file_that_was_altered_is_fetched_again(tmp_path: Path) -> None:
    package = pinned(make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"}))
    with running(Index(tmp_path / "index")) as index:
        (path,) = download([package], tmp_path / "kept", index.settings(), Silent())
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        (path.parent / ".leftover.tmp").write_bytes(b"of a build that was killed")
        download([package], tmp_path / "kept", index.settings(), Silent())
    assert path.read_bytes() == whole
    assert len(list(path.parent.iterdir())) == 1


def test_find_links_folder_and_other_versions(tmp_path: Path) -> None:
    make_sdist(tmp_path / "links", "alpha", {"a.py": "x = 2"}, version="2.0")
    package = pinned(make_sdist(tmp_path / "links", "alpha", {"a.py": "x = 1"}))
    settings = IndexSettings(index_urls=(), find_links=(str(tmp_path / "links"),))
    (path,) = download([package], tmp_path / "kept", settings, Silent())
    assert downloads.file_sha256(path) == package.sha256


def test_tries_again_where_the_server_is_overloaded(tmp_path: Path) -> None:
    package = pinned(make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"}))
    with running(Index(tmp_path / "index")) as index:
        index.failures = 2
        download([package], tmp_path / "kept", index.settings(), Silent())
        assert sum(path.startswith("/files/") for path in index.served) == 3
        kept_path(package, tmp_path / "kept").unlink()
        index.failures = 100
        with pytest.raises(UserError, match="cannot be downloaded"):
            download([package], tmp_path / "kept", index.settings(), Silent())


@pytest.mark.parametrize("stated", [None, "honest"])
def test_a_wrong_checksum_is_refused_and_not_kept(tmp_path: Path, stated: str | None) -> None:
    package = pinned(make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"}))
    make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 'somebody else'"})
    # An index that states no checksum is found out by the download, one that states another before it.
    with (
        running(Index(tmp_path / "index", stated=None if stated is None else "")) as index,
        pytest.raises(UserError, match=r"alpha 1\.0.*checksum.*pins"),
    ):
        download([package], tmp_path / "kept", index.settings(), Silent())
    assert not kept_path(package, tmp_path / "kept").exists()


def test_a_lying_index_is_found_out(tmp_path: Path) -> None:
    package = pinned(make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"}))
    make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 'evil'" * 1000})
    with (
        running(Index(tmp_path / "index", stated=package.sha256)) as index,
        pytest.raises(UserError, match="its checksum"),
    ):
        download([package], tmp_path / "kept", index.settings(), Silent())


def test_an_unreachable_index(tmp_path: Path) -> None:
    package = pinned(make_sdist(tmp_path / "index", "alpha", {"a.py": "x = 1"}))
    index = Index(tmp_path / "index")
    index.server.server_close()
    with pytest.raises(UserError, match="cannot be reached") as caught:
        download([package], tmp_path / "kept", index.settings(), Silent())
    assert index.url in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_package_that_no_index_has(tmp_path: Path) -> None:
    package = pinned(make_sdist(tmp_path / "elsewhere", "alpha", {"a.py": "x = 1"}))
    (tmp_path / "index").mkdir()
    with running(Index(tmp_path / "index")) as index, pytest.raises(UserError, match="no package index has"):
        download([package], tmp_path / "kept", index.settings(), Silent())


def test_pip_settings_of_the_strongest_section_win(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "\n".join(
        [
            "global.index-url='https://global.example/simple'",
            "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'",
            ":env:.index-url='https://environment.example/simple'",
            "install.trusted-host='one.example two.example'",
            "global.timeout='7'",
            "global.cert='/some/where.pem'",
            "list.format='columns'",
            "no line of pip",
        ]
    )
    monkeypatch.setattr(index_settings, "_options", lambda: index_settings._parse(listing))
    settings = read_index_settings()
    assert settings.index_urls == (
        "https://environment.example/simple",
        "https://one.example/simple",
        "https://two.example/simple",
    )
    assert settings.trusted_hosts == ("one.example", "two.example")
    assert settings.timeout == 7
    assert settings.certificates == "/some/where.pem"


@pytest.mark.parametrize("has_pip", [True, False])
def test_pip_settings_from_files_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_pip: bool
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nfind-links = /from/the/file\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.example/simple")
    if not has_pip:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python-here"))
    settings = read_index_settings()
    assert settings.index_urls[0] == "https://environment.example/simple"
    if has_pip:
        assert settings.find_links == (str(Path("/from/the/file").absolute()),)


def test_no_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(index_settings, "_options", lambda: {"no-index": "true", "find-links": str(tmp_path)})
    assert read_index_settings().index_urls == ()
    package = pinned(make_sdist(tmp_path / "elsewhere", "alpha", {"a.py": "x = 1"}))
    with pytest.raises(UserError, match="no-index"):
        download([package], tmp_path / "kept", IndexSettings((), ()), Silent())
