"""A folder as a store of objects, for ``file://``: a shared disk that workers do not want to train on.

A put is a rename, putting where there is nothing a hard link, which is atomic on NFS too. Putting over a version that
was read takes the folder's lock file (``flock``), which NFS has since version 4.
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from codescale.errors import UserError
from codescale.files import file_sha256, replacing, writing
from codescale.storage.address import StoreAddress
from codescale.storage.cache import locked
from codescale.storage.object_store import StoredObject

LOCK = ".lock"


class SharedFolder:
    """The files below a folder as an :class:`~codescale.storage.object_store.ObjectStore`; hidden ones are none."""

    def __init__(self, address: StoreAddress) -> None:
        self.address = address
        self._root = Path(address.path)

    def check(self) -> None:
        """Makes the folder where there is none."""
        with writing(self._root):
            self._root.mkdir(parents=True, exist_ok=True)

    def list(self, prefix: str = "") -> list[StoredObject]:
        found = []
        for folder, folders, files in os.walk(self._root / prefix):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for file in files:
                path = Path(folder) / file
                if not file.startswith("."):
                    found.append(StoredObject(path.relative_to(self._root).as_posix(), *_size_and_version(path)))
        return sorted(found, key=lambda one: one.name)

    def read(self, name: str) -> tuple[bytes, str] | None:
        path = self._root / name
        try:
            with path.open("rb") as file:
                return file.read(), _version(os.fstat(file.fileno()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UserError(path, f"cannot be read ({error.strerror})", "check its permissions") from None

    def fetch(self, name: str, path: Path) -> str | None:
        try:
            with (self._root / name).open("rb") as file, replacing(path) as temporary:
                with temporary.open("wb") as copy:
                    shutil.copyfileobj(file, copy, 2**20)
                return _version(os.fstat(file.fileno()))
        except FileNotFoundError:
            return None

    def sha256(self, name: str) -> str | None:
        path = self._root / name
        if not path.is_file():
            return None
        return file_sha256(path)

    def put(self, name: str, content: bytes | Path) -> str:
        path = self._root / name
        with replacing(path) as temporary:
            _fill(temporary, content)
            version = _version(temporary.stat())
        return version

    def create(self, name: str, content: bytes | Path) -> str | None:
        path = self._root / name
        temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _fill(temporary, content)
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
                os.link(temporary, path)
            except FileExistsError:
                same = path.read_bytes() == temporary.read_bytes()
                return _version(path.stat()) if same else None
            finally:
                temporary.unlink(missing_ok=True)
            return _version(path.stat())

    def replace(self, name: str, content: bytes, version: str) -> str | None:
        with locked(self._root / LOCK):
            found = self.read(name)
            return self.put(name, content) if found is not None and found[1] == version else None

    def delete(self, name: str) -> None:
        with writing(self._root / name):
            (self._root / name).unlink(missing_ok=True)


def _fill(path: Path, content: bytes | Path) -> None:
    if isinstance(content, Path):
        shutil.copyfile(content, path)
    else:
        path.write_bytes(content)


def _version(stat: os.stat_result) -> str:
    """Of a file that is only ever replaced: it has another inode then, or was written later."""
    return f"{stat.st_ino}-{stat.st_mtime_ns}-{stat.st_size}"


def _size_and_version(path: Path) -> tuple[int, str]:
    stat = path.stat()
    return stat.st_size, _version(stat)
