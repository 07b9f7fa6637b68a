"""Whether a solution is right: compiled with the driver of its program, run in the sandbox, its results compared."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from codescale.errors import on_one_line
from codescale.evaluation.programs.forms.base import Form
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.specification import Case, Specification
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Execution, Limits
from codescale.evaluation.toolchains.batch import compile_all
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.unit import Unit
from codescale.evaluation.toolchains.workspace import Workspace

Stage = Literal["compile", "run", "passed"]

_MOST_SAID = 300


@dataclass(frozen=True)
class Solution:
    """A program's text, to be checked against ``specification``."""

    specification: Specification
    source: str


@dataclass(frozen=True)
class Verdict:
    """``stage``: where a solution ended, or that it passed; ``cases``: which of them it got right, none where it did
    not compile; ``said``: why not, on one line.
    """

    stage: Stage
    cases: tuple[bool, ...]
    said: str

    @property
    def passed(self) -> bool:
        """Whether every case came out as expected."""
        return self.stage == "passed"


def check(
    sandbox: Sandbox,
    toolchain: Toolchain,
    solutions: Sequence[Solution],
    workers: int = 2,
    limits: Limits | None = None,
) -> list[Verdict]:
    """The verdict on each of ``solutions``, all in ``toolchain``'s language, ``workers`` of them at a time.

    ``limits`` are what running may use instead of what the toolchain allows.
    """
    form = FORMS[toolchain.language]
    marks = [secrets.token_hex(8) for _ in solutions]
    sources = [
        Unit(toolchain.sources(solution.source, form.driver(solution.specification, mark)), solution.source)
        for solution, mark in zip(solutions, marks, strict=True)
    ]

    def judged(number: int, ran: Execution) -> Verdict:
        return _verdict(ran, form, solutions[number].specification, marks[number])

    return check_units(sandbox, toolchain, sources, judged, workers, limits)


def check_units(
    sandbox: Sandbox,
    toolchain: Toolchain,
    units: Sequence[Unit],
    judged: Callable[[int, Execution], Verdict],
    workers: int,
    limits: Limits | None,
) -> list[Verdict]:
    """Compiles ``units``, runs what compiles, and has ``judged`` say what the run of the unit with that number means.

    The other parameters are as :func:`check`'s.
    """
    with Workspace() as workspace, ThreadPoolExecutor(workers) as pool:

        def one(number: int, compiled: tuple[Path, Execution]) -> Verdict:
            folder, execution = compiled
            if not execution.succeeded:
                return Verdict("compile", (), execution_words(execution))
            return judged(number, toolchain.run(sandbox, folder, limits))

        done = compile_all(sandbox, toolchain, workspace, units, workers)
        return list(pool.map(one, range(len(units)), done))


def _verdict(ran: Execution, form: Form, specification: Specification, mark: str) -> Verdict:
    lines = re.findall(rf"^{mark} (\d+) (ok .*|fails|error)$", ran.output.decode(errors="replace"), re.MULTILINE)
    told = {int(index): line for index, line in lines}
    results = tuple(
        _is_right(told.get(index, "nothing"), case, form, specification)
        for index, case in enumerate(specification.cases)
    )
    if all(results) and ran.succeeded:
        return Verdict("passed", results, "")
    if all(results):
        return Verdict("run", results, execution_words(ran))
    first = results.index(False)
    case = specification.cases[first]
    wanted = "failure" if case.fails else json.dumps(case.expected)
    said = f"case {first + 1}: {told.get(first, 'nothing').removeprefix('ok ')} where {wanted} is expected"
    why = f" ({execution_words(ran)})" if not ran.succeeded else ""
    return Verdict("run", results, on_one_line(said + why))


def _is_right(line: str, case: Case, form: Form, specification: Specification) -> bool:
    if case.fails or not line.startswith("ok "):
        return case.fails and line == "fails"
    try:
        value: Any = json.loads(line.removeprefix("ok "), parse_constant=lambda constant: None)
    except (ValueError, RecursionError):
        return False
    if form.empty_is_null:
        value = _with_empty(value, specification)
    return specification.result_type.equal(case.expected, value)


def _with_empty(value: Any, specification: Specification) -> Any:
    """``value`` with an empty list or map where there is ``null``."""
    kind = specification.result_type
    empty: dict[str, Callable[[], Any]] = {"list": list, "map": dict}
    if value is None and kind.kind in empty:
        return empty[kind.kind]()
    if kind.kind == "list" and kind.of.kind in empty and isinstance(value, list):
        return [empty[kind.of.kind]() if item is None else item for item in value]
    if kind.kind == "map" and kind.of.kind in empty and isinstance(value, dict):
        return {key: empty[kind.of.kind]() if item is None else item for key, item in value.items()}
    return value


def execution_words(execution: Execution) -> str:
    """Why a command failed, on one line."""
    if execution.exceeded is not None:
        return f"more {execution.exceeded} than allowed"
    text = on_one_line((execution.errors + execution.output).decode(errors="replace"))
    return text[:_MOST_SAID] or f"exit code {execution.exit_code}"
