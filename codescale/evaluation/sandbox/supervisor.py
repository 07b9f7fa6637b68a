"""Starts a command, watches all of its processes against the limits, and leaves none of them behind."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

from codescale.evaluation.sandbox.limits import Excess, Execution, Limits
from codescale.evaluation.sandbox.processes import TreeUsage, descendants, end, start_time, usage

_INTERVAL = 0.02
"""Seconds between two looks at the tree: what a program allocates in between is bounded by its address space only."""

_SIGNALS: dict[int, Excess] = {128 + 24: "time", 128 + 25: "files"}
"""Exit codes of SIGXCPU and SIGXFSZ, by which the kernel ends what crosses a limit."""

_CHUNK = 1 << 16

FilesWatch = Callable[[TreeUsage], bool]
"""Whether the tree has written more or larger files than it may."""


@dataclass(frozen=True)
class Identity:
    """The user and group that a command runs as."""

    user: int
    group: int


@dataclass
class _Watched:
    """A running command: what it wrote so far, and the most that it was seen to use."""

    process: subprocess.Popen[bytes]
    limits: Limits
    files: FilesWatch
    written: dict[str, bytearray] = field(default_factory=lambda: {"output": bytearray(), "errors": bytearray()})
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    seen: set[tuple[int, int]] = field(default_factory=set)

    def excess(self, started: float) -> Excess | None:
        """The limit that is crossed now."""
        now = usage(self.process.pid)
        self.seen.update(zip(now.pids, now.started, strict=True))
        self.cpu_seconds = max(self.cpu_seconds, now.cpu_seconds)
        self.peak_memory = max(self.peak_memory, now.resident)
        crossed: dict[Excess, bool] = {
            "time": time.monotonic() - started > self.limits.wall_seconds or now.cpu_seconds > self.limits.cpu_seconds,
            "memory": now.resident > self.limits.memory,
            "processes": now.tasks > self.limits.tasks,
            "files": self.files(now),
            "output": sum(map(len, self.written.values())) > self.limits.output,
        }
        return next((name for name, is_crossed in crossed.items() if is_crossed), None)


def supervise(
    command: Sequence[str],
    limits: Limits,
    files: FilesWatch,
    identity: Identity | None = None,
    environment: dict[str, str] | None = None,
    folder: str | None = None,
    inherited: Sequence[int] = (),
) -> Execution:
    """Runs ``command`` to its end, or to where it crosses ``limits``; then ends every process that it started.

    It gets no standard input and a session of its own. ``identity`` needs root; ``environment`` replaces this
    process's, and ``inherited`` are the file descriptors that it may use.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=folder,
        start_new_session=True,
        pass_fds=inherited,
        user=None if identity is None else identity.user,
        group=None if identity is None else identity.group,
        extra_groups=None if identity is None else [],
    )
    watched = _Watched(process, limits, files)
    try:
        exceeded = _watch(watched, started)
    finally:
        end({*descendants(process.pid), *(pid for pid, began in watched.seen if start_time(pid) == began)})
        code = process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    code = code if code >= 0 else 128 - code
    return Execution(
        exit_code=code,
        output=bytes(watched.written["output"][: limits.output]),
        errors=bytes(watched.written["errors"][: limits.output]),
        exceeded=exceeded or _SIGNALS.get(code),
        wall_seconds=time.monotonic() - started,
        cpu_seconds=watched.cpu_seconds,
        peak_memory=watched.peak_memory,
    )


def _watch(watched: _Watched, started: float) -> Excess | None:
    process = watched.process
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("output", process.stdout), ("errors", process.stderr)):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, name)
        ended = os.pidfd_open(process.pid)
        try:
            selector.register(ended, selectors.EVENT_READ, "ended")
            looked = 0.0
            while True:
                ready = {key.data: key.fileobj for key, _ in selector.select(_INTERVAL)}
                for name in ("output", "errors"):
                    if name in ready and not _read(watched, name, ready[name]):  # type: ignore[arg-type]
                        selector.unregister(ready[name])
                if "ended" in ready:
                    return _drained(watched)
                if time.monotonic() - looked >= _INTERVAL or watched.limits.output < _length(watched):
                    excess = watched.excess(started)
                    if excess is not None:
                        return excess
                    looked = time.monotonic()
        finally:
            os.close(ended)


def _read(watched: _Watched, name: str, pipe: IO[bytes]) -> bool:
    """Reads what is there; false at the end of the pipe."""
    try:
        chunk = os.read(pipe.fileno(), _CHUNK)
    except BlockingIOError:
        return True
    watched.written[name].extend(chunk)
    return bool(chunk)


def _length(watched: _Watched) -> int:
    return sum(map(len, watched.written.values()))


def _drained(watched: _Watched) -> Excess | None:
    """Reads what an ended command left in its pipes, which hold 64 kB or so."""
    for name, pipe in (("output", watched.process.stdout), ("errors", watched.process.stderr)):
        assert pipe is not None
        while _length(watched) <= watched.limits.output:
            before = len(watched.written[name])
            if not _read(watched, name, pipe) or len(watched.written[name]) == before:
                break
    return "output" if _length(watched) > watched.limits.output else None
