"""The YAML files of mixtures: weights, bounds, available tokens and the mixture itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.mixtures.bounds import AvailableTokens, Bound, Weight, check_names
from codescale.mixtures.mixture import Mixture, MixtureError
from codescale.organisation import SHUFFLED
from codescale.validation import Number, checked

_File = TypeVar("_File")
_Share = Annotated[Number, Field(ge=0, le=1, allow_inf_nan=False)]
_WEIGHTS = TypeAdapter(dict[str, Weight])
_BOUNDS = TypeAdapter(dict[str, _Share | tuple[_Share, _Share]])


class _MixtureFile(BaseModel):
    """The part of ``mixture.yaml`` that other stages read."""

    model_config = ConfigDict(extra="ignore")
    proportions: dict[str, Number] = Field(min_length=1)
    organisation: str = SHUFFLED
    n_tokens: Number | None = Field(default=None, gt=0, allow_inf_nan=False)


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


def read_available(path: str | Path, known: Iterable[str] | None = None) -> AvailableTokens:
    """Tokens available per language. Raises as :func:`read_weights`."""
    available = _validated(TypeAdapter(AvailableTokens), path, "{max_epochs: 4, tokens: {java: 30e9}}")
    check_names(available.tokens, known, path)
    return available


def _validated(adapter: TypeAdapter[_File], path: str | Path, shape: str) -> _File:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(path, "has another shape", f"give {shape}")
    return checked(adapter, content, path, f"give {shape}")


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


def read_target_tokens(path: str | Path) -> float | None:
    """D of the model that the mixture in ``path`` was found for; None where it does not say.

    Raises as :func:`read_mixture` where the file has another shape.
    """
    return _mixture_file(path).n_tokens


def _mixture_file(path: str | Path) -> _MixtureFile:
    return _validated(TypeAdapter(_MixtureFile), path, "proportions: {python: 0.6, rust: 0.4}")
