"""Mistakes are put in where code is, always the same ones, and tests of a program tell them."""

from __future__ import annotations

from codescale.evaluation.programs.checking import Solution, check
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.programs.mutation import mutants
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.sandbox.limits import Limits
from codescale.evaluation.toolchains.discovery import Toolchains


def changes(source: str, comment: str = "//") -> set[tuple[int, str, str]]:
    return {(mutant.line, mutant.was, mutant.became) for mutant in mutants(source, 0, 99, comment)}


def test_operators_numbers_boundaries_and_truth_values_are_changed() -> None:
    assert changes("if (a < 10 && b == true) {\n  x += max(y, 2);\n}") == {
        (1, "<", "<="),
        (1, "10", "11"),
        (1, "&&", "||"),
        (1, "==", "!="),
        (1, "true", "false"),
        (2, "+=", "-="),
        (2, "max", "min"),
        (2, "2", "3"),
    }
    assert changes("for k in range(3): x = a // b or not k", "#") == {
        (1, "3", "4"),
        (1, "//", "*"),
        (1, "or", "and"),
    }
    assert changes("for end-start > 1 { k++ }") == {(1, "-", "+"), (1, ">", ">="), (1, "1", "2"), (1, "++", "--")}
    assert changes("(0..=9)") >= {(1, "..=", "..")}


def test_texts_comments_types_and_names_are_left_alone() -> None:
    assert changes("List<Integer> x1 = \"a < 1\"; // b + 2\nfn f() -> &'a T { 'z' }") == set()
    assert changes("x = 'a + 1'  # or 3", "#") == set()


def test_a_change_is_one_change_and_always_the_same() -> None:
    source = "a + b * 3 < 4 and c - 1 > 0"
    first = mutants(source, 0, 3, "#")
    assert first == mutants(source, 0, 3, "#")
    assert len({mutant.source for mutant in first}) == 3
    for mutant in first:
        assert mutant.source.replace(mutant.became, "", 1) != source
        assert len(mutant.source.split()) == len(source.split())
    assert mutants(source, source.index("and"), 99, "#") != mutants(source, 0, 99, "#")


def test_the_cases_of_a_program_tell_mistakes(toolchains: Toolchains, sandbox: Sandbox) -> None:
    program = next(program for program in load_programs() if program.name == "edit_distance")
    made = mutants(program.references["python"], 0, 99, "#")
    solutions = [Solution(program.specification, mutant.source) for mutant in made]
    verdicts = check(sandbox, toolchains.found["python"], solutions, limits=Limits(cpu_seconds=1))
    assert len(made) > 10
    assert [mutant for mutant, verdict in zip(made, verdicts, strict=True) if verdict.passed] == []
