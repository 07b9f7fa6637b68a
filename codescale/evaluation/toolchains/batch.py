"""Many programs compiled by one start of a compiler: each by itself, within one process in one sandbox.

A compiler that is warm takes a small part of the time of one that starts. Nothing that a program says is run meanwhile,
so programs cannot meet: each has a folder, and is compiled as it would be alone. A *host* (``toolchains.yaml``) does
that and prints a line of JSON a program. What it does not tell of, because it crashed, ran out of something or saw what
it cannot judge as the compiler alone would, is compiled alone: one program can neither fail others nor make them right.

Compilers that are no library take programs together, as modules that do not see each other (``together.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.definition import Host
from codescale.evaluation.toolchains.together import compile_together
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.unit import Unit
from codescale.evaluation.toolchains.workspace import Workspace
from codescale.files import write_text

PROGRAMS = 50
"""In one call of a compiler at most: what a batch loses where its host crashes is no more than these."""

_DONE = Execution(0, b"", b"", None, 0.0, 0.0, 0)


def compile_all(
    sandbox: Sandbox, toolchain: Toolchain, workspace: Workspace, programs: Sequence[Unit], workers: int
) -> list[tuple[Path, Execution]]:
    """Compiles programs, each in a folder of its own, ``workers`` batches at a time.

    Returns each program's folder, and what came of compiling it as if it had been alone.
    """
    parts = [programs[k : k + PROGRAMS] for k in range(0, len(programs), PROGRAMS)]
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda part: _compile_batch(sandbox, toolchain, workspace.folder(), part), parts)
        compiled = [found for batch in done for found in batch]
        executions = pool.map(lambda one: one[1] or toolchain.compile(sandbox, one[0]), compiled)
        return [(folder, execution) for (folder, _), execution in zip(compiled, executions, strict=True)]


def _compile_batch(
    sandbox: Sandbox, toolchain: Toolchain, batch: Path, programs: Sequence[Unit]
) -> list[tuple[Path, Execution | None]]:
    """Folders, and what came of each program; None where it has to be compiled alone."""
    folders = [batch / str(number) for number in range(len(programs))]
    for folder, program in zip(folders, programs, strict=True):
        for name, content in program.files.items():
            write_text(folder / name, content)
    found: dict[int, Execution] = {}
    if len(programs) > 1 and toolchain.definition.host is not None:
        found = _by_host(sandbox, toolchain, batch, len(programs), toolchain.definition.host)
    elif len(programs) > 1 and toolchain.definition.together is not None:
        how = toolchain.definition.together
        found = compile_together(
            sandbox, toolchain, batch, programs, how, _limits(toolchain, len(programs), how.memory)
        )
    return [(folder, found.get(number)) for number, folder in enumerate(folders)]


def _limits(toolchain: Toolchain, count: int, memory: int | None) -> Limits:
    """What compiling ``count`` programs may use."""
    one = toolchain.compile_limits
    return replace(
        one,
        cpu_seconds=one.cpu_seconds + 2 * count,
        wall_seconds=one.wall_seconds + 10 * count,
        memory=one.memory if memory is None else memory << 20,
        files=one.files * count,
        output=one.output * count,
        file_bytes=one.file_bytes + (16 << 20) * count,
    )


def _by_host(sandbox: Sandbox, toolchain: Toolchain, batch: Path, count: int, host: Host) -> dict[int, Execution]:
    for name, content in host.files.items():
        write_text(batch / name, content)
    output = b""
    for command in host.commands:
        limits = _limits(toolchain, count, host.memory)
        ran = toolchain.run_command(sandbox, [*command], batch, limits, {"count": str(count)})
        output = ran.output
        if not ran.succeeded:
            break
    found = {}
    for line in output.decode(errors="replace").splitlines():
        try:
            told = json.loads(line)
            number, said = told["program"], told["said"]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if isinstance(number, int) and 0 <= number < count and (said is None or isinstance(said, str)):
            found[number] = _DONE if said is None else replace(_DONE, exit_code=1, errors=said.encode())
    return found
