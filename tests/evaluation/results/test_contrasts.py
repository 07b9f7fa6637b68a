"""Improved, harmed or cannot be told: right as often as it says, over programs and seeds, corrected for many."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.evaluation.results.contrasts import Difference, difference, judged

PROGRAMS = [f"p{k}" for k in range(50)]


def by_program(values: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(PROGRAMS, row.tolist(), strict=True)) for row in np.atleast_2d(values)]


def simulated(rng: np.random.Generator, effect: float, seeds: int) -> Difference:
    """Pass rates of ``seeds`` models a side, which share programs, of which some are easier than others."""
    easy = rng.beta(0.5, 1.5, size=len(PROGRAMS)) * (1 - abs(effect))
    theirs = rng.binomial(10, easy, size=(seeds, len(PROGRAMS))) / 10
    ours = rng.binomial(10, easy + effect, size=(seeds, len(PROGRAMS))) / 10
    return difference(by_program(ours), by_program(theirs))


@pytest.mark.parametrize("seeds", [1, 3])
def test_where_nothing_differs_beyond_the_margin_little_is_said(seeds: int) -> None:
    rng, wrong = np.random.default_rng(seeds), 0
    for _ in range(400):
        said = judged({str(k): simulated(rng, 0.0, seeds) for k in range(7)}, 0.0)
        wrong += any(one.verdict == "improved" for one in said.values())
    assert wrong / 400 < 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_a_difference_at_the_margin_is_no_improvement_and_one_beyond_is() -> None:
    rng = np.random.default_rng(0)
    at = [judged({"all": simulated(rng, 0.1, 3)}, 0.1)["all"].verdict for _ in range(200)]
    beyond = [judged({"all": simulated(rng, 0.2, 3)}, 0.1)["all"].verdict for _ in range(100)]
    assert at.count("improved") <= 22
    assert beyond.count("improved") > 80
    below = judged({"all": simulated(rng, -0.0, 3).negative()}, 0.0)["all"]
    assert below.verdict == "cannot be told"


def test_bits_are_better_when_fewer() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.normal(3.0, 0.4, size=(3, 50))
    found = difference(by_program(theirs - 0.3 + rng.normal(0, 0.05, size=(3, 50))), by_program(theirs))
    assert judged({"all": found}, 0.01, lower_is_better=True)["all"].verdict == "improved"
    assert judged({"all": found.negative()}, 0.01, lower_is_better=True)["all"].verdict == "harmed"
    assert judged({"all": found}, 0.5, lower_is_better=True)["all"].verdict == "cannot be told"


def test_many_tests_ask_more_of_each() -> None:
    one = Difference(0.1, 0.05, 49.0)
    assert judged({"a": one}, 0.0)["a"].verdict == "improved"
    among = judged({"a": one} | {str(k): Difference(0.0, 0.05, 49.0) for k in range(41)}, 0.0)
    assert among["a"].verdict == "cannot be told"


def test_models_that_score_the_same_everywhere_tell_nothing() -> None:
    same = difference(by_program(np.zeros((3, 50))), by_program(np.zeros((3, 50))))
    (found,) = judged({"a": same}, 0.0).values()
    assert (found.value, found.low, found.verdict) == (0.0, None, "cannot be told")
    alone = difference([{"p": 1.0}], [{"p": 0.0}])
    (found,) = judged({"a": alone}, 0.0).values()
    assert (found.low, found.verdict) == (None, "cannot be told")


def test_only_programs_that_both_sides_have_are_compared() -> None:
    found = difference([{"a": 1.0, "b": 0.5, "c": 9.0}], [{"a": 0.0, "b": 0.0}])
    assert found.mean == 0.75
