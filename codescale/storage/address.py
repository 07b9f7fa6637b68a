"""Addresses of stores, such as ``s3://bucket/studies/web``: told from folders, and taken apart.

An address holds no credentials, so that it may stand in files, logs and messages.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from codescale.errors import UserError

SCHEMES = ("s3", "gs", "az", "abfs", "abfss", "file")
FILE = "file"


@dataclass(frozen=True)
class StoreAddress:
    """``scheme://bucket/path``; of a ``file`` address ``bucket`` is empty and ``path`` begins with a slash."""

    scheme: str
    bucket: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}{self.path if self.scheme == FILE else '/' + self.path}"

    @property
    def name(self) -> str:
        """The last part of it, which is what a study in it is called."""
        return self.path.rstrip("/").rpartition("/")[2]

    def within(self, name: str) -> str:
        """The address of the object ``name`` below this one."""
        return f"{self}/{name}"


def is_address(text: str | os.PathLike[str]) -> bool:
    """Whether ``text`` is an address rather than a path."""
    return "://" in str(text)


def parse_address(text: str) -> StoreAddress:
    """The address that ``text`` is.

    Raises :class:`UserError` for a kind of store that there is not, an address without bucket or without a folder in
    it, and one with credentials or parameters, which belong to the environment.
    """
    parts = urlsplit(text)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise UserError(shown, "is no address of a store that CodeScale knows", f"use one of {known} or a folder")
    azure_account = parts.scheme in ("abfs", "abfss") and ":" not in parts.netloc
    if ("@" in parts.netloc and not azure_account) or parts.query or parts.fragment:
        hint = "set them in the environment (docs/storage.md) and give the address alone"
        raise UserError(shown, "is given with credentials or parameters, which would end in logs", hint)
    if parts.scheme == FILE:
        path = unquote(parts.path).rstrip("/")
        if parts.netloc or not path:
            raise UserError(text, "is no address of a folder", "write file:///absolute/path")
        return StoreAddress(FILE, "", str(Path(path)))
    path = parts.path.strip("/")
    if not parts.netloc or not path or ".." in path.split("/") or "//" in path:
        raise UserError(shown, "names no bucket with a folder in it", f"write {parts.scheme}://BUCKET/STUDY")
    return StoreAddress(parts.scheme, parts.netloc, path)
