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
from codescale.mixtures.schedule import Phase, Schedule, ScheduleError
from codescale.organisation import SHUFFLED
from codescale.validation import Number, checked

_File = TypeVar("_File")
_Share = Annotated[Number, Field(ge=0, le=1, allow_inf_nan=False)]
_WEIGHTS = TypeAdapter(dict[str, Weight])
_BOUNDS = TypeAdapter(dict[str, _Share | tuple[_Share, _Share]])


class _PhaseOfFile(BaseModel):
    """One of ``phases``."""

    model_config = ConfigDict(extra="forbid")
    until: Number = Field(gt=0, le=1)
    proportions: dict[str, Number] = Field(min_length=1)


class _MixtureFile(BaseModel):
    """The part of ``mixture.yaml`` that other stages read."""

    model_config = ConfigDict(extra="ignore")
    proportions: dict[str, Number] | None = Field(default=None, min_length=1)
    phases: tuple[_PhaseOfFile, ...] | None = Field(default=None, min_length=1)
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

    Raises :class:`UserError` where the file has another shape, its proportions do not sum to 1 or are negative, or they
    change by phases.
    """
    schedule = read_schedule(path)
    if not schedule.static:
        raise UserError(
            f"{path}, phases",
            f"the mixture changes in {len(schedule)} phases, and one that does not is needed here",
            "give proportions alone; codescale train takes phases",
        )
    return schedule.mean


def read_schedule(path: str | Path) -> Schedule:
    """The phases in ``mixture.yaml``, or its proportions as a schedule of one.

    Raises :class:`UserError` where the file has another shape, proportions do not sum to 1 or are negative, phases do
    not rise to 1, or ``proportions`` beside them are not their mean.
    """
    content = _mixture_file(path)
    whole = None if content.proportions is None else _shares(content.proportions, f"{path}, proportions")
    if content.phases is None:
        assert whole is not None
        return Schedule.of(whole)
    shares = [_shares(phase.proportions, f"{path}, phases.{k}.proportions") for k, phase in enumerate(content.phases)]
    try:
        schedule = Schedule(Phase(phase.until, one) for phase, one in zip(content.phases, shares, strict=True))
    except ScheduleError as error:
        hint = "let until rise from phase to phase, to 1 in the last"
        raise UserError(f"{path}, phases", str(error), hint) from None
    if whole is not None and not schedule.has_mean(whole):
        raise UserError(f"{path}, proportions", "are not the mean of the phases", "leave them out, or correct them")
    return schedule


def _shares(proportions: dict[str, float], where: str) -> Mixture:
    try:
        return Mixture(proportions)
    except MixtureError as error:
        raise UserError(where, str(error), "correct the shares so that they sum to 1") from None


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
    shape = "proportions: {python: 0.6, rust: 0.4}"
    found = _validated(TypeAdapter(_MixtureFile), path, shape)
    if found.proportions is None and found.phases is None:
        raise UserError(f"{path}, proportions", "is missing", f"give {shape}, or phases")
    return found
