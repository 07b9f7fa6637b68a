"""What operators and builtins mean, and what of it languages do not agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_LARGEST = 2**31 - 1


class Refused(Exception):
    """The program does what languages do not agree on, or never ends."""


def within(value: int) -> int:
    """``value``, where it fits 32 bits. Raises :class:`Refused`."""
    if not -_LARGEST <= value <= _LARGEST:
        raise Refused("an integer beyond 32 bits")
    return value


def place_of(items: Any, index: int) -> Any:
    """What stands at ``index``. Raises :class:`Refused` where nothing does."""
    if not 0 <= index < len(items):
        raise Refused("a place outside")
    return items[index]


def _prefix(value: str, length: int) -> str:
    if not 0 <= length <= len(value):
        raise Refused("a place outside")
    return value[:length]


def _digit(character: str) -> int:
    if not character.isdigit():
        raise Refused("a character that is no digit")
    return int(character)


def _letter(character: str) -> int:
    if not "a" <= character <= "z":
        raise Refused("a character that is no small letter")
    return ord(character) - ord("a")


def _split(value: str, separator: str) -> list[str]:
    parts = value.split(separator)
    if "" in parts:
        raise Refused("an empty part, which languages drop or keep")
    return parts


BUILTINS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "length": len,
    "item": place_of,
    "upper": str.upper,
    "lower": str.lower,
    "contains": lambda value, part: part in value,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "replace": str.replace,
    "reverse": lambda value: value[::-1],
    "prefix": _prefix,
    "split": _split,
    "join": lambda parts, separator: separator.join(parts),
    "join_numbers": lambda numbers: " ".join(map(str, numbers)),
    "is_digit": str.isdigit,
    "is_letter": str.isalpha,
    "is_upper": str.isupper,
    "is_lower": str.islower,
    "is_one_of": lambda character, characters: character in characters,
    "upper_character": str.upper,
    "lower_character": str.lower,
    "digit_value": _digit,
    "letter_index": _letter,
    "count_of": lambda counts, key: counts.get(key, 0),
    "last": lambda items: place_of(items, len(items) - 1),
}
"""By name, what a builtin means. Strings are ASCII."""

_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
}
COMPARISON: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
"""By operator."""


def arithmetic(operator: str, left: int, right: int) -> int:
    """``left operator right``. Raises :class:`Refused` where languages would not agree."""
    if operator in ("//", "%") and (left < 0 or right <= 0):
        raise Refused("division of what is negative, or by what is not positive")
    return within(_ARITHMETIC[operator](left, right))
