"""The section ``comparison`` of study.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from codescale.mixtures.baselines import UNIFORM, BaselineWord, baseline_of
from codescale.mixtures.no_harm import NoHarmRule, no_harm_rule
from codescale.study.base import Positive, Section
from codescale.validation import WholeNumber

ON_VALIDATION = "chosen on validation"
"""Of the yardstick: the baseline whose objective on the validation split is lowest."""


def _yardstick(given: object) -> str:
    return ON_VALIDATION if given == ON_VALIDATION else str(baseline_of(given))


class Scale(Section):
    """A size and a D (tokens) at which mixtures are compared, each with ``seeds`` seeds (three or more)."""

    size: str
    tokens: Positive
    seeds: WholeNumber = Field(default=3, ge=3, le=1_000)


class ComparisonSection(Scale):
    """The proof: baselines, predicted best and measured best at one scale, and once more at a ``larger`` one.

    The verdict is given against each of ``baselines`` and uniform, the first sentence against the ``yardstick``, which
    is one of them. ``no_harm``: what no language may lose against one of them; None: nothing, against uniform.
    """

    larger: Scale | None = None
    baselines: tuple[BaselineWord, ...] = Field(default=(str(UNIFORM),), min_length=1, max_length=20)
    yardstick: Annotated[str, BeforeValidator(_yardstick)] = ON_VALIDATION
    no_harm: Annotated[NoHarmRule, BeforeValidator(no_harm_rule)] | None = None

    @model_validator(mode="after")
    def _names_are_baselines(self) -> ComparisonSection:
        if len(set(self.baselines)) != len(self.baselines):
            raise ValueError("baselines: one is named twice")
        named = ", ".join(self.compared)
        if self.yardstick not in (ON_VALIDATION, *self.compared):
            raise ValueError(f"yardstick: {self.yardstick!r} is none of baselines ({named}); add it to them")
        if self.no_harm is not None and self.no_harm.reference not in self.compared:
            raise ValueError(f"no_harm.reference: {self.no_harm.reference!r} is none of baselines ({named}); add it")
        return self

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scale of the proof, and the larger one where there is one."""
        return (self,) if self.larger is None else (self, self.larger)

    @property
    def compared(self) -> tuple[str, ...]:
        """The baselines that are trained and judged: uniform, which all pictures show, and those named."""
        return tuple(dict.fromkeys((str(UNIFORM), *self.baselines)))


AT_SCALE = 4
"""How many times the trials' N a model has at least that shows whether their optimum holds at scale."""
