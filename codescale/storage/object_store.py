"""What a store of objects can do: the few operations that a study needs of S3, GCS, Azure or a shared folder.

An object is bytes under a name, put whole or not at all. Its version changes with every put; putting only where there
is none yet, or only over a version that was read, is what keeps two writers apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codescale.storage.address import StoreAddress


@dataclass(frozen=True)
class StoredObject:
    """An object as a list names it: its name below the store's address, its length in bytes, its version."""

    name: str
    size: int
    version: str


class ObjectStore(Protocol):
    """Objects below one address. Every method tries again for minutes, and raises
    :class:`~codescale.errors.UserError` where the store refuses, or cannot be reached for longer than that.
    """

    address: StoreAddress

    def check(self) -> None:
        """Asks the store for anything at all, for seconds only: whether it can be reached and lists what it has."""
        ...

    def list(self, prefix: str = "") -> list[StoredObject]:
        """The objects whose names begin with ``prefix``, which is empty or ends with a slash, by name."""
        ...

    def read(self, name: str) -> tuple[bytes, str] | None:
        """The content of an object and its version; None where there is none."""
        ...

    def fetch(self, name: str, path: Path) -> str | None:
        """Writes an object to ``path``, verified and atomic, and returns its version; None where there is none."""
        ...

    def sha256(self, name: str) -> str | None:
        """The SHA-256 that an object was put with; None where there is no object, or the store keeps none."""
        ...

    def put(self, name: str, content: bytes | Path) -> str:
        """Puts an object, whatever is there, and returns its version."""
        ...

    def create(self, name: str, content: bytes | Path) -> str | None:
        """Puts an object where there is none and returns its version; None where another one is there.

        An object of the same content counts as put: a try whose answer was lost is not taken for another writer.
        """
        ...

    def replace(self, name: str, content: bytes, version: str) -> str | None:
        """Puts an object over the ``version`` of it and returns the new one; None where it is another one by now."""
        ...

    def delete(self, name: str) -> None:
        """Removes an object; nothing happens where there is none."""
        ...
