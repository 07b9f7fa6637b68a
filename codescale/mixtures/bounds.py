"""Bounds of shares, ties between them, and the tokens available of each language: what may be said of which mixtures
are allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from codescale.errors import UserError
from codescale.validation import Number

Bound = float | tuple[float, float]
"""An interval of a share, or the number that fixes it."""
Bounds = Mapping[str, Bound]
"""Language to its bound; languages without one have a share from 0 to 1."""
Ties = Sequence[Mapping[str, float]]
"""Groups of languages whose shares stand in fixed ratios, such as ``[{"javascript": 1, "typescript": 2}]``: each
language with its part of the group, above 0, and no language in two of them.
"""
Weight = Annotated[Number, Field(ge=0, lt=1e30, allow_inf_nan=False)]


class AvailableTokens(BaseModel):
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
