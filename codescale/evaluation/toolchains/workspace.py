"""Folders in which programs are compiled, gone when they are done with."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from types import TracebackType


class Workspace:
    """A temporary folder, to be used in ``with``, whose :meth:`folder` s the sandbox's users can reach."""

    def __init__(self) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="codescale-programs-"))
        self._root.chmod(0o711)  # others pass through to a folder that is named to them, and list nothing
        self._numbers = itertools.count()

    def folder(self) -> Path:
        """A new, empty folder; safe to ask for from several threads."""
        folder = self._root / str(next(self._numbers))
        folder.mkdir(mode=0o755)
        return folder

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._root, ignore_errors=True)
