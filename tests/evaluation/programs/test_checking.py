"""What is right passes, and what is wrong in any way does not, in every language that this machine has."""

from __future__ import annotations

from typing import Any

import pytest

from codescale.evaluation.programs.checking import Solution, Verdict, check
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.programs.prompts import prompt
from codescale.evaluation.programs.specification import Specification
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain

ODD = "q\" 'b' \\ {} %s $x `é 😀\n\t\x00\x7f end"

IDENTITY = {
    "python": "    return value\n",
    "java": "        return value;\n    }\n}\n",
    "javascript": "  return value;\n}\n",
    "typescript": "  return value;\n}\n",
    "csharp": "        return value;\n    }\n}\n",
    "go": "\treturn value\n}\n",
    "rust": "    value.to_owned()\n}\n",
}
HEADS = {
    "java": "import java.util.*;\n\nclass Solution {\n",
    "csharp": "using System.Collections.Generic;\n\nstatic class Solution\n{\n",
    "go": "package main\n\n",
    "rust": "#[allow(unused_imports)]\nuse std::collections::HashMap;\n\n",
}
VALUES: dict[str, list[Any]] = {
    "string": ["", "a", ODD, "x" * 300, "2"],
    "int": [0, -1, 2**31 - 1, -(2**31), 7],
    "long": [0, -5, 2**53 - 1, -(2**53), 10**12],
    "float": [0.0, -1.5, 1e-7, 1e20, 3.0],
    "bool": [True, False, True, False, True],
    "list<string>": [[], [""], ["a", "b"], [ODD], ["z"] * 9],
    "list<list<int>>": [[], [[]], [[1], [], [2, 3]], [[-1, 0]], [[5] * 9]],
    "list<float>": [[], [0.5], [1.0, -2.0], [1e10], [0.1, 0.2]],
    "map<string, int>": [{}, {"a": 1}, {"b": 2, "a": 1}, {ODD: -1}, {"": 0}],
    "map<string, list<string>>": [{}, {"a": []}, {"a": ["b"], "c": [""]}, {ODD: [ODD]}, {"x": ["y", "z"]}],
    "map<string, map<string, int>>": [{}, {"a": {}}, {"a": {"b": 1}}, {"c": {"d": 2, "e": 3}}, {"": {"": 0}}],
}


def found(toolchains: Toolchains, language: str) -> Toolchain:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    return toolchains.found[language]


def specified(parameter: str, cases: list[dict[str, Any]], **more: Any) -> Specification:
    return Specification(
        name="echo_value",
        subject="text",
        description="Echoes.",
        parameters={"value": parameter},
        cases=cases,  # type: ignore[arg-type]
        **{"returns": parameter, **more},
    )


def one(sandbox: Sandbox, toolchain: Toolchain, specification: Specification, source: str) -> Verdict:
    return check(sandbox, toolchain, [Solution(specification, source)])[0]


@pytest.mark.parametrize("language", FORMS)
def test_values_of_every_type_go_in_and_come_out_as_they_are(
    toolchains: Toolchains, sandbox: Sandbox, language: str
) -> None:
    toolchain, form = found(toolchains, language), FORMS[language]
    solutions = []
    for noted, values in VALUES.items():
        specification = specified(noted, [{"given": [value], "expected": value} for value in values])
        source = HEADS.get(language, "") + form.signature(specification) + IDENTITY[language]
        solutions.append(Solution(specification, source))
    verdicts = check(sandbox, toolchain, solutions)
    assert {kind: verdict.said for kind, verdict in zip(VALUES, verdicts, strict=True) if not verdict.passed} == {}


