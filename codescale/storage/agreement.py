"""What a working copy and its store agree on: for each file the version in the store and how the file looked then."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from codescale.errors import UserError
from codescale.files import json_line, read_json, write_text

FILE = ".store.json"


@dataclass(frozen=True)
class Agreed:
    """A file that is in the store as ``version``; its length and when it was written tell whether it has changed."""

    version: str
    size: int
    mtime_ns: int

    def holds(self, path: Path) -> bool:
        """Whether ``path`` is as it was."""
        try:
            return self.is_of(path.stat())
        except FileNotFoundError:
            return False

    def is_of(self, stat: os.stat_result) -> bool:
        """Whether a file with this ``stat`` is as it was."""
        return (stat.st_size, stat.st_mtime_ns) == (self.size, self.mtime_ns)


def agreed(path: Path, version: str) -> Agreed:
    """That ``path`` as it is now is ``version``."""
    stat = path.stat()
    return Agreed(version, stat.st_size, stat.st_mtime_ns)


def read_agreement(root: Path) -> dict[str, Agreed]:
    """By name, what was agreed on; nothing where that is not known: then everything is fetched anew."""
    try:
        content = read_json(root / FILE)
        return {name: Agreed(**one) for name, one in content["files"].items()}
    except (UserError, KeyError, TypeError, AttributeError):
        return {}


def write_agreement(root: Path, address: str, files: dict[str, Agreed]) -> None:
    """Keeps what is agreed on, and whose copy this is; on one line, which is soon made of a hundred thousand files."""
    content = {
        name: {"version": one.version, "size": one.size, "mtime_ns": one.mtime_ns} for name, one in files.items()
    }
    write_text(root / FILE, json_line({"address": address, "files": content}) + "\n")
