"""What a mixture is worth in tokens, in words."""

import pytest

from codescale.artifact import Interval
from codescale.report.quantities import DASH
from codescale.report.worth import fewer, fewer_range


@pytest.mark.parametrize(
    ("value", "low", "high", "words", "bounds"),
    [
        (0.23, 0.09, 0.35, "23 % fewer", "9 % to 35 % fewer"),
        (0.02, -0.05, 0.12, "2 % fewer", "5 % more to 12 % fewer"),
        (-0.05, -0.11, -0.01, "5 % more", "11 % to 1 % more"),
        (-99.0, -99.0, 0.16, "over 100 times as many", "over 100 times as many to 16 % fewer"),
        (-99.0, -99.0, -99.0, "over 100 times as many", "over 100 times as many"),
        (0.1, None, None, "10 % fewer", DASH),
    ],
)
def test_tokens_saved_are_said_with_their_range(
    value: float, low: float | None, high: float | None, words: str, bounds: str
) -> None:
    worth = Interval(value=value, low=low, high=high)
    assert fewer(worth).replace("\N{NO-BREAK SPACE}", " ") == words
    assert fewer_range(worth).replace("\N{NO-BREAK SPACE}", " ") == bounds
