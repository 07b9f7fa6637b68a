"""Records out of a package's archive, for the sources that fetch archives."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from codescale.corpus.archive import read_members
from codescale.corpus.catalogue import NpmPackage, Package
from codescale.corpus.record import Reading, Record


def _inner(name: str) -> str:
    """The path inside the package: archives of both indexes hold one folder with everything in it."""
    return name.removeprefix("./").partition("/")[2]


def packed_records(archive: Path, package: Package | NpmPackage, reading: Reading) -> Iterator[Record]:
    """Every file of ``archive`` in a language that the catalogue takes from it and that the study has.

    Raises :class:`UserError` as :func:`~codescale.corpus.archive.read_members` does.
    """

    def wanted(name: str) -> bool:
        path = _inner(name)
        return reading.language(path) in package.languages and not any(
            fnmatchcase(path, pattern) for pattern in package.exclude
        )

    for name, content in read_members(archive, wanted):
        path = _inner(name)
        language = reading.language(path)
        assert language is not None
        yield Record(language, package.name, path, content, package.licence)
