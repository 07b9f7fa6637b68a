"""Checkpoints of one run in progress, never unpickled: where its state is kept, and how it comes back.

A store holds the last state that was saved: tensors by name, and a line of JSON with how far the run is. What is read
goes into tensors that are there already, so that a store may keep each worker's part of them apart.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from codescale.files import replacing
from codescale.training.loop.run_progress import RunProgress, read_progress

StateDict = dict[str, Tensor]
"""Tensors by name: ``now/…`` of the model and its optimizers, ``trunk/…`` of the trunk behind a branch."""


class Store(Protocol):
    """Keeps the state of one run."""

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """Replaces the last state by this one; the last one stays until this one is whole."""
        ...

    def progress(self) -> RunProgress | None:
        """How far the last state is; None where there is no readable one (the run then begins anew)."""
        ...

    def fill(self, tensors: StateDict) -> None:
        """Writes the saved values into ``tensors``. Raises ``KeyError`` for one that was not saved."""
        ...

    def discard(self) -> None:
        """Removes the state of a run that ended."""
        ...


class FileStore:
    """One safetensors file on a disk, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """Raises :class:`~codescale.errors.UserError` where the disk is full; the last checkpoint then stays."""
        with replacing(self._path) as temporary:
            write_tensors(temporary, tensors, progress)

    def progress(self) -> RunProgress | None:
        """As the file says."""
        return read_progress(self._path)

    def fill(self, tensors: StateDict) -> None:
        """Reads one tensor at a time."""
        read_tensors(self._path, tensors)

    def discard(self) -> None:
        """Removes the file."""
        self._path.unlink(missing_ok=True)


class ReadOnlyStore:
    """Another worker's store, which this one only reads: of several workers with whole tensors the first one writes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, tensors: StateDict, progress: RunProgress) -> None:
        """Nothing: the first worker saves the same."""

    def progress(self) -> RunProgress | None:
        """As the store says."""
        return self._store.progress()

    def fill(self, tensors: StateDict) -> None:
        """As the store does."""
        self._store.fill(tensors)

    def discard(self) -> None:
        """Nothing: the first worker discards it."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], progress: RunProgress) -> None:
    """Writes a safetensors file with ``progress`` in its header. Raises ``OSError`` as a file's own writing would."""
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        save_file(contiguous, path, metadata={"progress": json.dumps(progress)})
    except SafetensorError as error:  # safetensors wraps the system's refusal into a text
        refused = re.search(r"os error (\d+)", str(error))
        if refused is None:
            raise
        number = int(refused[1])
        raise OSError(number, os.strerror(number)) from error


def read_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes the file's values into ``tensors``. Raises ``KeyError`` for one that it lacks."""
    with safe_open(path, framework="pt") as file, torch.no_grad():
        saved = set(file.keys())
        for name, tensor in tensors.items():
            if name not in saved:
                raise KeyError(f"{path} has no tensor {name}")
            tensor.copy_(file.get_tensor(name))
