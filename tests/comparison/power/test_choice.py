"""How many seeds a study chooses for itself."""

from __future__ import annotations

from codescale.comparison.power.choice import chosen_seeds
from codescale.comparison.power.expectation import ANSWER
from codescale.study.comparison import ON_VALIDATION
from tests.comparison.power.expectations import expectation


def test_the_fewest_that_are_likely_to_tell_the_gain() -> None:
    one = expectation({"uniform": 0.008, "natural": 0.1}, spread=0.001)
    seeds = chosen_seeds(one, ON_VALIDATION, 100, 0)
    assert 3 < seeds < 100
    assert one.chances(seeds, 0)["uniform"] >= ANSWER > one.chances(seeds - 1, 0)["uniform"]
    assert chosen_seeds(one, "natural", 100, 0) < seeds


def test_the_limit_where_it_may_go_either_way_and_the_fewest_where_a_null_is_expected() -> None:
    assert chosen_seeds(expectation({"uniform": 0.008, "natural": 0.1}), ON_VALIDATION, 6, 0) == 6
    assert chosen_seeds(expectation({"uniform": 0.0005, "natural": 0.1}), ON_VALIDATION, 6, 0) == 3
    assert chosen_seeds(expectation({"uniform": -0.1, "natural": 0.1}), ON_VALIDATION, 1_000, 0) == 3
    assert chosen_seeds(expectation(None), ON_VALIDATION, 100, 0) == 3
    assert chosen_seeds(expectation({"uniform": 0.008, "natural": 0.1}), ON_VALIDATION, 3, 0) == 3
