"""Programs without isolation, for a machine that is thrown away: a program may do whatever this user may.

Time, memory, processes and output are still bounded, and processes ended, as far as a program does not evade it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from codescale.evaluation.sandbox.bubblewrap import bounded, kernel_bounds
from codescale.evaluation.sandbox.folders import ENVIRONMENT, WORK, Folders
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.sandbox.supervisor import supervise
from codescale.evaluation.sandbox.written_files import within_folder


class UnconfinedRunner:
    """Runs programs as what they are: commands of this user."""

    @property
    def description(self) -> str:
        """That nothing isolates, in words for a report."""
        return "none: generated programs ran with this user's rights"

    def run(
        self,
        command: Sequence[str],
        limits: Limits,
        folders: Folders,
        environment: Mapping[str, str] | None = None,
    ) -> Execution:
        """As :meth:`BubblewrapSandbox.run`, without isolation: paths of the sandbox are put in place by their names."""
        work = folders.writable or Path(tempfile.mkdtemp(prefix="codescale-program-"))
        places = {place: str(path) for path, place in folders.readable.items()} | {WORK: str(work)}
        variables = {**ENVIRONMENT, **(environment or {})}
        bounds = kernel_bounds(limits)
        del bounds["nproc"]  # the kernel would count all processes of this user
        try:
            return supervise(
                bounded(bounds, [_here(argument, places) for argument in command]),
                limits,
                lambda now: not within_folder(work, limits),
                environment={name: _here(value, places) for name, value in variables.items()},
                folder=os.fspath(work),
            )
        finally:
            if folders.writable is None:
                shutil.rmtree(work, ignore_errors=True)


def _here(argument: str, places: Mapping[str, str]) -> str:
    """``argument`` with paths of the sandbox as those of this machine."""
    for place, path in places.items():
        if argument == place or argument.startswith(f"{place}/"):
            return path + argument[len(place) :]
    return argument
