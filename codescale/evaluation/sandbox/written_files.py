"""What programs leave in a folder of this machine: how much it may be, and that nothing of it leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codescale.evaluation.sandbox.limits import Limits


@dataclass(frozen=True)
class Written:
    """How many entries a folder has, at any depth, and the bytes of its files."""

    entries: int
    size: int

    def within(self, limits: Limits) -> bool:
        """Whether that is no more than ``limits`` say."""
        return self.entries <= limits.files and self.size <= limits.file_bytes


def within_folder(folder: Path, limits: Limits) -> bool:
    """Whether ``folder`` holds no more than ``limits`` say. It stops counting where it is too much."""
    size = 0
    for entries, entry in enumerate(_entries(folder), start=1):
        with suppress(OSError):
            size += entry.stat(follow_symlinks=False).st_size
        if not Written(entries, size).within(limits):
            return False
    return True


def keep_plain_files(folder: Path) -> None:
    """Removes what is neither a file nor a folder (links, pipes, sockets), and files with further names elsewhere.

    What opens a result afterwards then opens that result and nothing that it leads to.
    """
    for entry in list(_entries(folder)):
        with suppress(OSError):
            status = entry.stat(follow_symlinks=False)
            plain = stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink == 1)
            if not plain:
                Path(entry.path).unlink()


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything in ``folder``, at any depth; links are not followed, and what vanishes meanwhile is passed over."""
    waiting = [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
