"""What a file says against what is wanted of it: the first mistake in plain words, which name what was written.

Shapes are pydantic's. Its own words ("Input should be a valid integer, unable to parse string as an integer") and the
paths that it makes up for the forms that a value may have stay in here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from codescale.errors import UserError

Shape = TypeVar("Shape")

_MOST_SHOWN = 40
"""Characters of what was written that a line shows."""

_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text (put it in quotes)",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of {ge} or more",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of {le} or less",
    "string_too_short": "text of {min_length} characters or more",
    "string_too_long": "text of {max_length} characters or less",
    "string_pattern_mismatch": "text of the form {pattern}",
}
"""By pydantic's name of an error: what is wanted instead."""

_NAMED = ("missing", "extra_forbidden")
"""Mistakes whose path ends in the key that is meant, be it in the file or not."""

_OF_ANOTHER_TYPE = ("_type", "_parsing", "literal_error")
"""How errors end that say that a value has another form, where others say that it has the form and is wrong."""


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "a truth value is no number")
    if isinstance(value, str) and re.search("[.eE]", value):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else value
    return value


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "a truth value is no number")
    return value


Number = Annotated[float, BeforeValidator(_no_truth_value)]
"""A number; ``yes``, which pydantic takes for 1, is none."""

WholeNumber = Annotated[int, BeforeValidator(_whole)]
"""A whole number as people write it: 1e6 as well, which YAML reads as text. Where text is wanted it stays text."""


@dataclass(frozen=True)
class Mistake:
    """``field``: where it is in the file, such as ``search.trials`` (empty: the whole of it); ``hint``: what to do
    about a mistake of this kind in a file that a person writes.
    """

    field: str
    problem: str
    hint: str

    def refusal(self, where: str | Path, hint: str) -> UserError:
        """The mistake as the one line that names it, in the file or option ``where``."""
        return UserError(f"{where}, {self.field}" if self.field else where, self.problem, hint)


def checked(shape: TypeAdapter[Shape], content: Any, where: str | Path, hint: str) -> Shape:
    """``content`` of the file ``where`` as ``shape``. Raises :class:`UserError` with ``hint`` for its first mistake."""
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        raise first_mistake(error, content).refusal(where, hint) from None


def first_mistake(error: ValidationError, content: Any) -> Mistake:
    """The first of the mistakes that pydantic found in ``content``.

    A value that may have several forms is told once: by the form that fits it best, or by all of them.
    """
    found = error.errors(include_url=False)
    start = _written(found[0], content)
    if len(start) == len(found[0]["loc"]):
        return _told(found[:1], start)
    forms = [one for one in found if one["loc"][: len(start)] == start]
    places = [_place(one, content) for one in forms]
    deepest = max(places, key=len)
    return _told([one for one, place in zip(forms, places, strict=True) if place == deepest], deepest)


def _written(error: ErrorDetails, content: Any) -> tuple[int | str, ...]:
    """The beginning of an error's path that leads through ``content``: up to what names one of several forms."""
    place: list[int | str] = []
    for k, part in enumerate(error["loc"]):
        last = k == len(error["loc"]) - 1
        if not _holds(content, part):
            return (*place, part) if last and error["type"] in _NAMED else tuple(place)
        place.append(part)
        content = content[part]
    return tuple(place)


def _place(error: ErrorDetails, content: Any) -> tuple[int | str, ...]:
    """An error's path without what names forms."""
    place: list[int | str] = []
    for part in error["loc"]:
        if _holds(content, part):
            place.append(part)
            content = content[part]
    last = error["loc"][-1]
    named = error["type"] in _NAMED and isinstance(last, str) and place[-1:] != [last]
    return (*place, last) if named else tuple(place)


def _holds(content: Any, part: int | str) -> bool:
    if isinstance(content, Mapping):
        return part in content
    return isinstance(content, Sequence) and not isinstance(content, str) and part in range(len(content))


def _told(errors: Sequence[ErrorDetails], place: Sequence[int | str]) -> Mistake:
    field = ".".join(str(part) for part in place)
    exact = [one for one in errors if not one["type"].endswith(_OF_ANOTHER_TYPE)]
    first = (exact or errors)[0]
    kind, context = first["type"], first.get("ctx", {})
    if first["loc"][-1:] == ("[key]",) and kind == "literal_error":
        return Mistake(field, f"unknown key; known are {_listed(context['expected'])}", "correct its spelling")
    if kind == "extra_forbidden":
        return Mistake(field, "unknown key", "remove it or correct its spelling")
    if kind == "union_tag_not_found":
        return Mistake(f"{field}.{context['discriminator']}".replace("'", ""), "is missing", "add it")
    if kind == "missing" and isinstance(first["loc"][-1], str):
        return Mistake(field, "is missing", "add it")
    return Mistake(field, _problem(errors if not exact else [first], first), "correct it")


def _problem(forms: Sequence[ErrorDetails], first: ErrorDetails) -> str:
    kind, context = first["type"], first.get("ctx", {})
    if kind == "value_error":
        return first["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "has too few entries"
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length" if kind == "too_short" else "max_length")
        return f"has {context.get('actual_length')} entries, where {bound} or {_MORE[kind]} are wanted"
    if kind == "union_tag_invalid":
        return f"is of kind {_shown(context['tag'])}, where {_listed(context['expected_tags'])} is wanted"
    wanted = list(dict.fromkeys(_wanted(one) for one in forms))
    if None in wanted:
        return f"is {_shown(first['input'])}: {first['msg']}"
    return f"is {_shown(first['input'])}, where {' or '.join(filter(None, wanted))} is wanted"


_MORE = {"too_short": "more", "too_long": "less"}


def _wanted(error: ErrorDetails) -> str | None:
    """What is wanted instead; None where only pydantic has words for it."""
    context = error.get("ctx", {})
    if error["type"] == "literal_error":
        return _listed(context["expected"])
    words = _WANTED.get(error["type"])
    return None if words is None else words.format(**{name: _shown_number(value) for name, value in context.items()})


def _listed(expected: Any) -> str:
    """Pydantic's ``'a', 'b' or 'c'``, or ``'a', 'b'``, as ``a, b or c``."""
    *others, last = re.split(", | or ", str(expected).replace("'", ""))
    return f"{', '.join(others)} or {last}" if others else last


def _shown_number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def _shown(value: Any) -> str:
    """What was written, as it looks in YAML."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
