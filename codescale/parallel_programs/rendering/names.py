"""Names in the case that a language writes them in."""

from __future__ import annotations


def camel(name: str) -> str:
    """``best_score`` as ``bestScore``."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def pascal(name: str) -> str:
    """``best_score`` as ``BestScore``."""
    return "".join(map(str.capitalize, name.split("_")))


def snake(name: str) -> str:
    """The name as it is."""
    return name
