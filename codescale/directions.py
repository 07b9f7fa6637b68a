"""Directions of translation, such as ``python->java``: the one form in which losses, weights and files name them.

The loss of a direction is that of a program in the second language, given the same program in the first. It is a target
like any other, and no language of a mixture.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

ARROW = "->"


def direction(first: str, second: str) -> str:
    """From ``first`` to ``second``."""
    return f"{first}{ARROW}{second}"


def sides(name: str) -> tuple[str, str] | None:
    """The two languages of the direction ``name``; None where it is the name of something else."""
    first, arrow, second = name.partition(ARROW)
    return (first, second) if arrow and first and second and ARROW not in second and first != second else None


def is_direction(name: str) -> bool:
    """Whether ``name`` is that of a direction."""
    return sides(name) is not None


def without_directions(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are languages, in order."""
    return [name for name in names if not is_direction(name)]


def directions_among(languages: Iterable[str]) -> tuple[str, ...]:
    """All ordered pairs of ``languages``, by the first, then by the second."""
    return tuple(direction(first, second) for first, second in permutations(languages, 2))


def seen_in_training(name: str, pivot: str) -> bool:
    """Whether paired training shows the direction ``name``: one side is the ``pivot``. All others are zero-shot.

    Raises ``ValueError`` where it is no direction.
    """
    found = sides(name)
    if found is None:
        raise ValueError(f"{name!r} is no direction")
    return pivot in found
