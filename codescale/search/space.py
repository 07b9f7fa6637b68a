"""The search space: what a search may vary, read from a YAML file and checked before anything is trained.

    languages:                       # or one word: all (each free), uniform (each fixed at an equal share)
      python: free                   # anything from 0 to 1
      java: [0.05, 0.4]              # bounds
      text: 0.1                      # fixed
    hyperparameters:
      learning_rate_factor: {low: 0.5, high: 2.0, scale: log}

A language of the study that is not named gets no tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import codescale
from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.mixture import SUM_TOLERANCE, Mixture
from codescale.search.coordinates import TOLERANCE, Coordinates

HyperName = Literal["learning_rate_factor", "weight_decay", "warmup_share", "cooldown_share", "batch"]
Share = Literal["free"] | float | tuple[float, float]
SHARE = "share_"
"""What the names of the mixture's coordinates begin with, where they stand beside hyperparameters."""


class Range(BaseModel):
    """The range of a hyperparameter, searched on a linear or a logarithmic scale; ``batch`` takes whole numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        return self


class SpaceFile(BaseModel):
    """A file of ``search_spaces/``, as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    languages: Literal["all", "uniform"] | dict[str, Share]
    hyperparameters: dict[HyperName, Range] = Field(default={})


@dataclass(frozen=True)
class Point:
    """One choice from a space: a mixture and the hyperparameters that the space frees."""

    mixture: Mixture
    hyper: dict[str, float]

    def same(self, other: Point) -> bool:
        """Whether both name the same trial: shares and hyperparameters equal to 1e-9."""
        names = {*self.mixture, *other.mixture}
        if set(self.hyper) != set(other.hyper):
            return False
        shares = all(abs(self.mixture.get(name, 0.0) - other.mixture.get(name, 0.0)) < 1e-9 for name in names)
        return shares and all(np.isclose(value, other.hyper[name], rtol=1e-9) for name, value in self.hyper.items())


@dataclass(frozen=True)
class SearchSpace:
    """What a search may vary: ``bounds`` of each language's share and the ranges of ``hyperparameters``."""

    name: str
    bounds: dict[str, tuple[float, float]]
    hyperparameters: dict[str, Range]

    @cached_property
    def coordinates(self) -> Coordinates:
        """The mixtures of this space as points of a cube."""
        return Coordinates(self.bounds)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers that a sampler chooses: the mixture's coordinates, then the hyperparameters."""
        return (*(f"{SHARE}{k}" for k in range(self.coordinates.size)), *self.hyperparameters)

    def point(self, parameters: Mapping[str, float]) -> Point:
        """The point at ``parameters``, a number for each of ``names``."""
        cube = np.array([parameters[f"{SHARE}{k}"] for k in range(self.coordinates.size)])
        return Point(self.coordinates.mixture(cube), {name: float(parameters[name]) for name in self.hyperparameters})

    def parameters(self, point: Point) -> dict[str, float]:
        """The numbers that name ``point``. Raises ``ValueError`` where it lies outside the space."""
        cube = self.coordinates.coordinates(point.mixture)
        if set(point.hyper) != set(self.hyperparameters):
            raise ValueError("the point has other hyperparameters")
        for name, limits in self.hyperparameters.items():
            if not limits.low <= point.hyper[name] <= limits.high:
                raise ValueError(f"{name} lies outside its range")
        return {f"{SHARE}{k}": float(value) for k, value in enumerate(cube)} | point.hyper


def space_names() -> list[str]:
    """The search spaces that come with CodeScale."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def load_space(name_or_path: str | Path, languages: Sequence[str]) -> SearchSpace:
    """The search space of a built-in name or a YAML file, for a study of ``languages``.

    Raises :class:`UserError` naming file and field for an unknown name, key or language, for bounds whose lower one is
    above the upper, that allow no sum of 1, and for a space with nothing to vary.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        if str(name_or_path) not in space_names():
            mend = f"use one of {', '.join(space_names())}, or the path of a .yaml file"
            raise UserError("search.space", f"{str(name_or_path)!r} is not a search space", mend)
        path = _folder() / f"{name_or_path}.yaml"
    return _checked(_parsed(read_yaml(path), path), path, languages)


