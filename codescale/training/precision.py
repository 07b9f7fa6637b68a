"""Which floating-point type a run computes in, and Muon its orthogonalisation."""

from __future__ import annotations

import torch

from codescale.study.base import Precision


def muon_precision(wanted: Precision | None, device: str) -> torch.dtype:
    """What Muon orthogonalises in: ``wanted``, or bf16 on GPUs and fp32 elsewhere (``device``: torch's word for its
    kind, such as ``cuda``).
    """
    lower = device == "cuda" if wanted is None else wanted == "bfloat16"
    return torch.bfloat16 if lower else torch.float32


def precision_of(wanted: Precision | None, device: torch.device) -> torch.dtype:
    """``wanted``, or bf16 on a GPU and fp32 on a CPU."""
    if wanted is None:
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32
