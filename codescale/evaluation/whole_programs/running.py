"""What whole programs print, many of them compiled and run as one; where that fails, fewer and fewer, down to the one.

Programs of a batch see each other's folder and end together: for what nobody wrote to harm anybody, such as generated
programs of :mod:`codescale.parallel_programs`. What a model wrote is run one by one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codescale.errors import on_one_line
from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.workspace import Workspace
from codescale.evaluation.whole_programs.batches import FORMS
from codescale.files import write_text

_LIMITS = Limits(
    cpu_seconds=200, wall_seconds=600, memory=2 << 30, address_space=8 << 30, tasks=128, files=8_000, file_bytes=1 << 30
)
_MOST_SAID = 300


@dataclass(frozen=True)
class Outcome:
    """``stage``: where a program ended, or that it ran to its end; ``output``: what it printed; ``said``: why it did
    not, on one line.
    """

    stage: Literal["compile", "run", "ran"]
    output: str
    said: str


def run_programs(
    sandbox: Sandbox, toolchain: Toolchain, sources: Sequence[str], batch: int = 40, workers: int = 2
) -> list[Outcome]:
    """What came of each of ``sources``, whole programs in the toolchain's language; ``batch`` of them at once, and
    ``workers`` batches at a time.
    """
    parts = [sources[k : k + batch] for k in range(0, len(sources), batch)]
    with Workspace() as workspace, ThreadPoolExecutor(workers) as pool:
        return [
            one for found in pool.map(lambda part: _run(sandbox, toolchain, part, workspace), parts) for one in found
        ]


def _run(sandbox: Sandbox, toolchain: Toolchain, sources: Sequence[str], workspace: Workspace) -> list[Outcome]:
    folder, mark = workspace.folder(), secrets.token_hex(8)
    stage, execution = _execute(sandbox, toolchain, sources, mark, folder)
    outputs = execution.output.decode(errors="replace").split(f"{mark}\n")
    if stage == "ran" and execution.succeeded and len(outputs) == len(sources) + 2:
        return [Outcome("ran", output, "") for output in outputs[1:-1]]
    if len(sources) == 1:
        return [Outcome("compile" if stage == "compile" else "run", "".join(outputs), _said(execution, stage))]
    half = len(sources) // 2
    return [one for part in (sources[:half], sources[half:]) for one in _run(sandbox, toolchain, part, workspace)]


def _execute(
    sandbox: Sandbox, toolchain: Toolchain, sources: Sequence[str], mark: str, folder: Path
) -> tuple[Literal["compile", "ran"], Execution]:
    batch = FORMS[toolchain.language](toolchain, sources, mark)
    for name, content in batch.files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        write_text(folder / name, content)
    environment = toolchain.definition.environment
    for command in batch.compile:
        compiled = sandbox.run(
            list(_filled(toolchain, command)), _LIMITS, Folders(toolchain.readable, writable=folder), environment
        )
        if not compiled.succeeded:
            return "compile", compiled
    shown = Folders({**toolchain.readable, folder: "/program"})
    inside = ["/bin/sh", "-c", 'cd /program && exec "$@"', "sh", *_filled(toolchain, batch.run)]
    return "ran", sandbox.run(inside, replace(_LIMITS, output=16 << 20), shown, environment)


def _filled(toolchain: Toolchain, command: Sequence[str]) -> Iterator[str]:
    """``command`` with the toolchain's programs by their paths."""
    for part in command:
        filled = part
        for name, path in toolchain.programs.items():
            filled = filled.replace(f"{{{name}}}", str(path))
        yield filled


def _said(execution: Execution, stage: str) -> str:
    if execution.exceeded is not None:
        return f"more {execution.exceeded} than allowed"
    text = on_one_line((execution.errors or execution.output).decode(errors="replace"))
    # A compiler begins with what is wrong, a traceback ends with it.
    shown = text[:_MOST_SAID] if stage == "compile" else text[-_MOST_SAID:]
    return shown or f"exit code {execution.exit_code}"
