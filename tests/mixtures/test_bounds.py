"""Bounds, available tokens and names."""

from __future__ import annotations

import pytest

from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens, check_names, interval_of


def test_a_number_fixes_the_share() -> None:
    assert interval_of(0.25) == (0.25, 0.25)
    assert interval_of(0) == (0.0, 0.0)
    assert interval_of((0.1, 0.5)) == (0.1, 0.5)


def test_a_share_is_what_the_epochs_of_its_tokens_fill() -> None:
    available = AvailableTokens(max_epochs=4, tokens={"go": 10, "java": 1000})
    assert available.largest_share("go", 100) == 0.4
    assert available.largest_share("java", 100) == 1.0
    assert available.largest_share("rust", 100) == 1.0


def test_a_name_that_is_not_known_is_named() -> None:
    check_names(["go"], ["go", "java"], "weights.yaml")
    check_names(["perl"], None, "weights.yaml")
    with pytest.raises(UserError, match=r"weights\.yaml, perl: is not in the law; use names among go, java"):
        check_names(["go", "perl"], ["go", "java"], "weights.yaml")
