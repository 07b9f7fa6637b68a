"""Whether completions of problems are right: each compiled with its tests, run in the sandbox."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from codescale.evaluation.benchmarks.harnesses import HARNESSES
from codescale.evaluation.benchmarks.problem import Problem
from codescale.evaluation.programs.checking import Verdict, check_units, execution_words
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.unit import Unit


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
    harness, marks = HARNESSES[toolchain.language], [secrets.token_hex(8) for _ in completed]
    sources = []
    for solution, mark in zip(completed, marks, strict=True):
        made = harness(solution.problem.prompt + solution.completion, solution.problem.tests, mark)
        files = {**toolchain.sources(made.solution, made.driver), **made.more}
        sources.append(Unit(files, "\n".join(files.values())))  # a problem's tests are from a file, not ours

    def judged(number: int, ran: Execution) -> Verdict:
        if ran.succeeded and marks[number] in ran.output.decode(errors="replace").splitlines():
            return Verdict("passed", (), "")
        return Verdict("run", (), execution_words(ran) if not ran.succeeded else "it ended before its tests did")

    return check_units(sandbox, toolchain, sources, judged, workers, limits)
