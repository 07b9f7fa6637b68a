"""A checkpoint as a folder of safetensors files, which many workers write together and any number of them read again.

Whole tensors go into one file that the first worker writes. Sharded ones go through ``torch.distributed.checkpoint``,
each worker writing its own parts: in safetensors, for torch's own format holds a pickle.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch.distributed as dist
from torch.distributed.tensor import DTensor

from codescale.training.loop.checkpoint import StateDict, read_tensors, write_tensors
from codescale.training.loop.run_progress import RunProgress, read_progress

STATE = "state.safetensors"
PROGRESS = "progress.json"


def is_sharded(tensors: StateDict) -> bool:
    """Whether workers hold parts of ``tensors``."""
    return any(isinstance(tensor, DTensor) for tensor in tensors.values())


def write_folder(folder: Path, tensors: StateDict, progress: RunProgress) -> None:
    """Writes this worker's part of a checkpoint; all workers have to call it.

    Parameters
    ----------
    folder
        The checkpoint.
    tensors
        By name: whole, or this worker's parts.
    progress
        How far the run is.

    Raises
    ------
    OSError
        Where the disk refuses.
    """
    first = not dist.is_initialized() or dist.get_rank() == 0
    if not is_sharded(tensors):
        if first:
            write_tensors(folder / STATE, tensors, progress)
        return
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageWriter
    from torch.distributed.checkpoint.state_dict_saver import save

    save(dict(tensors), storage_writer=HuggingFaceStorageWriter(str(folder), save_distributed=True))
    if first:
        (folder / PROGRESS).write_text(json.dumps(progress), encoding="utf-8")


def folder_progress(folder: Path) -> RunProgress | None:
    """How far the checkpoint in ``folder`` is; None where there is none that can be read."""
    if (folder / PROGRESS).exists():
        try:
            return dict(json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None
    return read_progress(folder / STATE)


def fill_from_folder(folder: Path, tensors: StateDict) -> None:
    """Writes the values in ``folder`` into ``tensors``, each worker its parts; their number may have changed.

    Raises
    ------
    KeyError
        For a tensor that the folder lacks.
    """
    if (folder / STATE).exists():
        read_tensors(folder / STATE, tensors)
        return
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
    from torch.distributed.checkpoint.state_dict_loader import load

    load(dict(tensors), storage_reader=HuggingFaceStorageReader(str(folder)))
