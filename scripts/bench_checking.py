"""Checking many completions: compilers that are started once for many programs, beside one start and sandbox for each.

    .venv/bin/python scripts/bench_checking.py [--programs 3] [--completions 20] [--languages python …] [--workers 2]
        [--alone 10]

Completions of a program: its reference, references with one change, references cut off somewhere, bodies of other
programs, and nonsense, all distinct: what a middling model writes. Both sides check the same, one after the other in
each language; verdicts are compared one by one. What does not end within a second is left out of both, where it costs
the same. With ``--alone`` only so many, drawn from all, are done one by one; seconds are a program's.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Lock

from codescale.evaluation.programs.checking import Solution, Verdict, check
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import HeldOutProgram, load_programs
from codescale.evaluation.programs.mutation import mutants
from codescale.evaluation.programs.prompts import completion, prompt
from codescale.evaluation.sandbox.folders import Folders
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.discovery import find_toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.stages.timings import machine
from codescale.study.languages import load_registry


def completions(one: HeldOutProgram, others: Sequence[HeldOutProgram], language: str, count: int) -> list[Solution]:
    """``count`` distinct programs: at most half changed references, a quarter cut off, the rest other bodies, noise."""
    form, generator = FORMS[language], random.Random(f"{one.name} {language}")
    source = one.references[language]
    body = completion(source, form, one.specification)
    start, shown = len(source) - len(body), prompt(source, form, one.specification)
    comment = load_registry()[language].comments.line or "//"
    bodies = [body, *(mutant.source[start:] for mutant in mutants(source, start, count // 2 - 1, comment))]
    bodies += [body[: generator.randrange(len(body))] for _ in range(count // 4)]
    bodies += [completion(two.references[language], form, two.specification) for two in others[: count // 8]]
    while len(dict.fromkeys(bodies)) < count:
        words = body.split()
        generator.shuffle(words)
        bodies.append(" ".join(words))
    return [Solution(one.specification, shown + text) for text in list(dict.fromkeys(bodies))[:count]]


def one_by_one(sandbox: Sandbox, toolchain: Toolchain, solutions: Sequence[Solution], workers: int) -> list[Verdict]:
    """A compiler and a sandbox for each."""
    with ThreadPoolExecutor(workers) as pool:
        limits = replace(toolchain.run_limits, cpu_seconds=1)
        return list(pool.map(lambda one: check(sandbox, toolchain, [one], 1, limits)[0], solutions))


class CountingSandbox:
    """A sandbox that adds up the processor time of what ran in it: the kernel counts it for nobody outside.

    What a process uses after the last look at it, every 20 ms, is missed: more of it where more processes are started.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._lock = sandbox, Lock()
        self.cpu_seconds = 0.0

    @property
    def description(self) -> str:
        """The sandbox's own."""
        return self._sandbox.description

    def run(
        self,
        command: Sequence[str],
        limits: Limits,
        folders: Folders,
        environment: Mapping[str, str] | None = None,
    ) -> Execution:
        """As the sandbox's own."""
        execution = self._sandbox.run(command, limits, folders, environment)
        with self._lock:
            self.cpu_seconds += execution.cpu_seconds
        return execution


def timed(sandbox: CountingSandbox, work: Callable[[], list[Verdict]]) -> tuple[list[Verdict], float, float]:
    """Verdicts, processor seconds of this process and of all that ran in the sandbox, and seconds by the clock."""
    sandbox.cpu_seconds = 0.0
    used, began = time.process_time(), time.perf_counter()
    verdicts = work()
    return verdicts, time.process_time() - used + sandbox.cpu_seconds, time.perf_counter() - began


def main() -> None:
    """Prints the figures as JSON, a language after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--programs", type=int, default=3)
    parser.add_argument("--completions", type=int, default=20)
    parser.add_argument("--languages", nargs="*", default=list(FORMS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alone", type=int, help="programs a language that are also done one by one; default: all")
    given = parser.parse_args()
    sandbox, programs = CountingSandbox(open_sandbox()), load_programs()
    chosen = programs[:: len(programs) // given.programs][: given.programs]
    others = [one for one in programs if one not in chosen]
    total = [0.0, 0.0, 0.0, 0.0]
    print(json.dumps(machine()))
    toolchains = find_toolchains(sandbox, given.languages)
    for line in toolchains.missing.values():
        print(line)
    for language, toolchain in toolchains.found.items():
        solutions = [made for one in chosen for made in completions(one, others, language, given.completions)]

        limits = replace(toolchain.run_limits, cpu_seconds=1)
        first = check(sandbox, toolchain, solutions, given.workers, limits)
        solutions = [one for one, found in zip(solutions, first, strict=True) if "more time" not in found.said]
        together = timed(sandbox, partial(check, sandbox, toolchain, solutions, given.workers, limits))
        count = given.alone or len(solutions)
        drawn = sorted(random.Random(0).sample(range(len(solutions)), min(count, len(solutions))))
        chosen_ones = [solutions[number] for number in drawn]
        apart = timed(sandbox, partial(one_by_one, sandbox, toolchain, chosen_ones, given.workers))
        each = [*(value / len(solutions) for value in together[1:]), *(value / len(drawn) for value in apart[1:])]
        total = [value + found for value, found in zip(total, each, strict=True)]
        stages = [one.stage for one in together[0]]
        pairs = [(together[0][number], one) for number, one in zip(drawn, apart[0], strict=True)]
        figures = {
            "language": language,
            "programs": len(solutions),
            "alone": len(drawn),
            "stages": {stage: stages.count(stage) for stage in sorted(set(stages))},
            "same_verdicts": sum(one.stage == other.stage and one.cases == other.cases for one, other in pairs),
            "cpu_each_together": round(each[0], 3),
            "cpu_each_alone": round(each[2], 3),
            "cpu_ratio": round(each[2] / each[0], 2),
            "clock_ratio": round(each[3] / each[1], 2),
        }
        print(json.dumps(figures), flush=True)
    print(json.dumps({"cpu_ratio": round(total[2] / total[0], 2), "clock_ratio": round(total[3] / total[1], 2)}))


if __name__ == "__main__":
    main()
