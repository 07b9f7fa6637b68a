"""The section ``comparison`` of study.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from codescale.mixtures.baselines import UNIFORM, BaselineWord, baseline_of
from codescale.mixtures.no_harm import NoHarmRule, no_harm_rule
from codescale.study.base import Positive, Section
from codescale.validation import WholeNumber

ON_VALIDATION = "chosen on validation"
"""Of the yardstick: the baseline whose objective on the validation split is lowest."""


def _yardstick(given: object) -> str:
    return ON_VALIDATION if given == ON_VALIDATION else str(baseline_of(given))


FEWEST_SEEDS = 3
MOST_SEEDS = 1_000
AUTO = "auto"
"""Of the seeds: as many as what is expected of the proof asks for, within a limit in tokens."""


class Scale(Section):
    """A size and a D (tokens) at which mixtures are compared, each with ``seeds`` seeds (three or more)."""

    size: str
    tokens: Positive
    seeds: Annotated[WholeNumber, Field(ge=FEWEST_SEEDS, le=MOST_SEEDS)] | Literal["auto"] = FEWEST_SEEDS

    @property
    def seed_count(self) -> int:
        """``seeds``; the fewest where they have not been chosen yet."""
        return FEWEST_SEEDS if self.seeds == "auto" else self.seeds


class ComparisonSection(Scale):
    """The proof: baselines, predicted best and measured best at one scale, and once more at a ``larger`` one.

    ``seeds: auto`` has the study choose them once, so that all runs of the proof train ``seeds_budget_tokens`` at most.

    The verdict is given against each of ``baselines`` and uniform, the first sentence against the ``yardstick``, which
    is one of them. ``no_harm``: what no language may lose against one of them; None: nothing, against uniform.
    """

    seeds_budget_tokens: Positive | None = None
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

    @model_validator(mode="after")
    def _seeds_have_a_limit(self) -> ComparisonSection:
        limit = self.seeds_budget_tokens
        if self.larger is not None and self.larger.seeds == AUTO:
            raise ValueError("larger.seeds: auto is of comparison.seeds alone; write a number")
        if self.seeds != AUTO and limit is not None:
            raise ValueError(f"seeds_budget_tokens: is the limit of seeds: auto, but seeds is {self.seeds}")
        if self.seeds == AUTO and limit is None:
            raise ValueError("seeds_budget_tokens: seeds: auto needs a limit, in tokens of all runs of the proof")
        least = self.mixtures * FEWEST_SEEDS * self.tokens
        if limit is not None and limit < least:
            raise ValueError(
                f"seeds_budget_tokens: {limit:,} tokens are less than the {least:,} of {FEWEST_SEEDS} seeds of "
                f"{self.mixtures} mixtures at {self.tokens:,}"
            )
        return self

    @property
    def mixtures(self) -> int:
        """How many mixtures are trained at most: the baselines, the law's best and the search's."""
        return len(self.compared) + 2

    @property
    def most_seeds(self) -> int:
        """The most seeds that ``seeds: auto`` may choose; those that are asked for where it is a number."""
        if self.seeds_budget_tokens is None:
            return self.seed_count
        return min(MOST_SEEDS, self.seeds_budget_tokens // (self.mixtures * self.tokens))

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
