"""Generated programs print in every language what the interpreter says; what is wrong in a batch is told of the one."""

from __future__ import annotations

import pytest

from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.evaluation.toolchains.toolchain import Toolchain
from codescale.evaluation.whole_programs.batches import FORMS
from codescale.evaluation.whole_programs.running import run_programs
from codescale.parallel_programs.generation.program import generate
from codescale.parallel_programs.interpreter import evaluate
from codescale.parallel_programs.languages import LANGUAGES
from codescale.parallel_programs.rendering.registry import render

_BROKEN = {
    "python": "def main(:\n",
    "java": "public class Broken {\n    int x = ;\n}\n",
    "javascript": "function main( {\n",
    "typescript": 'const n: number = "text";\n',
    "csharp": "static class Broken\n{\n    static int Main( {\n}\n",
    "go": "package main\n\nfunc main() {\n\tx := 1\n}\n",
    "rust": "fn main() { let x: i64 = true; }\n",
}


def _toolchain(toolchains: Toolchains, language: str) -> Toolchain:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    return toolchains.found[language]


def _check(sandbox: Sandbox, toolchain: Toolchain, first: int, count: int) -> None:
    programs = [generate(2026, number) for number in range(first, first + count)]
    outcomes = run_programs(sandbox, toolchain, [render(one, toolchain.language) for one in programs])
    for program, outcome in zip(programs, outcomes, strict=True):
        assert (outcome.stage, outcome.output) == ("ran", evaluate(program).output), outcome.said


def test_all_languages_can_be_batched() -> None:
    assert set(FORMS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_programs_print_what_is_expected(sandbox: Sandbox, toolchains: Toolchains, language: str) -> None:
    _check(sandbox, _toolchain(toolchains, language), 0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_many_programs_print_what_is_expected(sandbox: Sandbox, toolchains: Toolchains, language: str) -> None:
    _check(sandbox, _toolchain(toolchains, language), 3, 120)


@pytest.mark.parametrize("language", ["python", "javascript", "go"])
def test_a_broken_program_is_told_and_the_others_run(sandbox: Sandbox, toolchains: Toolchains, language: str) -> None:
    _check_broken(sandbox, _toolchain(toolchains, language))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["typescript", "java", "csharp", "rust"])
def test_a_broken_program_is_told_by_the_slow_ones(sandbox: Sandbox, toolchains: Toolchains, language: str) -> None:
    _check_broken(sandbox, _toolchain(toolchains, language))


def _check_broken(sandbox: Sandbox, toolchain: Toolchain) -> None:
    program = generate(2026, 0)
    good, bad = render(program, toolchain.language), _BROKEN[toolchain.language]
    outcomes = run_programs(sandbox, toolchain, [good, bad, good])
    assert [one.stage == "ran" for one in outcomes] == [True, False, True]
    assert outcomes[0].output == outcomes[2].output == evaluate(program).output
    assert outcomes[1].said


def test_a_program_that_fails_while_it_runs_is_told(sandbox: Sandbox, toolchains: Toolchains) -> None:
    toolchain = _toolchain(toolchains, "python")
    outcomes = run_programs(sandbox, toolchain, ["print(1)\n", "print(2)\nraise ValueError('so')\n"])
    assert [(one.stage, one.output) for one in outcomes] == [("ran", "1\n"), ("run", "2\n")]
    assert "ValueError: so" in outcomes[1].said
