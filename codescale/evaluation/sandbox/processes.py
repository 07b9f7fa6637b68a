"""A process and all that it started, read from Linux's ``/proc``.

A process whose parent ended is adopted by the first process of its PID namespace, so that everything in a sandbox stays
below the process that made it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_ENDED = "ZX"
"""States of a process that runs no more, though nobody may have asked for its exit code yet."""


@dataclass(frozen=True)
class TreeUsage:
    """What the processes of a tree use now: ``tasks`` threads of all processes, ``resident`` bytes, and the processor
    time of all that live, with that of the children they waited for. ``started`` tells each of ``pids`` from a later
    process that is given its number.
    """

    pids: tuple[int, ...]
    started: tuple[int, ...]
    tasks: int
    resident: int
    cpu_seconds: float


def descendants(root: int) -> tuple[int, ...]:
    """``root`` and all processes below it, parents before children; empty where it has ended."""
    found = [root] if (_PROC / str(root)).exists() else []
    for pid in found:
        found.extend(_children(pid))
    return tuple(found)


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                children.extend(map(int, (task / "children").read_text().split()))
    return children


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` from the third on; empty where the process has ended."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def start_time(pid: int) -> int | None:
    """When ``pid`` began, in ticks since the machine did; ``None`` where it has ended."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in _ENDED else None


def usage(root: int) -> TreeUsage:
    """What ``root`` and all processes below it use now."""
    stats = {pid: fields for pid in descendants(root) if (fields := _stat(pid))}
    return TreeUsage(
        pids=tuple(stats),
        started=tuple(int(fields[19]) for fields in stats.values()),
        tasks=sum(int(fields[17]) for fields in stats.values()),
        resident=sum(int(fields[21]) * _PAGE for fields in stats.values()),
        cpu_seconds=sum(int(ticks) for fields in stats.values() for ticks in fields[11:15]) / _TICK,
    )


def end(pids: Iterable[int]) -> None:
    """Kills ``pids`` and waits until none of them runs any more."""
    killed = set(pids)
    for pid in killed:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    wait_for_end(killed)


def wait_for_end(pids: Iterable[int], patience: float = 10.0) -> None:
    """Waits up to ``patience`` seconds until none of ``pids`` runs any more."""
    waiting = set(pids)
    deadline = time.monotonic() + patience
    while waiting and time.monotonic() < deadline:
        waiting = {pid for pid in waiting if start_time(pid) is not None}
        if waiting:
            time.sleep(0.002)
