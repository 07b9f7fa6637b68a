"""What a program in a sandbox sees of this machine's files, and its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WORK = "/work"
"""Where a program may write, and its working directory."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": WORK, "TMPDIR": WORK, "LANG": "C.UTF-8"}
"""The variables of every program; nothing of this process's own is among them."""


@dataclass(frozen=True)
class Folders:
    """What a program sees beside ``/usr``: ``readable`` paths of this machine, each at its own place or, where it has
    a name of its own, there; ``writable``, a folder that stands at ``/work``.
    """

    readable: Mapping[Path, str]
    writable: Path | None = None
