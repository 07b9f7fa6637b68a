"""Throughput: tokens a second, the share of a device's peak (MFU), and the most memory that was taken.

Model FLOPs utilisation (Chowdhery et al. 2022, PaLM, arXiv 2204.02311, appendix B): counted training FLOPs (attention
and logits included, recomputation not) a second, over the device's dense bf16 peak.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import torch

DENSE_BF16_PEAKS = {
    "B200": 2.25e15,
    "H200": 9.89e14,
    "H100 NVL": 8.35e14,
    "H100 PCIe": 7.56e14,
    "H100": 9.89e14,
    "A100": 3.12e14,
    "L40S": 3.62e14,
    "L4": 1.21e14,
    "A10G": 7.0e13,
    "RTX 4090": 1.65e14,
    "MI300X": 1.307e15,
}
"""FLOPs a second without sparsity, from the makers' data sheets, by a part of the name that CUDA gives the device."""


def peak_flops(device: torch.device) -> float | None:
    """The dense bf16 peak of ``device`` in FLOPs a second; None where it is not known, as for CPUs."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for part, peak in DENSE_BF16_PEAKS.items() if part in name), None)


def utilisation(flops: float, seconds: float, device: torch.device, devices: int = 1) -> float | None:
    """Model FLOPs utilisation.

    Parameters
    ----------
    flops
        Counted training FLOPs, of all devices together.
    seconds
        In which they were done.
    device, devices
        One of the devices, and how many there are.

    Returns
    -------
    float or None
        The share of the peak, from 0 to 1; None where the peak is not known.
    """
    peak = peak_flops(device)
    return None if peak is None or seconds <= 0 else flops / seconds / (peak * devices)


def peak_memory(device: torch.device) -> int:
    """Bytes that tensors took of a GPU at most, or this process of a machine, since it began."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return _peak_resident_memory() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _peak_resident_memory() -> int:
    """Linux's own figure; 0 elsewhere. ``getrusage`` instead begins at the peak of whoever started this process."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return 0


def throughput(tokens: int, flops: float, seconds: float, device: torch.device, devices: int = 1) -> dict[str, float]:
    """Metrics of a run's training, by their names in the runs table.

    Parameters
    ----------
    tokens, flops
        What the run was trained on, and the counted FLOPs of that.
    seconds
        Of training, without evaluations.
    device, devices
        One of the devices, and how many there are.

    Returns
    -------
    dict
        ``tokens_per_second``, ``peak_memory_bytes`` and, where the device's peak is known, ``flops_utilisation``;
        nothing where there are no seconds.
    """
    if seconds == 0:
        return {}
    found = {"tokens_per_second": tokens / seconds, "peak_memory_bytes": float(peak_memory(device))}
    share = utilisation(flops, seconds, device, devices)
    return found if share is None else found | {"flops_utilisation": share}
