"""A cleaned file on its way to the shards: with its text, or with where its text is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Document:
    """A file that cleaning kept. ``size`` in bytes of UTF-8, ``digest`` the SHA-256 of its text; documents of one
    ``program`` are translations of each other.
    """

    repository: str
    path: str
    licence: str
    text: str
    program: str | None = None
    size: int = field(init=False)
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        encoded = self.text.encode("utf-8")
        object.__setattr__(self, "size", len(encoded))
        object.__setattr__(self, "digest", hashlib.sha256(encoded).digest())


class TextStore(Protocol):
    """Keeps the texts of one language's documents, numbered from 0."""

    def text(self, number: int, size: int) -> str:
        """The text of ``size`` bytes of the document ``number``."""
        ...


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A :class:`Document` whose text is in ``store`` under ``number``: a corpus has more of them than fit into memory.

    ``digest`` is empty and ``store`` None once the documents are chosen: they are looked for no more.
    """

    repository: str
    path: str
    licence: str
    size: int
    digest: bytes = b""
    program: str | None = None
    number: int = 0
    store: TextStore | None = None

    @property
    def text(self) -> str:
        """The text, read anew each time."""
        assert self.store is not None
        return self.store.text(self.number, self.size)


AnyDocument = Document | StoredDocument
"""A document wherever its text is."""


def stable_order(name: str) -> bytes:
    """A sort key that looks random and is the same everywhere: the SHA-256 of ``name``."""
    return hashlib.sha256(name.encode("utf-8", errors="surrogateescape")).digest()
