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
ALL: Literal["all"] = "all"
"""Of the test split's tokens."""


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

    All runs of the proof train ``budget_tokens`` at most. Within it ``seeds: auto`` has the study choose them once, and
    a study that has a size large enough is compared there too, unless ``larger`` says where.

    The verdict is given against each of ``baselines`` and uniform, the first sentence against the ``yardstick``, which
    is one of them. ``no_harm``: what no language may lose against one of them; None: nothing, against uniform.

    ``test_tokens``: how many tokens of each language's test split its runs read; None: all where that is cheap, else
    :attr:`~codescale.study.training.TrainingSection.test_tokens`.
    """

    budget_tokens: Positive | None = None
    larger: Scale | None = None
    baselines: tuple[BaselineWord, ...] = Field(default=(str(UNIFORM),), min_length=1, max_length=20)
    yardstick: Annotated[str, BeforeValidator(_yardstick)] = ON_VALIDATION
    no_harm: Annotated[NoHarmRule, BeforeValidator(no_harm_rule)] | None = None
    test_tokens: Positive | Literal["all"] | None = None

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
        limit = self.budget_tokens
        if self.larger is not None and self.larger.seeds == AUTO:
            raise ValueError("larger.seeds: auto is of comparison.seeds alone; write a number")
        if self.seeds == AUTO and limit is None:
            raise ValueError("budget_tokens: seeds: auto needs a limit, in tokens of all runs of the proof")
        if limit is not None and limit < self.planned_tokens:
            beside = " and the larger scale" if self.larger else ""
            raise ValueError(
                f"budget_tokens: {limit:,} tokens are less than the {self.planned_tokens:,} of {self.seed_count} seeds "
                f"of {self.mixtures} mixtures at {self.tokens:,}{beside}"
            )
        return self

    @property
    def planned_tokens(self) -> int:
        """Tokens that all runs of the proof train, the larger scale's included; of the fewest seeds where they are to
        be chosen.
        """
        return self.mixtures * sum(scale.seed_count * scale.tokens for scale in self.scales)

    def with_larger(self, size: str) -> ComparisonSection:
        """The same with a larger scale of ``size``, at the same D and with the fewest seeds, where the budget allows
        it; as it is where it has one, and where no budget was named.
        """
        if self.larger is not None or self.budget_tokens is None:
            return self
        larger = Scale(size=size, tokens=self.tokens, seeds=FEWEST_SEEDS)
        more = self.model_copy(update={"larger": larger})
        return more if more.planned_tokens <= self.budget_tokens else self

    @property
    def mixtures(self) -> int:
        """How many mixtures are trained at most: the baselines, the law's best and the search's."""
        return len(self.compared) + 2

    @property
    def most_seeds(self) -> int:
        """The most seeds that ``seeds: auto`` may choose; those that are asked for where it is a number."""
        if self.seeds != AUTO or self.budget_tokens is None:
            return self.seed_count
        larger = self.larger.seed_count * self.larger.tokens if self.larger else 0
        return min(MOST_SEEDS, (self.budget_tokens // self.mixtures - larger) // self.tokens)

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
