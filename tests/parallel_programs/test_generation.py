"""Generated programs: a function of seed and number, sound, varied, and none like a held-out one."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from codescale.evaluation.programs.library import HeldOutProgram, load_programs
from codescale.parallel_programs.expressions import Builtin, Literal
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.functions.registry import KINDS
from codescale.parallel_programs.generation.part import Context
from codescale.parallel_programs.generation.program import generate
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.interpreter import BUILTINS, evaluate
from codescale.parallel_programs.languages import VERSION
from codescale.parallel_programs.normal_form import normal_form
from codescale.parallel_programs.rendering.registry import RENDERERS, render
from codescale.parallel_programs.statements import Program, Statement
from codescale.parallel_programs.stream import distinct_programs
from codescale.parallel_programs.walk import nodes, unread

_WORDS = re.compile(r"\w+|[^\w\s]+")


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    return [generate(7, number) for number in range(120)]


@pytest.fixture(scope="module")
def held_out() -> Sequence[HeldOutProgram]:
    return load_programs()


def test_a_program_is_a_function_of_seed_and_number(programs: list[Program]) -> None:
    assert generate(7, 31) == programs[31]
    assert generate(8, 31) != programs[31]
    assert len({repr(program) for program in programs}) == len(programs)


def test_another_process_makes_the_same_programs(programs: list[Program]) -> None:
    """Nothing depends on the order of a set, which another process may change."""
    asked = (
        "from codescale.parallel_programs.generation.program import generate\n"
        "from codescale.parallel_programs.rendering.registry import RENDERERS, render\n"
        "print(''.join(render(generate(7, n), one) for n in range(20) for one in RENDERERS), end='')"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "99"}
    )
    assert told.stdout == "".join(render(program, one) for program in programs[:20] for one in RENDERERS)


def test_programs_are_those_of_their_version(programs: list[Program]) -> None:
    """Where programs were meant to change: raise ``VERSION`` in languages.py and put the new hash here."""
    texts = "".join(render(program, one) for program in programs[:30] for one in RENDERERS)
    assert (VERSION, hashlib.sha256(texts.encode()).hexdigest()[:16]) == (1, "ed48f539ffe0aecc")


def test_every_statement_is_executed_and_every_variable_read(programs: list[Program]) -> None:
    for program in programs:
        executed = evaluate(program).executed
        functions = [*program.functions, *(method for one in program.classes for method in one.methods)]
        for function in functions:
            assert not unread(function.body)
            assert all(id(node) in executed for node in nodes(function.body) if isinstance(node, Statement))


def test_every_kind_of_function_is_made() -> None:
    for kind, weight in KINDS:
        part = kind(Context(Draw(kind.__name__)))
        assert part.functions
        assert part.inputs
        assert weight > 0


def test_every_builtin_is_used(programs: list[Program]) -> None:
    found = {
        node.name
        for one in programs
        for body in (one.main, *(function.body for function in one.functions))
        for node in nodes(body)
        if isinstance(node, Builtin)
    }
    assert set(BUILTINS) - found <= {"last", "letter_index", "ends_with"}  # rare ones


def test_programs_with_one_normal_form_are_left_out() -> None:
    first = [made.index for made, _ in zip(distinct_programs(3), range(150), strict=False)]
    forms = [normal_form(generate(3, index)) for index in first]
    assert len(set(forms)) == 150
    assert first == sorted(first)


def _changed(value: Any) -> Any:
    """``value`` with other names, and numbers and texts that are other ones."""
    if isinstance(value, Literal):
        return replace(value, value=f"{value.value}x" if isinstance(value.value, str) else int(value.value) + 1)
    if isinstance(value, tuple):
        return tuple(map(_changed, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    made = {one.name: _changed(getattr(value, one.name)) for one in fields(value)}
    for name in ("name", "function", "method", "key", "result"):
        if isinstance(made.get(name), str) and made[name] and not isinstance(value, Builtin):
            made[name] = f"{made[name]}_other"
    return type(value)(**made)


def test_names_constants_and_inputs_are_no_part_of_a_normal_form(programs: list[Program]) -> None:
    for program in programs[:40]:
        changed = _changed(program)
        assert changed != program
        assert normal_form(changed) == normal_form(program)
    assert len({normal_form(one) for one in programs}) > 100


def test_no_function_is_called_as_a_held_out_program(held_out: Sequence[HeldOutProgram]) -> None:
    words = vocabulary()
    made = {f"{verb}_{thing}" for verbs in words.verbs.values() for verb in verbs for thing in words.objects}
    assert not made & {program.name for program in held_out}


def _five_grams(text: str) -> set[tuple[str, ...]]:
    words = _WORDS.findall(text)
    return {tuple(words[k : k + 5]) for k in range(len(words) - 4)}


@pytest.mark.parametrize("language", RENDERERS)
def test_no_program_resembles_a_held_out_one(
    programs: list[Program], held_out: Sequence[HeldOutProgram], language: str
) -> None:
    """A corpus takes for near duplicates what shares four fifths of its five consecutive words."""
    references = {one.name: _five_grams(one.references[language]) for one in held_out}
    holding = defaultdict(list)
    for name, theirs in references.items():
        for gram in theirs:
            holding[gram].append(name)
    for program in programs:
        own = _five_grams(render(program, language))
        common = Counter(name for gram in own for name in holding.get(gram, ()))
        for name, shared in common.items():
            theirs = len(references[name])
            assert shared < 0.2 * (len(own) + theirs - shared), (program.name, name)
            assert shared < 0.4 * theirs, (program.name, name)
