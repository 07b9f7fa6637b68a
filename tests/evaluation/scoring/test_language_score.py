"""What counts as right: an oracle's pass@1 is 100 %, that of nothing 0 %, in every language that this machine has."""

from __future__ import annotations

import dataclasses

import pytest

from codescale.evaluation.metrics.pass_at_k import pass_at_k
from codescale.evaluation.programs.endings import closed
from codescale.evaluation.programs.forms.registry import FORMS
from codescale.evaluation.programs.library import load_programs
from codescale.evaluation.programs.prompts import completion, prompt
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.scoring.language_score import judge
from codescale.evaluation.scoring.task import EvaluationTask
from codescale.evaluation.toolchains.discovery import Toolchains
from codescale.study.evaluation import EvaluationSection

PROGRAMS = {one.name: one for one in load_programs()}
CHOSEN = [PROGRAMS[name] for name in ("binary_search_first", "days_in_month", "luhn_valid")]
QUICK = ("python", "typescript", "go")
"""Languages whose compilers are quick: these are tried every time, all of them nightly."""
JUNK = {
    "python": "\n\ndef next_one(a):\n    return (",
    "java": "\n    static int next(",
    "csharp": "\n    public static int Next(",
}


def task_of(sandbox: Sandbox, toolchains: Toolchains) -> EvaluationTask:
    return EvaluationTask(EvaluationSection(), 0, CHOSEN, {}, list(FORMS), "python", sandbox, toolchains)


@pytest.mark.parametrize(
    "language", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name) for name in FORMS]
)
def test_an_oracle_is_right_and_nothing_is_not(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    form, task = FORMS[language], task_of(sandbox, toolchains)
    texts = []
    for one in CHOSEN:
        shown = prompt(one.references[language], form, one.specification)
        reference = completion(one.references[language], form, one.specification)
        texts.append([shown + reference, shown + closed("", language), shown + closed("    ?? nonsense (", language)])
    verdicts = judge(task, language, CHOSEN, texts)
    columns = list(zip(*verdicts, strict=True))
    assert [pass_at_k(1, int(one.passed), 1) for one in columns[0]] == [1.0] * len(CHOSEN)
    assert not any(one.passed for one in (*columns[1], *columns[2]))
    assert {one.stage for one in columns[2]} == {"compile"}


@pytest.mark.parametrize("language", FORMS)
def test_what_follows_the_function_is_cut_off_and_the_function_is_whole(language: str) -> None:
    form, junk = FORMS[language], JUNK.get(language, "\n\nfunction next(")
    whole = 0
    for one in PROGRAMS.values():
        reference = completion(one.references[language], form, one.specification)
        alone = closed(reference, language)
        assert closed(reference + junk, language) == closed(alone + junk, language) == alone
        whole += alone.split() == reference.split()
    assert whole >= 25  # the others have helpers below, which a model may write within


def test_directions_are_all_or_those_with_the_pivot_or_none(sandbox: Sandbox, toolchains: Toolchains) -> None:
    task = task_of(sandbox, toolchains)
    count = {}
    for directions in ("all", "seen", "none"):
        asked = dataclasses.replace(task, section=EvaluationSection(directions=directions))
        count[directions] = sum(len(asked.sources(language)) for language in FORMS)
    assert count == {"all": 42, "seen": 12, "none": 0}


def test_the_key_tells_what_changes_a_part_and_nothing_else(sandbox: Sandbox, toolchains: Toolchains) -> None:
    task = task_of(sandbox, toolchains)
    key = task.key("weights", "go")

    def changed(**update: object) -> str:
        section = EvaluationSection.model_validate(task.section.model_dump() | update)
        return dataclasses.replace(task, section=section).key("weights", "go")

    assert key == changed(margin=0.2, k=(1, 2), workers=9)
    others = [changed(samples=6), changed(temperature=0.5), changed(directions="seen"), task.key("other", "go")]
    others += [task.key("weights", "rust"), dataclasses.replace(task, seed=1).key("weights", "go")]
    others.append(dataclasses.replace(task, programs=CHOSEN[:2]).key("weights", "go"))
    assert len({key, *others}) == len(others) + 1
