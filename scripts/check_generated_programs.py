"""Proves generated programs: each compiles in all seven languages and prints what the interpreter says.

    .venv/bin/python scripts/check_generated_programs.py [--count 1000] [--seed 0] [--first 0] [--languages python …]
        [--batch 40] [--workers 2] [--variety 20000] [--results results.json]
        [--page docs/benchmarks/generated-programs.md] [--note TEXT]

Languages that ``--results`` holds already are not done again, so that a run may be cut into several; ``--page`` puts
what it holds into a page. ``--variety`` draws that many programs, counts those whose normal form came before, and tells
how many equally frequent ones would meet as often. Exit code 1 where a program fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
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
from codescale.parallel_programs.normal_form import normal_form
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


def varied(seed: int, count: int) -> dict[str, Any]:
    """By number of functions: how many programs were drawn, how many were new, and how many pairs are the same."""
    forms: dict[int, Counter[str]] = defaultdict(Counter)
    for number in range(count):
        program = generate(seed, number)
        forms[len(program.functions)][normal_form(program)] += 1
    together = Counter(form for found in forms.values() for form in found.elements())
    rows = {str(size): forms[size] for size in sorted(forms)} | {"all": together}
    return {
        name: {
            "drawn": found.total(),
            "new": len(found),
            "pairs": sum(times * (times - 1) // 2 for times in found.values()),
        }
        for name, found in rows.items()
    }


def variety_rows(variety: dict[str, Any]) -> list[str]:
    """The part of the page on distinct programs."""
    rows = []
    for name, one in variety.items():
        all_pairs = one["drawn"] * (one["drawn"] - 1) / 2
        estimate = f"{all_pairs / one['pairs']:,.0f}" if one["pairs"] else f"more than {all_pairs / 3:,.0f}"
        rows.append(f"| {name} | {one['drawn']:,} | {one['new']:,} | {one['pairs']:,} | {estimate} |")
    return [
        "",
        "## How many there are",
        "",
        "Two programs are the same here where nothing but names, constants and inputs differ. Of all pairs of programs",
        "drawn, some are the same; as many equally frequent programs as stand in the last column would meet as often.",
        "Programs are not equally frequent, so there are more (without a pair: a bound of 95 %).",
        "",
        "| functions | drawn | new | same pairs | as many as |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def page(results: dict[str, Any], seed: int, batch: int, workers: int, note: str) -> str:
    """The page of documentation."""
    hardware = machine()
    proofs = {language: one for language, one in results.items() if language in RENDERERS}
    rows = [
        f"| {language} {one['version']} | {one['programs'] - len(one['failed']):,} of {one['programs']:,} | "
        f"{one['bytes'] / one['programs']:,.0f} | {one['seconds']:.0f} s |"
        for language, one in proofs.items()
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
            *(variety_rows(results["variety"]) if "variety" in results else []),
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
    parser.add_argument("--variety", type=int, help="draw this many programs and count those that came before")
    parser.add_argument("--results", type=Path, help="JSON file, a part a language")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--note", default="", help="what else a reader of the page's figures should know")
    given = parser.parse_args()
    results: dict[str, Any] = read_json(given.results) if given.results and given.results.exists() else {}
    if given.variety and "variety" not in results:
        results["variety"] = varied(given.seed, given.variety)
        print("\n".join(variety_rows(results["variety"])[-5:]))
        if given.results:
            write_json(given.results, results)
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
    return int(any(one["failed"] for language, one in results.items() if language in RENDERERS))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
