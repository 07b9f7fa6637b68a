"""Archives are read in memory, and refused where they are not safe or not whole."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from codescale.corpus.archive import ArchiveLimits, read_members
from codescale.errors import UserError


def everything(_: str) -> bool:
    return True


def tar(path: Path, *members: tuple[str, bytes], mode: str = "w:gz", **attributes: object) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz", "w"])
def test_reads_every_tar(tmp_path: Path, mode: str) -> None:
    path = tar(tmp_path / "a", ("p-1/x.py", b"one"), ("p-1/y.txt", b"two"), mode=mode)
    assert list(read_members(path, lambda name: name.endswith(".py"))) == [("p-1/x.py", b"one")]


def test_reads_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p/", "")
        archive.writestr("p/x.py", "one")
    assert list(read_members(path, everything)) == [("p/x.py", b"one")]


@pytest.mark.parametrize("name", ["../evil.py", "p/../../evil.py", "/etc/evil.py", "C:/evil.py", "p\\..\\..\\evil.py"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_refuses_a_path_that_climbs_out(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / "bad"
    if kind == "tar":
        tar(path, (name, b"x"))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "x")
    with pytest.raises(UserError, match="climbs out") as caught:
        list(read_members(path, everything))
    assert "bad" in caught.value.where
    assert "evil" in caught.value.where


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.FIFOTYPE, "a d"),
    ],
)
def test_refuses_links_and_devices(tmp_path: Path, kind: bytes, said: str) -> None:
    path = tar(tmp_path / "a", ("p/x.py", b""), type=kind, linkname="/etc/passwd")
    with pytest.raises(UserError, match=said):
        list(read_members(path, everything))


def test_refuses_a_link_in_a_zip(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("p/x.py")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(UserError, match="a link"):
        list(read_members(tmp_path / "a", everything))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (ArchiveLimits(member_bytes=9), "more than 9 bytes in one member"),
        (ArchiveLimits(total_bytes=15), "more than 15 bytes unpacked"),
        (ArchiveLimits(members=1), "more than 1 members"),
    ],
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_limits(tmp_path: Path, limits: ArchiveLimits, said: str, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "tar":
        tar(path, ("p/x.py", b"0123456789"), ("p/y.py", b"0123456789"))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("p/x.py", "0123456789")
            archive.writestr("p/y.py", "0123456789")
    with pytest.raises(UserError, match=said):
        list(read_members(path, everything, limits))


def test_a_long_header_is_bounded_too(tmp_path: Path) -> None:
    path = tar(tmp_path / "a", ("p/" + "x" * 2_000_000, b""))
    with pytest.raises(UserError, match="bytes unpacked"):
        list(read_members(path, everything, ArchiveLimits(total_bytes=1000, members=10)))


@pytest.mark.parametrize("keep", [0, 1, 40, -20])
def test_a_truncated_archive(tmp_path: Path, keep: int) -> None:
    path = tar(tmp_path / "a", ("p/x.py", bytes(range(256)) * 400))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="not a readable archive") as caught:
        list(read_members(path, everything))
    assert caught.value.where == str(path)


def test_no_archive_at_all(tmp_path: Path) -> None:
    for content in (b"PK\x03\x04 no", b"\x1f\x8b no", b"hello " * 200):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(UserError, match="not a readable archive"):
            list(read_members(tmp_path / "a", everything))
