"""A training command as a process tree: started in a folder of its own, watched, and ended with all that it started."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any, Protocol

from codescale.errors import UserError, visible
from codescale.runs.records import RunSpec
from codescale.trainers import supervisor
from codescale.trainers.command import CommandTemplate, Place, RunCommand

LOG = "output.log"
_LAST_LINES, _LAST_CHARACTERS = 3, 300
"""Of a command's output, in the message of its failure."""
_MORE_SECONDS = 60.0
"""Beyond the grace: how long a supervisor may take to end what does not die."""


@dataclass(frozen=True)
class Ending:
    """How a command ended: ``well``; else ``why`` it did not. ``refused``: it could not even be started. ``log``: the
    file of the run's folder with the output of the one that ended so.
    """

    well: bool
    why: str = ""
    refused: bool = False
    log: str = LOG


class RunningCommand(Protocol):
    """A run's command that has been started, on one machine or on several."""

    def poll(self, seconds: float) -> Ending | None:
        """How it ended, if it does within about ``seconds``; None while it runs."""

    def stop(self) -> None:
        """Ends all its processes; returns when there is none left."""


Start = Callable[[CommandTemplate, RunSpec, Path], RunningCommand]
"""Starts the command of a run in its folder. Raises :class:`UserError` where it cannot be."""


def start_here(template: CommandTemplate, spec: RunSpec, folder: Path) -> CommandProcess:
    """Starts the command of ``spec`` on this machine alone."""
    return CommandProcess.of(template, spec, folder, Place.here())


class CommandProcess:
    """A command under its supervisor (:mod:`~codescale.trainers.supervisor`), which ends with this object's process.

    Parameters
    ----------
    command
        What is started, where, and what is added to the environment.
    folder
        The run's own; gets the log of the command's output.
    grace
        Seconds between SIGTERM and SIGKILL.
    node_rank
        Which of the run's machines this one is: each has a log of its own.
    """

    def __init__(self, command: RunCommand, folder: Path, grace: float, node_rank: int = 0) -> None:
        self._grace = grace
        # One folder serves all machines of a run, and one machine may be several of them.
        self._mark, lock, self._log = str(folder), ".lock", LOG
        if node_rank:
            self._mark, lock, self._log = f"{folder}#{node_rank}", f".lock-{node_rank}", f"output-{node_rank}.log"
        program = [sys.executable, "-I", "-S", supervisor.__file__]
        paths = [str(folder / self._log), str(folder / lock), self._mark]
        environment = {name: value for name, value in os.environ.items() if name != supervisor.MARK}
        self._supervisor = subprocess.Popen(
            [*program, str(grace), *paths, *command.arguments],
            cwd=command.directory,
            env=environment | dict(command.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._supervisor.wait()  # it leaves a grandchild behind, which holds the pipes
        self._told = b""
        self.ending: Ending | None = None

    @classmethod
    def of(cls, template: CommandTemplate, spec: RunSpec, folder: Path, place: Place) -> CommandProcess:
        """The command of ``spec``, started at ``place``. Raises :class:`UserError` where its directory is none."""
        command = template.command(spec, folder, place)
        try:
            return cls(command, folder, template.section.grace, place.node_rank)
        except OSError as error:
            raise UserError(
                "study.yaml, trainer.directory",
                f"{command.directory} cannot be entered ({error.strerror})",
                "name a folder that every machine has",
            ) from None

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
                return replace(_ending(told), log=self._log)
        if not over:
            return None
        supervisor.send(SIGKILL, supervisor.processes_of(-1, self._mark), None)
        return Ending(False, "was lost with its supervisor, which something has killed", log=self._log)


def last_lines(log: Path) -> str:
    """The last lines of a command's output on one line, with nothing that steers a terminal; empty for none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [" ".join(line.split()) for line in text.replace("\r", "\n").splitlines() if line.strip("^~ \t")]
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