@pytest.mark.parametrize("language", FORMS)
def test_a_wrong_value_is_told_with_its_case(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    toolchain = found(toolchains, language)
    cases = [{"given": [number], "expected": number if number != 3 else 4} for number in range(5)]
    specification = specified("int", cases)
    source = HEADS.get(language, "") + FORMS[language].signature(specification) + IDENTITY[language]
    verdict = one(sandbox, toolchain, specification, source)
    assert verdict.stage == "run"
    assert verdict.cases == (True, True, True, False, True)
    assert verdict.said == "case 4: 3 where 4 is expected"


@pytest.mark.parametrize("language", FORMS)
def test_the_reference_passes_and_an_empty_completion_does_not(
    toolchains: Toolchains, sandbox: Sandbox, language: str
) -> None:
    toolchain, form = found(toolchains, language), FORMS[language]
    programs = {program.name: program for program in load_programs()}
    chosen = [programs[name] for name in ("fewest_coins", "fill_template", "binary_search_first")]
    right = [Solution(program.specification, program.references[language]) for program in chosen]
    shown = [prompt(program.references[language], form, program.specification) for program in chosen]
    empty = [Solution(program.specification, text) for program, text in zip(chosen, shown, strict=True)]
    assert [verdict.said for verdict in check(sandbox, toolchain, right) if not verdict.passed] == []
    assert not any(verdict.passed for verdict in check(sandbox, toolchain, empty))


FAILS = {
    "python": ["    raise ValueError(value)\n", "    return [][1]\n"],
    "java": [
        '        throw new IllegalArgumentException("no");\n    }\n}\n',
        "        return 1 / (value - value);\n    }\n}\n",
    ],
    "javascript": ['  throw new Error("no");\n}\n', "  return undefined.value;\n}\n"],
    "typescript": ['  throw new Error("no");\n}\n', "  return (undefined as any).value;\n}\n"],
    "csharp": [
        '        throw new System.ArgumentException("no");\n    }\n}\n',
        "        return new int[0][value + 1];\n    }\n}\n",
    ],
    "go": [
        '\treturn 0, errors.New("no")\n}\n',
        '\tif value < 9 {\n\t\tpanic(errors.New("no"))\n\t}\n\treturn 0, nil\n}\n',
    ],
    "rust": ['    Err(format!("no {value}"))\n}\n', "    Ok(vec![0; 1][value as usize + 1])\n}\n"],
}


@pytest.mark.parametrize("language", FORMS)
def test_failing_by_design_is_told_from_breaking(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    toolchain, form = found(toolchains, language), FORMS[language]
    specification = specified("int", [{"given": [k], "fails": True} for k in range(5)], fails="always")
    head = HEADS.get(language, "").replace("package main\n", 'package main\n\nimport "errors"\n')
    designed, broken = (head + form.signature(specification) + body for body in FAILS[language])
    assert one(sandbox, toolchain, specification, designed).passed
    verdict = one(sandbox, toolchain, specification, broken)
    assert (verdict.stage, any(verdict.cases)) == ("run", False)


def python_verdict(toolchains: Toolchains, sandbox: Sandbox, source: str) -> Verdict:
    specification = specified("int", [{"given": [k], "expected": k} for k in range(5)])
    return one(sandbox, found(toolchains, "python"), specification, source)


@pytest.mark.parametrize(
    ("source", "stage"),
    [
        ("def echo_value(value):\n    return value\n", "passed"),
        ("print('noise', flush=True)\n\ndef echo_value(value):\n    print('more')\n    return value\n", "passed"),
        ("def echo_value(value)\n    return value\n", "compile"),
        ("", "run"),
        ("def other(value):\n    return value\n", "run"),
        ("def echo_value(value):\n    return {value}\n", "run"),
        ("def echo_value(value):\n    while value > 2: pass\n    return value\n", "run"),
        ("import sys\n\ndef echo_value(value):\n    sys.exit(0)\n", "run"),
        ("import os\n\ndef echo_value(value):\n    os._exit(0)\n", "run"),
        (
            "import os\n\ndef echo_value(value):\n    return value\n\nimport atexit; atexit.register(os._exit, 1)\n",
            "run",
        ),
        ("for k in range(5): print('\\nmark', k, 'ok', k)\n\ndef echo_value(value):\n    return None\n", "run"),
    ],
)
def test_only_what_returns_the_right_values_passes(
    toolchains: Toolchains, sandbox: Sandbox, source: str, stage: str
) -> None:
    verdict = python_verdict(toolchains, sandbox, source)
    assert verdict.stage == stage
    assert (verdict.said == "") == (stage == "passed")


def test_a_limit_is_named(toolchains: Toolchains, sandbox: Sandbox) -> None:
    verdict = python_verdict(toolchains, sandbox, "def echo_value(value):\n    while True: print(value)\n")
    assert "more output than allowed" in verdict.said


def test_what_is_expected_is_not_shown_to_the_program() -> None:
    specification = specified("int", [{"given": [k], "expected": 987654321} for k in range(5)])
    for form in FORMS.values():
        assert "987654321" not in form.driver(specification, "mark")
