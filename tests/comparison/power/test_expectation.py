"""What is expected of a question: gains and chances by baseline, the outlook, and the words."""

from __future__ import annotations

import pytest

from codescale.comparison.power.detection import resolvable_gain
from codescale.comparison.power.expectation import in_words, question_power
from tests.comparison.power.expectations import expectation, proof


def test_baselines_that_are_one_mixture_are_one_test() -> None:
    one = expectation({"uniform": 0.05, "natural": 0.1}, spread=0.01)
    assert one.twins == {"uniform": "uniform", "natural": "natural", "weights": "uniform"}
    assert one.tests == 2
    found = question_power(one, proof())
    assert found.resolves == resolvable_gain(0.01, 5, 2)
    assert found.baselines["weights"].same_as == "uniform"
    assert found.baselines["weights"].chance == found.baselines["uniform"].chance
    gain = found.baselines["natural"].gain
    assert gain is not None
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low < gain.value < gain.high
    assert gain.value == pytest.approx(0.1)


def test_the_outlook_is_of_the_yardstick_or_of_the_best_baseline() -> None:
    one = expectation({"uniform": 0.002, "natural": 0.1})
    assert question_power(one, proof()).against == "uniform"
    assert question_power(one, proof()).outlook == "a null is expected"
    assert question_power(one, proof(yardstick="natural")).against == "natural"
    assert question_power(one, proof(yardstick="natural")).outlook == "an answer is expected"
    undecided = expectation({"uniform": 0.009, "natural": 0.1})
    assert question_power(undecided, proof()).outlook == "it may go either way"


def test_a_question_that_is_not_searched_says_so() -> None:
    null = question_power(expectation({"uniform": 0.0001, "natural": 0.1}, name="all languages alike"), proof())
    assert null.statement.startswith("all languages alike: expected gain over uniform 0.0001; 5 seeds resolve 0.0")
    assert null.statement.endswith(": a null is expected, so it is not searched.")
    assert not null.searched
    answer = question_power(expectation({"uniform": 0.1, "natural": 0.1}, name="rust alone"), proof())
    assert answer.statement.endswith("an answer is expected. It is not searched: study.yaml names another target.")


def test_without_a_law_only_what_seeds_resolve_is_known() -> None:
    found = question_power(expectation(None), proof())
    assert found.outlook == "unknown"
    assert found.resolves == resolvable_gain(0.01, 5, 2)
    assert all(one.gain is None and one.chance is None for one in found.baselines.values())
    assert "not known before there is a law" in found.statement


def test_no_gain_needs_no_seeds() -> None:
    found = question_power(expectation({"uniform": -0.01, "natural": 1e-6}), proof())
    assert found.baselines["uniform"].seeds_needed is None
    assert found.baselines["natural"].seeds_needed is None
    assert found.baselines["uniform"].chance == pytest.approx(0.0, abs=0.01)


def test_a_simulated_chance_is_never_said_to_be_certain() -> None:
    assert [in_words(chance) for chance in (0.0, 0.06, 0.5, 1.0)] == ["below 1 %", "6 %", "50 %", "above 99 %"]
