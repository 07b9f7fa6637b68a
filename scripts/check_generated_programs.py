"""Proves generated programs: each compiles in all seven languages and prints what the interpreter says.

    .venv/bin/python scripts/check_generated_programs.py [--count 1000] [--seed 0] [--first 0] [--languages python …]
        [--batch 40] [--workers 2] [--results results.json] [--page docs/benchmarks/generated-programs.md] [--note TEXT]

Languages that ``--results`` holds already are not done again, so that a run may be cut into several; ``--page`` puts
what it holds into a page. Exit code 1 where a program fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.toolchains.discovery import find_toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.whole_programs.running import run_programs
from codescale.files import read_json, write_json, write_text
from codescale.parallel_programs.generation.program import generate
from codescale.parallel_programs.interpreter import evaluate
from codescale.parallel_programs.rendering.registry import RENDERERS, render
from codescale.parallel_programs.statements import Program
from codescale.stages.timings import machine


def proved(
    sandbox: Sandbox, toolchain: Toolchain, programs: Sequence[Program], first: int, batch: int, workers: int
) -> dict[str, Any]:
    """What came of one language."""
    began = time.perf_counter()
    sources = [render(program, toolchain.language) for program in programs]
    outcomes = run_programs(sandbox, toolchain, sources, batch, workers)
    failed = []
    for number, (program, outcome) in enumerate(zip(programs, outcomes, strict=True), first):
        if outcome.stage != "ran":
            failed.append(f"program {number}, {outcome.stage}: {outcome.said}")
        elif outcome.output != (wanted := evaluate(program).output):
            failed.append(
                f"program {number} printed {json.dumps(outcome.output)} where {json.dumps(wanted)} is expected"
            )
    return {
        "version": toolchain.version,
        "programs": len(programs),
        "failed": failed,
        "seconds": time.perf_counter() - began,
        "bytes": sum(map(len, sources)),
    }


def page(results: dict[str, Any], seed: int, batch: int, workers: int, note: str) -> str:
    """The page of documentation."""
    hardware = machine()
    rows = [
        f"| {language} {one['version']} | {one['programs'] - len(one['failed']):,} of {one['programs']:,} | "
        f"{one['bytes'] / one['programs']:,.0f} | {one['seconds']:.0f} s |"
        for language, one in results.items()
    ]
    return "\n".join(
        [
            "# Generated programs",
            "",
            "Whether [generated programs](../generated-programs.md) compile in every language and print what the",
            "interpreter of their representation says.",
            "",
            "    .venv/bin/python scripts/check_generated_programs.py --results results.json --page PAGE",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {hardware['cpu']}, {hardware['cores']} cores, {hardware['memory_gb']} GB;",
            f"seed {seed}, {batch} programs compiled and run as one, {workers} such batches at a time. Each stands in",
            "a module, package or namespace of its own; else its text is what a corpus gets.",
            "",
            *([note, ""] if note else []),
            "| language | compile and print what is expected | bytes a program | in |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def main() -> int:
    """Proves what is not proved yet and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first program")
    parser.add_argument("--languages", nargs="*", default=list(RENDERERS))
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--results", type=Path, help="JSON file, a part a language")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--note", default="", help="what else a reader of the page's figures should know")
    given = parser.parse_args()
    results: dict[str, Any] = read_json(given.results) if given.results and given.results.exists() else {}
    sandbox = open_sandbox()
    toolchains = find_toolchains(sandbox, [name for name in given.languages if name not in results])
    for line in toolchains.missing.values():
        print(line)
    programs = [generate(given.seed, number) for number in range(given.first, given.first + given.count)]
    for language, toolchain in toolchains.found.items():
        one = results[language] = proved(sandbox, toolchain, programs, given.first, given.batch, given.workers)
        if given.results:
            write_json(given.results, results)
        print(f"{language}: {one['programs'] - len(one['failed'])} of {one['programs']} in {one['seconds']:.0f} s")
        print("\n".join(one["failed"][:20]), flush=True)
    if given.page:
        write_text(given.page, page(results, given.seed, given.batch, given.workers, given.note))
    return 1 if any(one["failed"] for one in results.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
