"""What a working copy and its store agree on: for each file the version in the store and how the file looked then."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from codescale.errors import UserError
from codescale.files import read_json, write_json

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
            stat = path.stat()
        except FileNotFoundError:
            return False
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
    """Keeps what is agreed on, and whose copy this is."""
    write_json(root / FILE, {"address": address, "files": {name: asdict(one) for name, one in sorted(files.items())}})
