"""Where the tables of a source lie: on the disk, in a store or on the hub, which each is fetched from in its turn."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from codescale.corpus.left_out import LeftOut
from codescale.corpus.sources.tables.files import TableFile, is_table, table_files
from codescale.corpus.sources.tables.hub import SCHEME, HubPlace
from codescale.corpus.sources.walk import relative
from codescale.errors import UserError
from codescale.files import writing
from codescale.storage.address import FILE, StoreAddress, is_address, parse_address
from codescale.storage.cloud_store import CloudStore
from codescale.storage.object_store import ObjectStore
from codescale.storage.shared_folder import SharedFolder

_MEND = "correct corpus.sources"


class TablePlace(Protocol):
    """A file or a folder with tables; ``str()`` of it is what a person calls it."""

    def files(self, left_out: LeftOut) -> Iterator[TableFile]:
        """The tables in the order of their names; each is there until the next one is asked for. Others are counted.

        Raises :class:`UserError` where there is none.
        """
        ...


@dataclass(frozen=True)
class DiskPlace:
    """A path on the disk."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def files(self, left_out: LeftOut) -> Iterator[TableFile]:
        """The tables there."""
        for path in table_files(self.path, left_out):
            alone = path == self.path
            yield TableFile(path, path.name if alone else relative(path, self.path), str(path), alone)


class StorePlace:
    """An address such as ``s3://bucket/data``: of one table, or of what begins with it and a slash.

    A table is fetched whole into ``folder`` and removed when it was read, so that the disk holds one at a time. Raises
    :class:`UserError` for an address that is none.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self._given, self._folder = parse_address(address), folder
        self._alone = is_table(PurePosixPath(self._given.path).name)
        parent = str(PurePosixPath(self._given.path).parent)
        path = parent.removeprefix(".") if self._alone else self._given.path
        self._store = open_store(StoreAddress(self._given.scheme, self._given.bucket, path))

    def __str__(self) -> str:
        return str(self._given)

    def _names(self, left_out: LeftOut) -> list[str]:
        if self._alone:
            return [PurePosixPath(self._given.path).name]
        found = []
        for one in self._store.list():
            if any(part.startswith((".", "_")) for part in PurePosixPath(one.name).parts):
                left_out.add("hidden", one.name)
            elif is_table(one.name):
                found.append(one.name)
            elif one.size:
                left_out.add("other_ending", PurePosixPath(one.name).suffix or one.name)
        if not found:
            raise UserError(str(self._given), "holds no table", f"{_MEND}, and check the name and your permissions")
        return found

    def files(self, left_out: LeftOut) -> Iterator[TableFile]:
        """The tables there, one after the other."""
        with writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        for name in self._names(left_out):
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=".table-") as folder:
                path = Path(folder) / PurePosixPath(name).name
                if self._store.fetch(name, path) is None:
                    raise UserError(self._store.address.within(name), "no such object", _MEND)
                yield TableFile(path, name, self._store.address.within(name), self._alone)


def open_store(address: StoreAddress) -> ObjectStore:
    """The store at ``address``, of which nothing is asked yet."""
    return SharedFolder(address) if address.scheme == FILE else CloudStore(address)


def table_place(given: str, base: Path, downloads: Path) -> TablePlace:
    """Where a source's ``path`` is: an address, or a path that starts at ``base``. Raises :class:`UserError` for a path
    where nothing is, and an address that is none.
    """
    if given.startswith(SCHEME):
        return HubPlace(given, downloads)
    if is_address(given):
        return StorePlace(given, downloads)
    path = base / Path(given).expanduser()
    if not path.exists():
        raise UserError(path, "no such file", "correct corpus.sources; paths start at the study folder")
    return DiskPlace(path)
