"""Names of directions of translation."""

from __future__ import annotations

import pytest

from codescale.directions import directions_among, is_direction, seen_in_training, sides


def test_seven_languages_have_42_directions_of_which_12_are_seen() -> None:
    languages = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
    found = directions_among(languages)
    assert len(found) == len(set(found)) == 42
    assert sum(seen_in_training(name, "python") for name in found) == 12
    assert {sides(name) for name in found} == {(a, b) for a in languages for b in languages if a != b}


@pytest.mark.parametrize("name", ["java", "->", "java->", "->java", "a->b->c", "java->java", "java-rust", ""])
def test_what_is_no_direction(name: str) -> None:
    assert not is_direction(name)
    with pytest.raises(ValueError, match="is no direction"):
        seen_in_training(name, "python")
