"""The YAML files of an allocation: weights, bounds and available tokens in, the mixture out (shapes in DESIGN.md)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_yaml, write_yaml
from codescale.mixture import Mixture, MixtureError
from codescale.organisation import ORGANISATION, SHUFFLED, Organisation
from codescale.validation import Number, checked

if TYPE_CHECKING:
    from codescale.allocation.front import FrontPoint
    from codescale.allocation.optimize import Allocation

Bound = float | tuple[float, float]
"""An interval of a share, or the number that fixes it."""

_File = TypeVar("_File")
_Weight = Annotated[Number, Field(ge=0, lt=1e30, allow_inf_nan=False)]
_Share = Annotated[Number, Field(ge=0, le=1, allow_inf_nan=False)]
_WEIGHTS = TypeAdapter(dict[str, _Weight])
_BOUNDS = TypeAdapter(dict[str, _Share | tuple[_Share, _Share]])


class Available(BaseModel):
    """Tokens that exist of each language, and how often they may be seen; languages without an entry are unlimited."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    max_epochs: Number = Field(default=1.0, gt=0, allow_inf_nan=False)
    tokens: dict[str, _Weight]

    def largest_share(self, language: str, n_tokens: float) -> float:
        """The share of a budget of ``n_tokens`` that ``language`` can fill, at most 1."""
        if language not in self.tokens:
            return 1.0
        return min(1.0, self.max_epochs * self.tokens[language] / n_tokens)


class _MixtureFile(BaseModel):
    """The part of ``mixture.yaml`` that other stages read."""

    model_config = ConfigDict(extra="ignore")
    proportions: dict[str, Number] = Field(min_length=1)
    organisation: str = SHUFFLED


def read_weights(path: str | Path, known: Iterable[str] | None = None) -> dict[str, float]:
    """Weights of the objective per target; absent ones weigh 0.

    Raises :class:`UserError` that names file and key for a weight that is negative or no number, for weights that are
    all 0, and for a name outside ``known`` where that is given.
    """
    weights = _validated(_WEIGHTS, path, "a mapping of language to weight, such as {python: 2, typescript: 1}")
    check_names(weights, known, path)
    if not any(weights.values()):
        raise UserError(path, "all weights are 0", "give at least one language a weight above 0")
    return weights


def read_bounds(path: str | Path, known: Iterable[str] | None = None) -> dict[str, Bound]:
    """Bounds of shares per language: an interval, or a number that fixes the share. Raises as :func:`read_weights`."""
    bounds = _validated(
        _BOUNDS, path, "a mapping of language to [low, high] or to a share, such as {python: [0.1, 0.5]}"
    )
    check_names(bounds, known, path)
    for language, bound in bounds.items():
        if isinstance(bound, tuple) and bound[0] > bound[1]:
            raise UserError(f"{path}, {language}", f"{bound[0]:g} is above {bound[1]:g}", "write the lower end first")
    return bounds


def read_available(path: str | Path, known: Iterable[str] | None = None) -> Available:
    """Tokens available per language. Raises as :func:`read_weights`."""
    available = _validated(TypeAdapter(Available), path, "{max_epochs: 4, tokens: {java: 30e9}}")
    check_names(available.tokens, known, path)
    return available


def check_names(names: Iterable[str], known: Iterable[str] | None, where: str | Path) -> None:
    """Raises :class:`UserError` that names the key where one of ``names`` is outside ``known`` (None: all are
    known).
    """
    order = None if known is None else list(known)
    for name in names:
        if order is not None and name not in order:
            raise UserError(f"{where}, {name}", "is not in the law", f"use names among {', '.join(order)}")


def _validated(adapter: TypeAdapter[_File], path: str | Path, shape: str) -> _File:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(path, "has another shape", f"give {shape}")
    return checked(adapter, content, path, f"give {shape}")


def write_mixture(
    path: str | Path, allocation: Allocation, law_path: str | Path, organisation: Organisation = SHUFFLED
) -> None:
    """Writes ``mixture.yaml`` atomically; an unknown end of the interval is null. ``organisation``: of the law's runs,
    written where it is not as ever.
    """
    content: dict[str, Any] = {
        "proportions": {name: round(share, 12) for name, share in allocation.mixture.items()},
        "objective": allocation.objective,
        "interval": [end if math.isfinite(end) else None for end in allocation.interval],
        "law": str(law_path),
        "n_params": float(allocation.n_params),
        "n_tokens": float(allocation.n_tokens),
    }
    if organisation != SHUFFLED:
        content[ORGANISATION] = organisation
    write_yaml(path, content)


def write_front(path: str | Path, front: Sequence[FrontPoint]) -> None:
    """Writes the mixtures of a Pareto front atomically, in order; an unknown end of an interval is null."""

    def ends(values: Sequence[float]) -> list[float | None]:
        return [value if math.isfinite(value) else None for value in values]

    write_yaml(
        path,
        [
            {
                "proportions": {name: round(share, 12) for name, share in one.mixture.items()},
                "first": one.first[0],
                "first_interval": ends(one.first[1:]),
                "second": one.second[0],
                "second_interval": ends(one.second[1:]),
            }
            for one in front
        ],
    )


def read_mixture(path: str | Path) -> Mixture:
    """The proportions in ``mixture.yaml``.

    Raises :class:`UserError` where the file has another shape, or its proportions do not sum to 1 or are negative.
    """
    try:
        return Mixture(_mixture_file(path).proportions)
    except MixtureError as error:
        raise UserError(f"{path}, proportions", str(error), "correct the shares so that they sum to 1") from None


def read_organisation(path: str | Path) -> str:
    """How the runs were organised that the mixture in ``path`` rests on: shuffled unless it says otherwise.

    Raises as :func:`read_mixture` where the file has another shape.
    """
    return _mixture_file(path).organisation


def _mixture_file(path: str | Path) -> _MixtureFile:
    return _validated(TypeAdapter(_MixtureFile), path, "proportions: {python: 0.6, rust: 0.4}")


def interval_of(bound: Bound) -> tuple[float, float]:
    """(low, high) of a bound, equal where the share is fixed."""
    return (float(bound), float(bound)) if isinstance(bound, int | float) else (float(bound[0]), float(bound[1]))


Bounds = Mapping[str, Bound]
