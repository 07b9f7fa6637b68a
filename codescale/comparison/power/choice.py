"""How many seeds ``seeds: auto`` takes: the fewest that are likely to tell the expected gain, within the limit."""

from __future__ import annotations

from codescale.comparison.power.expectation import ANSWER, NULL, Expectation
from codescale.study.comparison import FEWEST_SEEDS


def chosen_seeds(one: Expectation, yardstick: str, most: int, seed: int) -> int:
    """The fewest seeds with which the proof is likely to say *beats* of the yardstick (with a chance of 80 %).

    ``most``, the limit, where fewer do not; but the fewest there may be where even the limit is likely to end in a
    null, or no law says what to expect: tokens that tell nothing are saved.

    Parameters
    ----------
    one
        What is expected of the question that is searched.
    yardstick
        The baseline that was named, or that it is chosen on validation.
    most
        The seeds that the limit in tokens allows.
    seed
        Of the simulated proofs.
    """

    def chance(seeds: int) -> float:
        return one.chances(seeds, seed)[one.against(yardstick)]

    if one.expected is None or most <= FEWEST_SEEDS:
        return FEWEST_SEEDS
    reached = chance(most)
    if reached < ANSWER:
        return FEWEST_SEEDS if reached < NULL else most
    low, high = FEWEST_SEEDS - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(middle) >= ANSWER else (middle, high)
    return high