def _folder() -> Path:
    """``search_spaces/`` inside an installed package, else beside it in a checkout."""
    installed = Path(str(files("codescale"))) / "search_spaces"
    return installed if installed.is_dir() else Path(codescale.__file__).parent.parent / "search_spaces"


def _parsed(content: Any, path: Path) -> SpaceFile:
    if not isinstance(content, dict):
        raise UserError(path, "is not a search space", "give it the keys languages and hyperparameters")
    try:
        return SpaceFile.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][:2]) if first["loc"] else "the file"
        kind = first["type"]
        if first["loc"][:1] == ("languages",) and kind != "missing":
            # One mistake fails every form that a share may have; the longest location names the language.
            deepest = max((entry["loc"] for entry in error.errors() if entry["loc"][0] == "languages"), key=len)
            name = deepest[2] if len(deepest) > 2 else ""
            where = f"{path}, languages.{name}" if name else f"{path}, languages"
            raise UserError(where, "is not a share", "write free, a number, or two bounds like [0.1, 0.5]") from None
        problems = {"extra_forbidden": "unknown key", "missing": "is missing"}
        if first["loc"][-1:] == ("[key]",):
            known = ", ".join(HyperName.__args__)  # type: ignore[attr-defined]
            raise UserError(f"{path}, {field}", "is not a hyperparameter", f"use one of {known}") from None
        problem = problems.get(kind, first["msg"].removeprefix("Value error, "))
        mend = {"extra_forbidden": "remove it or correct its spelling", "missing": "add it"}.get(kind, "correct it")
        raise UserError(f"{path}, {field}", problem, f"{mend}; docs/search.md shows a whole file") from None


def _checked(given: SpaceFile, path: Path, languages: Sequence[str]) -> SearchSpace:
    if given.languages == "all":
        shares: dict[str, Share] = dict.fromkeys(languages, "free")
    elif given.languages == "uniform":
        shares = dict.fromkeys(languages, 1.0 / len(languages))
    else:
        shares = given.languages
    bounds = dict.fromkeys(languages, (0.0, 0.0))
    for language, share in shares.items():
        where = f"{path}, languages.{language}"
        if language not in bounds:
            raise UserError(where, "is not a language of the study", f"use {', '.join(languages)}, or add it there")
        bounds[language] = _bounds(share, where)
    low, high = (sum(pair[k] for pair in bounds.values()) for k in (0, 1))
    if low == high and abs(low - 1) <= SUM_TOLERANCE:
        bounds = {name: (share / low, share / low) for name, (share, _) in bounds.items()}
    elif low > 1 + TOLERANCE or high < 1 - TOLERANCE:
        problem = f"the lower bounds sum to {low:.6g}" if low > 1 else f"the upper bounds sum to {high:.6g}"
        mend = "lower some of them" if low > 1 else "raise some of them, or free a language"
        raise UserError(f"{path}, languages", f"{problem}, so no shares sum to 1", mend)
    if high == low and not given.hyperparameters:
        raise UserError(path, "leaves nothing to search", "free two languages or a hyperparameter")
    hyperparameters = {str(name): limits for name, limits in given.hyperparameters.items()}
    _check_whole_numbers(hyperparameters, path)
    return SearchSpace(path.stem, bounds, hyperparameters)


def _bounds(share: Share, where: str) -> tuple[float, float]:
    if share == "free":
        return 0.0, 1.0
    low, high = share if isinstance(share, tuple) else (float(share), float(share))
    if not (0 <= low <= 1 and 0 <= high <= 1):
        raise UserError(where, f"[{low:g}, {high:g}] is not within 0 and 1", "a share is a part of 1")
    if low > high:
        raise UserError(where, f"the lower bound {low:g} is above the upper bound {high:g}", "swap or correct them")
    return low, high


def _check_whole_numbers(hyperparameters: Mapping[str, Range], path: Path) -> None:
    limits = hyperparameters.get("batch")
    if limits and not (limits.low.is_integer() and limits.high.is_integer() and limits.low >= 1):
        where = f"{path}, hyperparameters.batch"
        raise UserError(where, "a batch is a whole number of sequences", "give whole numbers of 1 or more")
