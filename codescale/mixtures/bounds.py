"""Bounds of shares, and the tokens available of each language: what a person may say of which mixtures are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.validation import Number

Bound = float | tuple[float, float]
"""An interval of a share, or the number that fixes it."""
Weight = Annotated[Number, Field(ge=0, lt=1e30, allow_inf_nan=False)]
_Share = Annotated[Number, Field(ge=0, le=1, allow_inf_nan=False)]
BOUNDS_FILE = TypeAdapter(dict[str, _Share | tuple[_Share, _Share]])


class Available(BaseModel):
    """Tokens that exist of each language, and how often they may be seen; languages without an entry are unlimited."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    max_epochs: Number = Field(default=1.0, gt=0, allow_inf_nan=False)
    tokens: dict[str, Weight]

    def largest_share(self, language: str, n_tokens: float) -> float:
        """The share of a budget of ``n_tokens`` that ``language`` can fill, at most 1."""
        if language not in self.tokens:
            return 1.0
        return min(1.0, self.max_epochs * self.tokens[language] / n_tokens)


def check_names(names: Iterable[str], known: Iterable[str] | None, where: str | Path) -> None:
    """Raises :class:`UserError` that names the key where one of ``names`` is outside ``known`` (None: all are
    known).
    """
    order = None if known is None else list(known)
    for name in names:
        if order is not None and name not in order:
            raise UserError(f"{where}, {name}", "is not in the law", f"use names among {', '.join(order)}")


def interval_of(bound: Bound) -> tuple[float, float]:
    """(low, high) of a bound, equal where the share is fixed."""
    return (float(bound), float(bound)) if isinstance(bound, int | float) else (float(bound[0]), float(bound[1]))


Bounds = Mapping[str, Bound]
