"""What the sections of study.yaml share: names, counts and the strictness of a section."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from codescale.errors import visible
from codescale.validation import WholeNumber


def _name(value: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,59}", value):
        raise ValueError(f"{value[:60]!r} is no name: write up to 60 lower-case letters, digits, _ and -")
    return value


def without_line_breaks(value: str) -> str:
    if visible(value) != value:
        raise ValueError(f"{visible(value)} holds a line break or another character that cannot be seen")
    return value


Name = Annotated[str, AfterValidator(_name)]
Positive = Annotated[WholeNumber, Field(gt=0, lt=10**18)]
Seeds = Annotated[WholeNumber, Field(gt=0, le=1_000)]
Precision = Literal["float32", "bfloat16"]


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """``values``, of which none is named twice."""
    if len(set(values)) != len(values):
        raise ValueError("names one twice")
    return values


Sizes = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(distinct)]
TokenPoints = Annotated[tuple[Positive, ...], Field(min_length=1, max_length=100), AfterValidator(distinct)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
