"""How much memory a run can still have: what is free on a GPU, or on the machine within the limits of its containers.

Read from Linux's own files, since libraries that report memory know nothing of control groups, in which a container's
process is killed long before the machine is full.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

import torch

LIBRARIES_WARM = 80_000_000
"""Bytes of code, thread pools and workspaces that torch and its matrix library take up in a process's first step on a
CPU (torch 2.13, Linux, x86).
"""


def resident_memory() -> int:
    """Bytes of memory that this process has now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@cache
def process_memory() -> int:
    """Bytes of a process that is about to train: the interpreter and its libraries, once they have been used.

    Measured when it is first asked for, before the process has opened a run.
    """
    import torch.distributed.tensor  # noqa: F401  (what every step needs, and with it 50 MB of modules)

    return resident_memory() + LIBRARIES_WARM


def available_memory(device: torch.device) -> int:
    """Bytes that runs of this process can have on ``device``, what the process has itself included.

    On a CPU the least of what the machine has available and what each control group around the process leaves.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free) + int(torch.cuda.memory_reserved(device))
    return min([_machine(), *_control_groups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))]) + resident_memory()


def _machine() -> int:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return sys.maxsize


def _control_groups(membership: Path, root: Path) -> list[int]:
    """What each memory limit around this process leaves: of versions 1 and 2, from its own group up to the root.

    Inside a container the files often stand at the root, whatever path the membership names.
    """
    try:
        lines = [line.split(":", 2) for line in membership.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return []
    left = []
    for _, controllers, path in (line for line in lines if len(line) == 3):
        version_2 = not controllers
        if not version_2 and "memory" not in controllers.split(","):
            continue
        top = root if version_2 else root / "memory"
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(parts), -1, -1):
            found = _group(top.joinpath(*parts[:depth]), version_2)
            left += [] if found is None else [found]
    return left


def _group(folder: Path, version_2: bool) -> int | None:
    """What the limit of one control group leaves; the files that it has cached are given up when memory is short."""
    limit, usage, inactive = (
        ("memory.max", "memory.current", "inactive_file")
        if version_2
        else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    )
    try:
        most = int((folder / limit).read_text(encoding="ascii"))
        used = int((folder / usage).read_text(encoding="ascii"))
        facts = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(0, most - used + int(facts.get(inactive, 0)))
    except (OSError, ValueError):  # no such group, or the word "max": no limit
        return None
