"""The folder of held-out programs: what is in it, and what is wrong with one is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs, packaged_programs
from codescale.evaluation.programs.prompts import completion, prompt
from codescale.study.languages import load_registry

PROGRAM = "fewest_coins"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(packaged_programs() / PROGRAM, tmp_path / PROGRAM)
    return tmp_path


def change(folder: Path, **changes: object) -> None:
    path = folder / PROGRAM / "spec.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))


def test_there_are_fifty_in_every_language() -> None:
    programs = load_programs()
    assert len(programs) >= 50
    assert {language for program in programs for language in program.references} == set(FORMS)
    assert set(FORMS) == {name for name, language in load_registry().items() if language.kind == "programming"}
    assert all(len(program.specification.cases) >= 5 for program in programs)


def test_every_subject_of_the_benchmark_is_there() -> None:
    subjects = {program.specification.subject for program in load_programs()}
    wanted = {"algorithms", "data structures", "text", "parsing", "dates", "money", "simulations", "error handling"}
    assert subjects == wanted


@pytest.mark.parametrize("language", FORMS)
def test_a_prompt_is_the_head_the_description_and_the_signature(language: str) -> None:
    form = FORMS[language]
    for program in load_programs():
        specification, reference = program.specification, program.references[language]
        shown = prompt(reference, form, specification)
        rest = completion(reference, form, specification)
        assert shown.count(form.signature(specification)) == 1
        first_words = " ".join(specification.description.split()[:3])
        assert first_words in shown
        assert first_words not in reference
        assert reference.endswith(rest)
        assert len(rest.strip()) > 10


def test_a_fault_is_told_with_its_file(folder: Path) -> None:
    assert [program.name for program in load_programs(folder)] == [PROGRAM]
    (folder / PROGRAM / "solution.go").unlink()
    with pytest.raises(UserError, match=r"solution\.go: no such file"):
        load_programs(folder)


def test_a_signature_of_another_form_is_told(folder: Path) -> None:
    path = folder / PROGRAM / "solution.java"
    path.write_text(path.read_text().replace("List<Integer> coins", "int[] coins"))
    with pytest.raises(
        UserError, match=r"solution\.java: has the signature 0 times.*List<Integer> coins, int amount\)"
    ):
        load_programs(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "other"}, "name is other, its folder another"),
        ({"name": "FewestCoins"}, "name"),
        ({"parameters": {"coins": "array<int>"}}, "is no type"),
        ({"parameters": {"coins": "list<int>"}}, "case 1 gives 2 arguments, 1 are taken"),
        ({"parameters": {"coins": "list<string>", "amount": "int"}}, r"case 1: coins is no list<string>"),
        ({"returns": "int"}, "what is expected is no int"),
        ({"cases": [{"given": [[1], 1], "expected": 1}]}, "has 1 entries, where 5 or more are wanted"),
        ({"cases": [{"given": [[1], 1], "fails": True}] * 5}, "case 1 fails, but `fails` does not say when"),
        ({"description": "Ends */ here"}, "stands in comments of all languages"),
        ({"hint": "none"}, "hint: unknown key"),
    ],
)
def test_a_fault_of_a_specification_is_told(folder: Path, changes: dict[str, object], message: str) -> None:
    change(folder, **changes)
    with pytest.raises(UserError, match=message):
        load_programs(folder)


def test_a_folder_without_programs_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no program"):
        load_programs(tmp_path)
