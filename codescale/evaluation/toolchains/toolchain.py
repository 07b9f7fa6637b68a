"""A toolchain that was found: compiles sources in a folder, and runs what came of them, in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.definition import Definition
from codescale.files import write_text

_PROGRAM = "/program"


@dataclass(frozen=True)
class Toolchain:
    """``definition`` of ``language`` with ``programs`` at their paths; ``readable`` is what a sandbox has to show."""

    language: str
    definition: Definition
    programs: Mapping[str, Path]
    readable: Mapping[Path, str]
    version: str

    @property
    def compile_limits(self) -> Limits:
        """What compiling may use."""
        return self.definition.limits.compile.applied(Limits())

    @property
    def run_limits(self) -> Limits:
        """What a compiled program may use."""
        return self.definition.limits.run.applied(Limits())

    def sources(self, solution: str, driver: str) -> dict[str, str]:
        """What :meth:`compile` compiles: texts by file name."""
        sources, more = self.definition.sources, self.definition.files
        if sources.joined or sources.driver is None:
            return {sources.solution: f"{solution.rstrip()}\n\n{driver}", **more}
        return {sources.solution: solution, sources.driver: driver, **more}

    def write_sources(self, folder: Path, solution: str, driver: str) -> None:
        """Writes what :meth:`compile` compiles."""
        for name, content in self.sources(solution, driver).items():
            write_text(folder / name, content)

    def compile(self, sandbox: Sandbox, folder: Path) -> Execution:
        """Compiles the sources in ``folder``, into ``folder``; the first command that fails is the last."""
        for command in self.definition.compile:
            execution = self.run_command(sandbox, command, folder)
            if not execution.succeeded:
                break
        return execution

    def run(self, sandbox: Sandbox, folder: Path, limits: Limits | None = None) -> Execution:
        """Runs what was compiled in ``folder``, which it may read but not write, within ``limits`` or its own."""
        folders = Folders({**self.readable, folder: _PROGRAM})
        command = self._filled(self.definition.run)
        return sandbox.run(command, limits or self.run_limits, folders, self.definition.environment)

    def run_command(
        self,
        sandbox: Sandbox,
        command: Sequence[str],
        folder: Path,
        limits: Limits | None = None,
        words: Mapping[str, str] | None = None,
    ) -> Execution:
        """Runs a ``command`` of the definition in ``folder``, which it may write, within ``limits`` or those of
        compiling; ``words`` fill places of its own.
        """
        folders = Folders(self.readable, writable=folder)
        filled = self._filled(command, words)
        return sandbox.run(filled, limits or self.compile_limits, folders, self.definition.environment)

    def _filled(self, command: Sequence[str], words: Mapping[str, str] | None = None) -> list[str]:
        sources = self.definition.sources
        names = {**{name: str(path) for name, path in self.programs.items()}, "program": _PROGRAM}
        names |= {"solution": sources.solution, "driver": sources.driver or "", **(words or {})}
        return [argument.format(**names) for argument in command]
