"""Which toolchains this machine has: each is found, asked for its version and tried on an example, in the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from codescale.errors import on_one_line
from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Limits
from codescale.evaluation.toolchains.definition import Definition, load_definitions
from codescale.evaluation.toolchains.location import locate, mounts
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.workspace import Workspace

_VERSION_LIMITS = Limits(address_space=8 << 30)


@dataclass(frozen=True)
class Toolchains:
    """``found`` by language, and for each language that has none the line that says why and what to do."""

    found: Mapping[str, Toolchain]
    missing: Mapping[str, str]

    def versions(self) -> dict[str, str]:
        """By language, for a report."""
        return {language: toolchain.version for language, toolchain in self.found.items()}


def find_toolchains(sandbox: Sandbox, languages: Iterable[str] | None = None, file: Path | None = None) -> Toolchains:
    """The toolchains of ``languages`` (default: all that ``file`` or the package defines) that work in ``sandbox``."""
    definitions = load_definitions(file)
    found: dict[str, Toolchain] = {}
    missing: dict[str, str] = {}
    for language in definitions if languages is None else languages:
        if language not in definitions:
            missing[language] = f"{language}: toolchains.yaml does not say how it is compiled and run; add it there"
            continue
        toolchain = _find(sandbox, language, definitions[language])
        if isinstance(toolchain, Toolchain):
            found[language] = toolchain
        else:
            missing[language] = f"{language}: {toolchain}; {definitions[language].install}"
    return Toolchains(found, missing)


def _find(sandbox: Sandbox, language: str, definition: Definition) -> Toolchain | str:
    """The toolchain, or why there is none."""
    located = {name: locate(program) for name, program in definition.programs.items()}
    programs = {name: path for name, path in located.items() if path is not None}
    absent = [name for name, path in located.items() if path is None]
    if absent:
        return f"{' and '.join(absent)} not found where the sandbox's user may read"
    readable = {path: str(path) for path in definition.readable if path.exists()}
    for path in programs.values():
        readable |= mounts(path)
    version = _version(sandbox, definition, programs, readable)
    if version is None:
        return "it does not tell its version in the sandbox"
    if Version(version) < Version(definition.version.minimum):
        return f"version {version} is too old, {definition.version.minimum} or newer is needed"
    toolchain = Toolchain(language, definition, programs, readable, version)
    failure = _example_failure(sandbox, toolchain)
    return toolchain if failure is None else failure


def _version(
    sandbox: Sandbox, definition: Definition, programs: Mapping[str, Path], readable: Mapping[Path, str]
) -> str | None:
    command = [
        part.format(**{name: str(path) for name, path in programs.items()}) for part in definition.version.command
    ]
    told = sandbox.run(command, _VERSION_LIMITS, Folders(readable), definition.environment)
    match = re.search(definition.version.pattern, (told.output + told.errors).decode(errors="replace"))
    return match.group(1) if told.succeeded and match else None


def _example_failure(sandbox: Sandbox, toolchain: Toolchain) -> str | None:
    """Why ``toolchain`` (which tells its version) cannot be used: its example does not compile and print "ready"."""
    example = toolchain.definition.example
    with Workspace() as workspace:
        folder = workspace.folder()
        toolchain.write_sources(folder, example.solution, example.driver)
        compiled = toolchain.compile(sandbox, folder)
        step, outcome = "compile", compiled
        if compiled.succeeded:
            step, outcome = "run", toolchain.run(sandbox, folder)
        if outcome.succeeded and (step == "compile" or outcome.output.strip() == b"ready"):
            return None
    said = (
        on_one_line((outcome.errors + outcome.output).decode(errors="replace"))[:200]
        or f"exit code {outcome.exit_code}"
    )
    return f"version {toolchain.version} does not {step} its example in the sandbox ({outcome.exceeded or said})"
