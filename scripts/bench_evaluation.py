"""Proves the held-out programs: every reference passes its cases, and references with a mistake put in do not.

    .venv/bin/python scripts/bench_evaluation.py --results results.json [--languages python …] [--mutants 3]
        [--workers 2] [--page docs/benchmarks/evaluation.md] [--note TEXT]

For each language: all references are checked in the sandbox; then, of each, ``--mutants`` copies with one operator,
number, boundary or truth value changed (codescale/evaluation/programs/mutation.py, always the same ones). A mutant that
does not compile says nothing about the cases and is counted apart. A mutant may use a fifth of a reference's processor
time, since one that never ends is told as well by that. Languages that ``--results`` holds already are not
done again, so that a run may be cut into several; ``--page`` puts what it holds into a page.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from codescale.errors import UserError
from codescale.evaluation.programs.checking import Solution, check
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import HeldOutProgram, load_programs
from codescale.evaluation.programs.mutation import mutants
from codescale.evaluation.programs.prompts import completion
from codescale.evaluation.sandbox.isolation import Sandbox, open_sandbox
from codescale.evaluation.toolchains.discovery import find_toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.files import read_json, write_json, write_text
from codescale.stages.timings import machine
from codescale.study.languages import load_registry


def proved(
    sandbox: Sandbox, toolchain: Toolchain, programs: Sequence[HeldOutProgram], count: int, workers: int
) -> dict[str, Any]:
    """What came of one language."""
    language = toolchain.language
    form = FORMS[language]
    began = time.perf_counter()
    references = [Solution(program.specification, program.references[language]) for program in programs]
    verdicts = check(sandbox, toolchain, references, workers)
    passed = time.perf_counter()
    made = []
    comment = load_registry()[language].comments.line
    for program in programs:
        source = program.references[language]
        start = len(source) - len(completion(source, form, program.specification))
        made += [(program, mutant) for mutant in mutants(source, start, count, comment or "//")]
    limits = replace(toolchain.run_limits, cpu_seconds=2)
    changed = [Solution(program.specification, mutant.source) for program, mutant in made]
    judged = check(sandbox, toolchain, changed, workers, limits)
    survivors = [
        f"{program.name}, line {mutant.line}: {mutant.was} → {mutant.became}"
        for (program, mutant), verdict in zip(made, judged, strict=True)
        if verdict.passed
    ]
    return {
        "version": toolchain.version,
        "references": len(references),
        "failed": [
            f"{program.name}: {verdict.said}"
            for program, verdict in zip(programs, verdicts, strict=True)
            if not verdict.passed
        ],
        "reference_seconds": passed - began,
        "mutants": len(made),
        "not_compiled": sum(verdict.stage == "compile" for verdict in judged),
        "survivors": survivors,
        "mutant_seconds": time.perf_counter() - passed,
    }


def page(results: dict[str, Any], count: int, workers: int, note: str) -> str:
    """The page of documentation."""
    hardware = machine()
    rows = []
    sums = [0, 0, 0, 0, 0]
    for language, one in results.items():
        right = one["references"] - len(one["failed"])
        ran = one["mutants"] - one["not_compiled"]
        failed = ran - len(one["survivors"])
        numbers = [right, one["references"], ran, failed, one["not_compiled"]]
        sums = [total + number for total, number in zip(sums, numbers, strict=True)]
        rows.append(
            f"| {language} {one['version']} | {right} of {one['references']} | {one['reference_seconds']:.0f} s | "
            f"{one['not_compiled']} | {ran} | {failed} ({failed / ran:.1%}) | {one['mutant_seconds']:.0f} s |"
        )
    right, references, ran, failed, not_compiled = sums
    seconds = [sum(one[name] for one in results.values()) for name in ("reference_seconds", "mutant_seconds")]
    rows.append(
        f"| all | {right} of {references} | {seconds[0]:.0f} s | {not_compiled} | {ran} | "
        f"{failed} ({failed / ran:.1%}) | {seconds[1]:.0f} s |"
    )
    survivors = [f"- {language}: {text}" for language, one in results.items() for text in one["survivors"]]
    return "\n".join(
        [
            "# Held-out programs",
            "",
            "Whether the references of the [held-out programs](../held-out-programs.md) pass their cases, and whether",
            "copies with a mistake put in fail.",
            "",
            "    .venv/bin/python scripts/bench_evaluation.py --results results.json --page PAGE",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {hardware['cpu']}, {hardware['cores']} cores, {hardware['memory_gb']} GB;",
            f"{workers} programs at a time, at most {count} mutants of each reference. A mutant has one operator,",
            "number, boundary or truth value changed, always the same one; what does not compile is counted apart.",
            "",
            *([note, ""] if note else []),
            "| language | references right | in | mutants that do not compile | that compile | of these, fail | in |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "## Mutants that pass",
            "",
            "Some mean the same as their reference, so that no case could tell them.",
            "",
            *survivors,
            "",
        ]
    )


def main() -> int:
    """Proves what is not proved yet and writes the page; exit code 1 where a reference fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--results", type=Path, required=True, help="JSON file, a part a language")
    parser.add_argument("--languages", nargs="*", default=list(FORMS))
    parser.add_argument("--programs", nargs="*", help="only these")
    parser.add_argument("--mutants", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--note", default="", help="what else a reader of the page's figures should know")
    given = parser.parse_args()
    results: dict[str, Any] = read_json(given.results) if given.results.exists() else {}
    programs = [program for program in load_programs() if not given.programs or program.name in given.programs]
    if not programs:
        raise UserError("--programs", "names no held-out program", "name folders of held_out_programs/")
    sandbox = open_sandbox()
    toolchains = find_toolchains(sandbox, [name for name in given.languages if name not in results])
    for line in toolchains.missing.values():
        print(line)
    for language, toolchain in toolchains.found.items():
        results[language] = proved(sandbox, toolchain, programs, given.mutants, given.workers)
        write_json(given.results, results)
        print(language, json.dumps(results[language], ensure_ascii=False, indent=1))
    if given.page:
        ordered = {language: results[language] for language in FORMS if language in results}
        write_text(given.page, page(ordered, given.mutants, given.workers, given.note))
    return int(any(one["failed"] for one in results.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
