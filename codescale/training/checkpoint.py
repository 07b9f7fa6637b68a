"""Checkpoints of one run in progress: one safetensors file, replaced atomically, never unpickled.

The tensors of model and optimizers, and beside them a line of JSON with how far the run is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from codescale.files import replacing

State = dict[str, Tensor]


def save_checkpoint(path: Path, tensors: State, progress: dict[str, Any]) -> None:
    """Writes ``tensors`` and ``progress`` to ``path``, atomically."""
    with replacing(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(contiguous, temporary, metadata={"progress": json.dumps(progress)})


def load_checkpoint(path: Path) -> tuple[State, dict[str, Any]] | None:
    """What :func:`save_checkpoint` wrote, or None where there is no readable checkpoint (the run then begins anew)."""
    try:
        with safe_open(path, framework="pt") as file:
            progress = json.loads((file.metadata() or {})["progress"])
            return {name: file.get_tensor(name) for name in file.keys()}, progress  # noqa: SIM118 (not a dict)
    except (FileNotFoundError, SafetensorError, KeyError, ValueError):
        return None
