"""Reads archives member by member in memory: nothing is extracted, so nothing can be written where it should not be.

Every member is checked before it is read: its path may not leave the archive, it is a regular file or a folder, and
sizes and counts have limits, so that a small archive cannot fill the memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from codescale.errors import UserError

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)
_AGAIN = "delete it and run the same command again"
_REFUSE = "use another archive, this one is not safe to unpack"
_DECOMPRESSORS: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}


@dataclass(frozen=True)
class ArchiveLimits:
    """The most that an archive may hold, in bytes once unpacked, and in members."""

    member_bytes: int = 64_000_000
    total_bytes: int = 2_000_000_000
    members: int = 200_000


class _TooMuch(Exception):
    """The unpacked stream is longer than its limit."""


class _Bounded(io.RawIOBase):
    """A stream that stops at ``limit`` bytes, whatever the headers inside it promise."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._left = stream, limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size if size >= 0 else self._left + 1)
        self._left -= len(chunk)
        if self._left < 0:
            raise _TooMuch
        return chunk

    def close(self) -> None:
        self._stream.close()
        super().close()


def _check_path(archive: Path, name: str) -> None:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or re.match(r"[A-Za-z]:", plain) or ".." in PurePosixPath(plain).parts or "\0" in plain:
        raise UserError(f"{archive}, member {name!r}", "its path climbs out of the archive", _REFUSE)


class _MemberCounter:
    """Counts members and bytes of one archive against the limits."""

    def __init__(self, archive: Path, limits: ArchiveLimits) -> None:
        self._archive, self._limits = archive, limits
        self._members = self._bytes = 0

    def add(self, name: str, size: int) -> None:
        """One more member. Raises :class:`UserError` where its path or a limit forbids it."""
        _check_path(self._archive, name)
        self._members += 1
        self._bytes += size
        limits = self._limits
        for amount, limit, what in (
            (size, limits.member_bytes, "bytes in one member"),
            (self._bytes, limits.total_bytes, "bytes unpacked"),
            (self._members, limits.members, "members"),
        ):
            if amount > limit:
                raise UserError(f"{self._archive}, member {name!r}", f"more than {limit:,} {what}", _REFUSE)


def _tar_members(
    path: Path, magic: bytes, wanted: Callable[[str], bool], limits: ArchiveLimits
) -> Iterator[tuple[str, bytes]]:
    counter = _MemberCounter(path, limits)
    opened = _DECOMPRESSORS.get(magic, partial(open, mode="rb"))(path)
    name = "the first"
    # Headers and padding count towards the stream: one block of 512 bytes and some for each member.
    with _Bounded(opened, limits.total_bytes + 4096 * limits.members) as stream:
        try:
            with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as archive:
                for member in archive:
                    name = member.name
                    counter.add(name, member.size)
                    if member.isdir():
                        continue
                    if not member.isreg():
                        kind = "a link" if member.issym() or member.islnk() else "a device"
                        raise UserError(f"{path}, member {name!r}", f"is {kind}", _REFUSE)
                    if wanted(name):
                        content = archive.extractfile(member)
                        assert content is not None
                        yield name, content.read()
        except _TooMuch:
            problem = f"more than {limits.total_bytes:,} bytes unpacked"
            raise UserError(f"{path}, after member {name!r}", problem, _REFUSE) from None


def _zip_members(path: Path, wanted: Callable[[str], bool], limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    counter = _MemberCounter(path, limits)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            counter.add(member.filename, member.file_size)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                problem = "is a link" if kind == stat.S_IFLNK else "is a device"
                raise UserError(f"{path}, member {member.filename!r}", problem, _REFUSE)
            if member.flag_bits & 1:
                raise UserError(f"{path}, member {member.filename!r}", "is encrypted", "use an archive that is not")
            if not member.is_dir() and wanted(member.filename):
                yield member.filename, archive.read(member)


def read_members(
    path: Path, wanted: Callable[[str], bool], limits: ArchiveLimits = ArchiveLimits()
) -> Iterator[tuple[str, bytes]]:
    """(path inside the archive, content) of every regular file that is ``wanted``, in the archive's order.

    Reads tar (plain, gz, bz2, xz) and zip. Raises :class:`UserError`, naming archive and member, for a path that
    climbs out or is absolute, a link, a device, a limit that is passed, and an archive that is truncated or none.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(2)
        if magic == b"PK":
            yield from _zip_members(path, wanted, limits)
        else:
            yield from _tar_members(path, magic, wanted, limits)
    except _BROKEN as error:
        raise UserError(path, f"is not a readable archive ({error})", _AGAIN) from None
