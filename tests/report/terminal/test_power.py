"""The table of ``codescale plan`` on what the proof is expected to tell."""

from __future__ import annotations

import io

from rich.console import Console

from codescale.artifact import Interval
from codescale.comparison.power.result import BaselinePower, NoiseResult, PowerResult, QuestionPower
from codescale.report.terminal.power import power_table

NOISE = NoiseResult(
    deviation=0.03, degrees_of_freedom=2.0, between_seeds=0.02, correlation=None, measured=True, source="2 seeds"
)
UNIFORM = BaselinePower(gain=Interval(value=0.002, low=-0.001, high=0.006), chance=0.06, seeds_needed=310)
NATURAL = BaselinePower(gain=Interval(value=-0.01, low=None, high=None), chance=0.001)


def question(name: str, searched: bool, **baselines: BaselinePower) -> QuestionPower:
    return QuestionPower(
        name=name,
        searched=searched,
        weights={"python": 1.0},
        resolves=0.019,
        against="uniform",
        outlook="a null is expected",
        statement=f"{name}: a null is expected.",
        baselines=baselines,
    )


def printed(noise: NoiseResult = NOISE, missing: str | None = None, limit: int | None = None) -> str:
    twin = UNIFORM.model_copy(update={"same_as": "uniform"})
    found = PowerResult(
        n_params=151_000,
        n_tokens=400_000,
        seeds=5,
        budget_tokens=limit,
        level=0.05,
        power=0.8,
        missing=missing,
        noise=noise,
        questions=(
            question("target", True, uniform=UNIFORM, weights=twin, natural=NATURAL),
            question("all [b]alike[/b]", False, uniform=BaselinePower()),
        ),
        advice="The cheapest change is 310 seeds.",
    )
    console = Console(width=160, file=io.StringIO())
    console.print(power_table(found))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_row_for_each_mixture_that_the_question_is_held_against() -> None:
    text = printed()
    rows = [line for line in text.splitlines() if "│" in line]
    assert [part.strip() for part in rows[0].split("│")[1:-1]] == [
        "target", "uniform = weights", "+0.0020", "[−0.0010, 0.0060]", "6 %", "310"
    ]  # fmt: skip
    assert [part.strip() for part in rows[1].split("│")[1:-1]] == [
        "", "natural", "−0.0100", "–", "below 1 %", "–"
    ]  # fmt: skip
    assert [part.strip() for part in rows[2].split("│")[1:-1]] == [
        "all [b]alike[/b]", "uniform", "–", "–", "–", "–"
    ]  # fmt: skip
    assert "target: a null is expected." in text
    assert "The cheapest change is 310 seeds." in text


def test_what_is_missing_takes_the_place_of_the_advice() -> None:
    text = printed(missing="There is no law.")
    assert "There is no law." in text
    assert "cheapest" not in text


def test_the_noise_says_how_it_is_known_and_what_pairs_gain() -> None:
    assert "(2 seeds). What pairs of one seed gain is not known" in " ".join(printed().split())
    paired = NOISE.model_copy(update={"correlation": 0.4, "measured": False})
    text = " ".join(printed(paired, limit=9_000).split())
    assert "(2 seeds, 2 degrees of freedom). Runs with one seed are correlated by 0.40" in text
    assert "5 seeds of each mixture, chosen within 9,000 tokens" in text
