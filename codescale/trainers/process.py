"""A training command as a process tree: started in a folder of its own, watched, and ended with all that it started."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any

from codescale.errors import visible
from codescale.trainers import supervisor

LOG, LOCK = "output.log", ".lock"
_LAST_LINES, _LAST_CHARACTERS = 3, 300
"""Of a command's output, in the message of its failure."""
_MORE_SECONDS = 60.0
"""Beyond the grace: how long a supervisor may take to end what does not die."""


@dataclass(frozen=True)
class Ending:
    """How a command ended: ``well``; else ``why`` it did not. ``refused``: it could not even be started."""

    well: bool
    why: str = ""
    refused: bool = False


class CommandProcess:
    """A command under its supervisor (:mod:`~codescale.trainers.supervisor`), which ends with this object's process.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        The run's own; gets the log of the command's output.
    directory
        Where it is started.
    environment
        All of its environment; the mark of its folder is not the supervisor's own.
    grace
        Seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, directory: Path, environment: Mapping[str, str], grace: float
    ) -> None:
        self._grace, self._mark = grace, str(folder)
        program = [sys.executable, "-I", "-S", supervisor.__file__]
        paths = [str(folder / LOG), str(folder / LOCK), str(folder)]
        self._supervisor = subprocess.Popen(
            [*program, str(grace), *paths, *command],
            cwd=directory,
            env={name: value for name, value in environment.items() if name != supervisor.MARK},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._supervisor.wait()  # it leaves a grandchild behind, which holds the pipes
        self._told = b""
        self.ending: Ending | None = None

    def poll(self, seconds: float) -> Ending | None:
        """How the command ended, if it does within ``seconds``; None while it runs."""
        assert self._supervisor.stdout is not None
        descriptor = self._supervisor.stdout.fileno()
        waiting = select.poll()  # select() knows no descriptors above 1,023
        waiting.register(descriptor, select.POLLIN)
        while self.ending is None and waiting.poll(1_000 * seconds):
            chunk = os.read(descriptor, 65_536)
            self._told += chunk
            self.ending = self._read(over=not chunk)
        return self.ending

    def stop(self) -> None:
        """SIGTERM to all its processes, SIGKILL after the grace; returns when there is none left."""
        if self._supervisor.stdin is not None and not self._supervisor.stdin.closed:
            self._supervisor.stdin.close()
        while self.poll(self._grace + _MORE_SECONDS) is None:
            self.ending = Ending(False, "its processes could not be ended")
        if self._supervisor.stdout is not None:
            self._supervisor.stdout.close()

    def _read(self, over: bool) -> Ending | None:
        for line in self._told.split(b"\n")[:-1]:
            told: dict[str, Any] = json.loads(line)
            if "started" not in told:
                return _ending(told)
        if not over:
            return None
        supervisor.send(SIGKILL, supervisor.processes_of(-1, self._mark), None)
        return Ending(False, "was lost with its supervisor, which something has killed")


def last_lines(folder: Path) -> str:
    """The last lines of a command's output on one line, with nothing that steers a terminal; empty for none."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(0, (folder / LOG).stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [" ".join(line.split()) for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return visible(" | ".join(lines[-_LAST_LINES:]))[-_LAST_CHARACTERS:]


def _ending(told: dict[str, Any]) -> Ending:
    if "exit" in told:
        return Ending(told["exit"] == 0, f"ended with exit code {told['exit']}")
    if "signal" in told:
        return Ending(False, f"was killed by {_signal_name(told['signal'])}")
    if "refused" in told:
        return Ending(False, f"could not be started ({told['refused']})", refused=True)
    if "held" in told:
        return Ending(False, "could not begin, for another command still holds the run's folder")
    return Ending(False, "was stopped")


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"
