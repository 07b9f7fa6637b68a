"""A run's checkpoint on this machine's disk and in its study's store, so that another machine may go on with the run.

An object is put whole, so that the one in the store is always the last good one.
"""

from __future__ import annotations

from pathlib import Path

from codescale.storage.working_copy import WorkingCopy
from codescale.training.loop.checkpoint import FileStore, StateDict
from codescale.training.loop.run_progress import RunProgress


class CopiedStore(FileStore):
    """One safetensors file ``path`` of a working copy. Training waits until it is in the store."""

    def __init__(self, path: Path, copy: WorkingCopy) -> None:
        super().__init__(path)
        self._copy = copy

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """Raises :class:`~codescale.errors.UserError` where the disk is full, or the store is away for too long."""
        super().save(tensors, progress)
        self._copy.upload(self._path)

    def progress(self) -> RunProgress | None:
        """As the store's object says; as the file does where there is none."""
        self._copy.fetch(self._path)
        return super().progress()

    def discard(self) -> None:
        """Removes both."""
        super().discard()
        self._copy.remove(self._path)
