"""Compiled together programs are judged as alone: none is made right, and none fails, by another of its batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from codescale.evaluation.programs.checking import Solution, check
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.programs.prompts import completion
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.toolchains.batch import compile_all
from codescale.evaluation.toolchains.definition import Host
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.toolchains.unit import Unit
from codescale.evaluation.toolchains.workspace import Workspace

PROGRAM = next(one for one in load_programs() if one.name == "binary_search_first")

WRONG_TYPES = {
    "typescript": "  const odd: string = 1;\n  return odd;\n}\n",
    "java": '        return "word";\n    }\n}\n',
    "csharp": '        return "word";\n    }\n}\n',
    "go": '\treturn "word"\n}\n',
    "rust": '    "word"\n}\n',
}
SPREADING = {
    # Makes the type error of the program after it vanish, were both seen by one compiler.
    "typescript": "declare global { interface Array<T> { odd(): number } }\nexport {};\n",
    "java": "package p;\n",
    "csharp": "} namespace Other {\n",
    "javascript": "}});(() => {{\n",
    "python": "import solution as odd\nprint = None\n",
}


def by_size(language: str) -> Any:
    """Those whose compilers are quick are tried every time, all of them nightly."""
    quick = language in ("python", "javascript", "typescript")
    return pytest.param(language, marks=() if quick else pytest.mark.slow, id=language)


def found(toolchains: Toolchains, language: str) -> Toolchain:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    return toolchains.found[language]


def texts(language: str) -> list[str]:
    """Right and wrong programs, next to each other."""
    reference = PROGRAM.references[language]
    body = completion(reference, FORMS[language], PROGRAM.specification)
    head = reference[: len(reference) - len(body)]
    made = [reference, reference[: -len(body) // 2], head + "?? (", reference, "", reference + "\n}\n", reference]
    if language in WRONG_TYPES:
        made += [head + WRONG_TYPES[language], reference]
    if language in SPREADING:
        made += [SPREADING[language] + reference, reference]
    if language == "typescript":
        made.append(head + "  return [1].odd();\n}\n")
    return made


@pytest.mark.parametrize("language", [by_size(language) for language in FORMS])
def test_a_batch_is_judged_as_each_alone(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    toolchain = found(toolchains, language)
    solutions = [Solution(PROGRAM.specification, text) for text in texts(language)]
    together = check(sandbox, toolchain, solutions)
    alone = [check(sandbox, toolchain, [one])[0] for one in solutions]
    assert [one.stage for one in together] == [one.stage for one in alone]
    assert together[0].passed
    assert {one.stage for one in together} >= {"passed", "compile"}
    assert all(one.said for one in together if not one.passed)


@pytest.mark.parametrize("fate", ["crashes", "lies", "says nothing", "half"])
def test_what_a_host_does_not_tell_is_compiled_alone(toolchains: Toolchains, sandbox: Sandbox, fate: str) -> None:
    python = found(toolchains, "python")
    host = {
        "crashes": "import os\nos.abort()\n",
        "lies": 'print(\'{"program": 99, "said": null}\')\nprint(\'{"program": "0", "said": 3}\')\nprint(\'[]\')\n',
        "says nothing": "",
        "half": 'print(\'{"program": 0, "said": null}\', flush=True)\nraise SystemExit(1)\n',
    }[fate]
    command = ("{python}", "-I", "host.py", "{count}")
    definition = python.definition.model_copy(update={"host": Host(files={"host.py": host}, commands=(command,))})
    toolchain = replace(python, definition=definition)
    sources = [Unit(python.sources(text, ""), text) for text in ("x = 1\n", "x = (\n", "x = 2\n")]
    with Workspace() as workspace:
        done = compile_all(sandbox, toolchain, workspace, sources, 1)
    assert [execution.succeeded for _, execution in done] == [True, False, True]


def test_a_program_that_stops_the_compiler_takes_nobody_with_it(toolchains: Toolchains, sandbox: Sandbox) -> None:
    python = found(toolchains, "python")
    sources = [
        Unit(python.sources(text, ""), text)
        for text in ("x = 1\n", "x = " + "(" * 150_000 + "\n", "x\0 = 1\n", "x = 2\n")
    ]
    with Workspace() as workspace:
        done = compile_all(sandbox, python, workspace, sources, 1)
    assert [execution.succeeded for _, execution in done] == [True, False, False, True]
