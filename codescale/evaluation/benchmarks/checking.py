"""Whether completions of problems are right: each compiled with its tests, run in the sandbox."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from codescale.evaluation.benchmarks.harnesses import HARNESSES
from codescale.evaluation.benchmarks.problem import Problem
from codescale.evaluation.programs.checking import Verdict, execution_words
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Limits
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.workspace import Workspace
from codescale.files import write_text


@dataclass(frozen=True)
class Completed:
    """A completion of ``problem``."""

    problem: Problem
    completion: str


def check_problems(
    sandbox: Sandbox,
    toolchain: Toolchain,
    completed: Sequence[Completed],
    workers: int = 2,
    limits: Limits | None = None,
) -> list[Verdict]:
    """The verdict on each of ``completed``, all in ``toolchain``'s language, ``workers`` of them at a time.

    ``limits`` are what running may use instead of what the toolchain allows.
    """
    harness = HARNESSES[toolchain.language]
    with Workspace() as workspace, ThreadPoolExecutor(workers) as pool:

        def one(solution: Completed) -> Verdict:
            folder, mark = workspace.folder(), secrets.token_hex(8)
            sources = harness(solution.problem.prompt + solution.completion, solution.problem.tests, mark)
            toolchain.write_sources(folder, sources.solution, sources.driver)
            for name, content in sources.more.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                write_text(folder / name, content)
            compiled = toolchain.compile(sandbox, folder)
            if not compiled.succeeded:
                return Verdict("compile", (), execution_words(compiled))
            ran = toolchain.run(sandbox, folder, limits)
            if ran.succeeded and mark in ran.output.decode(errors="replace").splitlines():
                return Verdict("passed", (), "")
            return Verdict("run", (), execution_words(ran) if not ran.succeeded else "it ended before its tests did")

        return list(pool.map(one, completed))
