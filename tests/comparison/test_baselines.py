"""The verdict against each baseline, and the choice of the one that it is about."""

from __future__ import annotations

import numpy as np

from codescale.comparison.baselines import against_baselines, listed, yardstick_of
from codescale.comparison.result import JudgedSplit
from codescale.comparison.statistics import summary
from codescale.study.comparison import ON_VALIDATION


def split(values: list[float]) -> JudgedSplit:
    return JudgedSplit(objective=summary(values), losses={"java": summary(values)})


def test_one_baseline_is_judged_by_its_interval_and_many_by_more() -> None:
    """A gain whose 90 % interval lies below 0 is told; among four baselines it no longer is."""
    measured, baseline = split([1.0, 1.0, 1.0]), split([1.01, 1.02, 1.03])
    alone = against_baselines(measured, {"uniform": baseline})["uniform"]
    assert alone.difference.objective.high is not None
    assert alone.difference.objective.high < 0
    assert alone.beats is True
    others = {name: split([0.99, 1.0, 1.01]) for name in ("natural", "weights", "unimax")}
    among = against_baselines(measured, {"uniform": baseline} | others)
    assert among["uniform"].difference == alone.difference
    assert among["uniform"].better > alone.better
    assert [one.beats for one in among.values()] == [None] * 4


def test_baselines_that_are_one_mixture_are_one_test() -> None:
    """With weights that are all alike, and tokens without end, three of the names are uniform's."""
    measured, uniform = split([1.0, 1.0, 1.0]), split([1.01, 1.02, 1.03])
    alone = against_baselines(measured, {"uniform": uniform})
    alike = against_baselines(measured, dict.fromkeys(("uniform", "weights", "unimax"), uniform))
    assert list(alike) == ["uniform", "weights", "unimax"]
    assert all(one == alone["uniform"] for one in alike.values())


def test_worse_is_told_in_its_own_direction_and_a_twin_never() -> None:
    measured = split([1.0, 1.1, 1.2])
    found = against_baselines(
        measured, {"better": split([0.9, 1.0001, 1.1]), "worse": split([1.5, 1.6001, 1.7]), "same": measured}
    )
    assert {name: one.beats for name, one in found.items()} == {"better": False, "worse": True, "same": None}


def test_over_all_baselines_together_a_null_is_called_a_gain_seldom() -> None:
    random, said = np.random.default_rng(0), 0
    for _ in range(400):
        runs = random.normal(2.0, 0.01, (5, 3))
        verdicts = against_baselines(split(list(runs[0])), {str(k): split(list(runs[k])) for k in range(1, 5)})
        said += any(one.beats for one in verdicts.values())
    assert said / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_the_yardstick_is_the_one_named_else_the_best_on_validation() -> None:
    validation = {"uniform": split([1.2, 1.0, 1.1]), "natural": split([0.9, 1.1, 1.0])}
    assert yardstick_of(ON_VALIDATION, validation) == "natural"
    assert yardstick_of("uniform", validation) == "uniform"


def test_words_are_listed() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
