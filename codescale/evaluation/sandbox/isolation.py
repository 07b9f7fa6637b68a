"""Which sandbox a program runs in: one that isolates, or, for who names the risk, none."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

from codescale.errors import UserError
from codescale.evaluation.sandbox.bubblewrap import find_bubblewrap
from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.sandbox.unconfined import UnconfinedRunner


class Sandbox(Protocol):
    """Runs untrusted programs."""

    @property
    def description(self) -> str:
        """What isolates, in words for a report."""
        ...

    def run(
        self,
        command: Sequence[str],
        limits: Limits,
        folders: Folders,
        environment: Mapping[str, str] | None = None,
    ) -> Execution:
        """Runs ``command`` within ``limits``; it sees ``folders`` and has ``environment`` only."""
        ...


def open_sandbox(*, run_generated_code_without_isolation: bool = False) -> Sandbox:
    """The sandbox of this machine.

    Raises :class:`UserError` where programs cannot be isolated, unless ``run_generated_code_without_isolation``.
    """
    if not sys.platform.startswith("linux"):
        raise UserError("sandbox", "generated programs run on Linux only", "use a Linux machine or a container")
    return UnconfinedRunner() if run_generated_code_without_isolation else find_bubblewrap()
