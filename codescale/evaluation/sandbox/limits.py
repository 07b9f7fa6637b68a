"""What a program may use, and what came of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Excess = Literal["time", "memory", "processes", "output", "files"]
"""Which limit a program was ended for."""


@dataclass(frozen=True)
class Limits:
    """What one program may use, all of its processes together where nothing else is said.

    ``cpu_seconds`` is processor time, so that a busy machine fails no good program; ``wall_seconds`` ends what sleeps.
    ``address_space`` (bytes, each process; ``None``: unlimited) stops an allocation before it is made, and differs
    between toolchains, since some reserve far more than they use; ``memory`` (bytes) is what is resident. ``tasks``
    counts processes and threads, ``output`` bytes on standard output and error, ``files`` the entries that are
    written and ``file_bytes`` the bytes in them.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory: int = 512 << 20
    address_space: int | None = 1 << 30
    tasks: int = 64
    output: int = 1 << 20
    files: int = 256
    file_bytes: int = 64 << 20


@dataclass(frozen=True)
class Execution:
    """A program that ended or was ended.

    ``exit_code`` is 128 + signal where a signal ended it, ``exceeded`` the limit for which it was ended, ``output``
    and ``errors`` what it wrote up to then; ``cpu_seconds`` and ``peak_memory`` (bytes) are what watching it saw, so
    that a short program may show less than it used.
    """

    exit_code: int
    output: bytes
    errors: bytes
    exceeded: Excess | None
    wall_seconds: float
    cpu_seconds: float
    peak_memory: int

    @property
    def succeeded(self) -> bool:
        """Whether it ended by itself, with exit code 0."""
        return self.exceeded is None and self.exit_code == 0
