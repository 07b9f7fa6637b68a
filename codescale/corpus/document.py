"""A cleaned file on its way to the shards."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


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


def stable_order(name: str) -> bytes:
    """A sort key that looks random and is the same everywhere: the SHA-256 of ``name``."""
    return hashlib.sha256(name.encode("utf-8", errors="surrogateescape")).digest()
