"""Checking many completions: compilers that are started once for many programs, beside one start and sandbox for each.

    .venv/bin/python scripts/bench_checking.py [--programs 3] [--completions 20] [--languages python …] [--workers 2]

Completions of a program: its reference, references with one change, references cut off somewhere, bodies of other
programs, and nonsense, all distinct: what a middling model writes. Both sides check the same, one after the other in
each language; verdicts are compared one by one. Processor seconds are those of all children.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from codescale.evaluation.programs.checking import Solution, Verdict, check
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import HeldOutProgram, load_programs
from codescale.evaluation.programs.mutation import mutants
from codescale.evaluation.programs.prompts import completion, prompt
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
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
        return list(pool.map(lambda one: check(sandbox, toolchain, [one], 1)[0], solutions))


def timed(work: Callable[[], list[Verdict]]) -> tuple[list[Verdict], float, float]:
    """Verdicts, processor seconds of this process and all that it started, and seconds by the clock."""

    def used() -> float:
        own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

    before, began = used(), time.perf_counter()
    verdicts = work()
    return verdicts, used() - before, time.perf_counter() - began


def main() -> None:
    """Prints the figures as JSON, a language after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--programs", type=int, default=3)
    parser.add_argument("--completions", type=int, default=20)
    parser.add_argument("--languages", nargs="*", default=list(FORMS))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    sandbox, programs = open_sandbox(), load_programs()
    chosen = programs[:: len(programs) // given.programs][: given.programs]
    others = [one for one in programs if one not in chosen]
    total = [0.0, 0.0]
    print(json.dumps(machine()))
    toolchains = find_toolchains(sandbox, given.languages)
    for line in toolchains.missing.values():
        print(line)
    for language, toolchain in toolchains.found.items():
        solutions = [made for one in chosen for made in completions(one, others, language, given.completions)]

        together = timed(partial(check, sandbox, toolchain, solutions, given.workers))
        apart = timed(partial(one_by_one, sandbox, toolchain, solutions, given.workers))
        total = [total[0] + together[1], total[1] + apart[1]]
        stages = [one.stage for one in apart[0]]
        figures = {
            "language": language,
            "programs": len(solutions),
            "stages": {stage: stages.count(stage) for stage in sorted(set(stages))},
            "same_verdicts": sum(
                a.stage == b.stage and a.cases == b.cases for a, b in zip(together[0], apart[0], strict=True)
            ),
            "cpu_seconds_together": round(together[1], 1),
            "cpu_seconds_alone": round(apart[1], 1),
            "cpu_ratio": round(apart[1] / together[1], 2),
            "seconds_together": round(together[2], 1),
            "seconds_alone": round(apart[2], 1),
        }
        print(json.dumps(figures), flush=True)
    print(json.dumps({"cpu_seconds_together": total[0], "cpu_seconds_alone": total[1], "ratio": total[1] / total[0]}))


if __name__ == "__main__":
    main()
