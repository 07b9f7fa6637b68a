"""How far a run is, as the header of its checkpoint says: read without torch, and without a tensor of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

RunProgress = dict[str, Any]
"""As it goes into JSON: segment, step, tokens, seconds, and the curve so far."""


def read_progress(path: Path) -> RunProgress | None:
    """What a checkpoint's writer put into its header; None where there is no readable file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(json.loads((file.metadata() or {})["progress"]))
    except (FileNotFoundError, SafetensorError, KeyError, ValueError):
        return None
