"""The YAML of a search space as written: its schema, and one line for whatever is wrong in it (docs/search.md).

languages:                                  # or one word: all (each free), uniform (each fixed at an equal share)
  python: free                              # anything from 0 to 1
  java: [0.05, 0.4]                         # bounds
  typescript: {tied_to: javascript, ratio: 2}   # twice JavaScript's share, whatever that is
  text: 0.1                                 # fixed
available: {max_epochs: 4, tokens: {java: 30e9}}    # no share may ask for more of them at the target's D
hyperparameters:
  learning_rate_factor: {low: 0.5, high: 2.0, scale: log}
  organisation: [shuffled, paired]          # of the data (docs/organisation.md)
objective: {weights: {python: 2, java: 1}, metrics: {pass_at_1.python: -0.5}}
target: {size: large, n_tokens: 100e9}
proxy: {size: small, tokens: 1e9}
no_harm: {reference: natural, margin: 2%}   # no loss above that under this mixture by more; 0.01 is nats per token
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.no_harm import NoHarmRule, no_harm_rule
from codescale.organisation import ORGANISATION, ORGANISATIONS
from codescale.validation import Number, first_mistake

HyperName = Literal[
    "learning_rate_factor", "weight_decay", "warmup_share", "cooldown_share", "batch", "paired_share", "organisation"
]

Count = Annotated[Number, Field(gt=0, lt=1e30, allow_inf_nan=False)]


class _SpaceSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tie(_SpaceSection):
    """A share that is ``ratio`` times that of the language ``tied_to``; ``bounds`` are its own."""

    tied_to: str
    ratio: Number = Field(default=1.0, gt=0)
    bounds: tuple[Number, Number] = (0.0, 1.0)


ShareRule = Literal["free"] | Number | tuple[Number, Number] | Tie

_SHARES = "write free, a number, two bounds like [0.1, 0.5], or {tied_to: LANGUAGE, ratio: NUMBER}"


LIMITS: dict[str, tuple[float, float]] = {
    "learning_rate_factor": (1e-6, 1e6),
    "weight_decay": (0.0, 1e3),
    "warmup_share": (0.0, 0.99),
    "cooldown_share": (0.001, 0.99),
    "paired_share": (0.0, 1.0),
    "batch": (1.0, 1e6),
}
"""What training takes of each hyperparameter, both ends included."""


class HyperparameterRange(_SpaceSection):
    """The range of a hyperparameter, searched on a linear or a logarithmic scale; ``batch`` takes whole numbers."""

    low: Number
    high: Number
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _in_order(self) -> HyperparameterRange:
        if not self.low < self.high:
            raise ValueError("low must be below high")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a logarithmic range begins above 0")
        return self


class OrganisationChoice(HyperparameterRange):
    """The data's organisation, one of :data:`~codescale.organisation.ORGANISATIONS`: 0 or 1 and nothing between."""

    low: float = 0.0
    high: float = 1.0


class ObjectiveSpec(_SpaceSection):
    """What is minimised: the weighted losses of languages and ``metric.*`` columns (a negative weight: the more, the
    better), divided by the sum of the losses' weights. ``name`` tells it from the others on a Pareto front.
    """

    name: str = ""
    weights: dict[str, Annotated[Number, Field(ge=0, lt=1e30)]] = {}
    metrics: dict[str, Annotated[Number, Field(gt=-1e30, lt=1e30)]] = {}

    @model_validator(mode="after")
    def _weighs_something(self) -> ObjectiveSpec:
        if not any(self.weights.values()) and not any(self.metrics.values()):
            raise ValueError("weighs nothing: give a language or a metric a weight other than 0")
        return self


class Target(_SpaceSection):
    """The scale that the mixture is for; what is not given is as ``study.yaml`` says."""

    size: str | None = None
    n_params: Count | None = None
    n_tokens: Count | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Target:
        if self.size is not None and self.n_params is not None:
            raise ValueError("give either size or n_params")
        return self


class Proxy(_SpaceSection):
    """The size and D at which trials run; what is not given is as ``study.yaml`` says."""

    size: str | None = None
    tokens: Count | None = None


def _trainable(ranges: dict[HyperName, HyperparameterRange]) -> dict[HyperName, HyperparameterRange]:
    for name, limits in ranges.items():
        low, high = LIMITS[name]
        if limits.low < low or limits.high > high:
            raise ValueError(f"{name} may lie between {low:g} and {high:g}, not {limits.low:g} and {limits.high:g}")
    return ranges


def _several(objective: Any) -> Any:
    return [objective] if isinstance(objective, dict) else objective


class SpaceFile(_SpaceSection):
    """A file of ``search_spaces/``, as written. Without an objective the study's weights hold; several ask for
    their Pareto front.
    """

    languages: Literal["all", "uniform"] | dict[str, ShareRule]
    available: AvailableTokens | None = None
    hyperparameters: Annotated[dict[HyperName, HyperparameterRange], AfterValidator(_trainable)] = {}
    objective: Annotated[tuple[ObjectiveSpec, ...], BeforeValidator(_several)] = ()
    target: Target = Target()
    proxy: Proxy = Proxy()
    no_harm: Annotated[NoHarmRule, BeforeValidator(no_harm_rule)] | None = None


def read_space_file(path: Path) -> SpaceFile:
    """The space in ``path`` as written. Raises :class:`UserError` that names file and field for a wrong shape."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(path, "is not a search space", "give it the keys languages and hyperparameters")
    content, choices = _without_choices(content, path)
    try:
        found = SpaceFile.model_validate(content)
    except ValidationError as error:
        mistake = first_mistake(error, content)
        shares = f"{mistake.hint}: {_SHARES}" if mistake.field.startswith("languages") else mistake.hint
        raise mistake.refusal(path, f"{shares}; docs/search.md shows a whole file") from None
    return found.model_copy(update={"hyperparameters": {**found.hyperparameters, **choices}})


def _without_choices(content: dict[str, Any], path: Path) -> tuple[dict[str, Any], dict[str, OrganisationChoice]]:
    """``content`` without the data's organisation, and that as a hyperparameter where it is free: the last one."""
    hyperparameters = content.get("hyperparameters")
    if not isinstance(hyperparameters, dict) or ORGANISATION not in hyperparameters:
        return content, {}
    given = hyperparameters[ORGANISATION]
    if not isinstance(given, list) or sorted(map(str, given)) != sorted(ORGANISATIONS):
        raise UserError(
            f"{path}, hyperparameters.{ORGANISATION}",
            "is not a choice between the two",
            f"write [{', '.join(ORGANISATIONS)}], or leave it out: then training.organisation of study.yaml holds",
        )
    ranges = {name: limits for name, limits in hyperparameters.items() if name != ORGANISATION}
    return content | {"hyperparameters": ranges}, {ORGANISATION: OrganisationChoice()}
