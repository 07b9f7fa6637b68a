"""The section on what the proof was expected to tell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from codescale.artifact import Interval
from codescale.comparison.power.result import BaselinePower, NoiseResult, PowerResult, QuestionPower
from codescale.report.sections.base import Subject
from codescale.report.sections.power import power_section

NOISE = NoiseResult(deviation=0.03, degrees_of_freedom=2.0, between_seeds=0.02, measured=True, source="2 seeds")
NATURAL = BaselinePower(gain=Interval(value=0.17, low=0.15, high=0.21), chance=0.998, seeds_needed=3)
UNIMAX = BaselinePower(gain=Interval(value=0.001, low=-0.01, high=0.02), chance=0.23)


def question(name: str, searched: bool, mixture: dict[str, float] | None, **baselines: BaselinePower) -> QuestionPower:
    return QuestionPower(
        name=name,
        searched=searched,
        weights={"python": 1.0},
        mixture=mixture,
        resolves=0.0387,
        against="unimax",
        outlook="it may go either way",
        statement=f"{name}: it may go either way.",
        baselines=baselines,
    )


def subject(*questions: QuestionPower) -> Subject:
    found = PowerResult(
        n_params=151_000,
        n_tokens=400_000,
        seeds=5,
        level=0.05,
        power=0.8,
        caution="The law is to be doubted.",
        noise=NOISE,
        questions=questions,
        advice="The cheapest change is 97 seeds.",
    )
    return cast(Subject, SimpleNamespace(artifacts=SimpleNamespace(power=found)))


def test_every_question_is_a_table_of_its_baselines() -> None:
    twin = NATURAL.model_copy(update={"same_as": "natural"})
    first = question("target", True, {"python": 1.0}, natural=NATURAL, weights=twin, unimax=UNIMAX)
    section = power_section(subject(first, question("all alike", False, {"python": 1.0}, unimax=BaselinePower())))
    assert section is not None
    searched, asked = section.tables
    assert searched.caption == "target (the question that is searched)"
    assert asked.caption == "all alike (asked of the law alone)"
    cells = [[cell.text for cell in row] for row in searched.rows]
    assert cells == [
        ["natural = weights", "+0.1700", "0.0387", "above 99 %", "3"],
        ["unimax", "+0.0010", "0.0387", "23 %", "over 1,000"],
    ]
    assert searched.rows[0][1].small
    assert [cell.text for cell in asked.rows[0]][2] == "0.0387"
    assert section.notes[:2] == ("The cheapest change is 97 seeds.", "The law is to be doubted.")
    assert "0.0200 between seeds" in section.notes[2]


def test_where_nothing_was_foretold_there_is_no_section() -> None:
    assert power_section(subject(question("target", True, None, natural=BaselinePower()))) is None
    assert power_section(cast(Subject, SimpleNamespace(artifacts=SimpleNamespace(power=None)))) is None
