"""Mutates the modules that decide what is trained and counts the mutants that the tests kill.

    .venv/bin/python -m pip install 'mutmut>=3.8,<4'
    .venv/bin/python scripts/bench_mutation.py [--sample 40] [--seed 0] [--only NAME …] [--page PAGE [--notes FILE]]

mutmut changes one operator, number, argument or word of a function at a time and runs the tests that reach it. All
mutants of a module are listed; ``--sample`` of them are drawn at random with ``--seed`` (0: all are run). A mutant that
no test reaches, or that the tests pass with, has survived; one that ends in an endless loop is killed. The settings are
in ``pyproject.toml``, ``[tool.mutmut]``: tests that take seconds are left out there. The mutated copy lies in
``mutants/`` until the next run; ``--again`` judges what the last run left there, without running anything. ``--notes``:
Markdown that ends the page, on the mutants that no test can kill.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from mutmut.stats import status_by_exit_code

from codescale.files import write_text
from codescale.stages.timings import machine

GOAL = 0.85
KILLED = {"killed", "timeout", "caught by type check"}
"""What mutmut says of a mutant whose tests failed, or took many times as long as without it."""
UNJUDGED = {"not checked"}
"""Of one that was drawn and then not run, where a run is stopped early: it counts for nothing."""


@dataclass(frozen=True)
class Module:
    """A mutated module: how many mutants it has, how many were run, of those how many timed out, and the names of those
    that survived.
    """

    path: str
    mutants: int
    run: int
    timeouts: int
    survived: tuple[str, ...]


def mutmut(*names: str, children: int = 2) -> None:
    """Runs the mutants ``names``; makes them first."""
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(children), *names]
    subprocess.run(command, check=False)


def outcomes(path: str) -> dict[str, int | None]:
    """By mutant of the module at ``path``: what its tests ended with; None where it was not run."""
    meta = Path("mutants") / f"{path}.meta"
    return dict(json.loads(meta.read_text())["exit_code_by_key"]) if meta.exists() else {}


def drawn(names: Sequence[str], count: int, seed: int) -> list[str]:
    """``count`` of ``names`` at random; all where ``count`` is 0 or there are not as many."""
    if not count or len(names) <= count:
        return list(names)
    chosen = np.random.default_rng(seed).choice(len(names), size=count, replace=False)
    return [names[k] for k in sorted(chosen)]


def judged(path: str, chosen: Sequence[str]) -> Module:
    """What became of the mutants ``chosen`` of the module at ``path``."""
    found = outcomes(path)
    became = {name: status_by_exit_code[found.get(name)] for name in chosen}
    run = {name: status for name, status in became.items() if status not in UNJUDGED}
    survived = tuple(name for name, status in run.items() if status not in KILLED)
    return Module(path, len(found), len(run), sum(status == "timeout" for status in run.values()), survived)


def page(modules: Sequence[Module], arguments: argparse.Namespace) -> str:
    """The benchmark's page."""
    here, ran = machine(), sum(module.run for module in modules)
    alive = sum(len(module.survived) for module in modules)
    timeouts = sum(module.timeouts for module in modules)
    command = f"scripts/bench_mutation.py --sample {arguments.sample} --seed {arguments.seed}"
    rows = [
        f"| `{module.path.removeprefix('codescale/')}` | {module.mutants} | {module.run} | {len(module.survived)} | "
        f"{1 - len(module.survived) / module.run:.0%} |"
        for module in modules
        if module.run
    ]
    names = [f"- `{name}`" for module in modules for name in module.survived]
    return "\n".join(
        [
            "# Mutants that the tests kill",
            "",
            f"Measured on {datetime.now(UTC):%Y-%m-%d} by `{command}`: {here['cpu']}, {here['cores']} cores; "
            f"Python {here['python']}, mutmut {version('mutmut')}.",
            "",
            f"**{1 - alive / ran:.1%} of {ran} mutants died** (goal: {GOAL:.0%}).",
            "A mutant is the code with one operator,",
            "number, argument or word changed; it dies if a test fails. A mutant that no test reaches counts as alive,",
            f"one whose tests do not end as killed ({timeouts} here). Only quick tests were run: those that take",
            "seconds (real curves, whole searches, many refits; `[tool.mutmut]` in pyproject.toml) would kill more.",
            "",
            "| module | mutants | run | alive | killed |",
            "| --- | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "## Alive",
            "",
            "`mutmut show NAME` shows one of these in the copy that the run left in `mutants/`.",
            "",
            *names,
            "",
            *([arguments.notes.read_text().strip(), ""] if arguments.notes else []),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--notes", type=Path)
    arguments = parser.parse_args()
    listed = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["mutmut"]["only_mutate"]
    paths = [path for path in listed if not arguments.only or any(one in path for one in arguments.only)]
    if not arguments.again:
        mutmut("none-has-this-name")  # makes the mutants and ends
    chosen = {path: drawn(sorted(outcomes(path)), arguments.sample, arguments.seed) for path in paths}
    if not arguments.again:
        mutmut(*(name for names in chosen.values() for name in names), children=arguments.children)
    modules = [judged(path, names) for path, names in chosen.items()]
    for module in modules:
        print(
            f"{module.path}: {module.run - len(module.survived)} of {module.run} killed", *module.survived, sep="\n  "
        )
    if arguments.page:
        write_text(arguments.page, page(modules, arguments))


if __name__ == "__main__":
    main()
