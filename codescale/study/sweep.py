"""The sections ``sweep``, ``fit`` and ``target`` of study.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from codescale.mixtures.baselines import BaselineWord, baseline_of
from codescale.study.base import Positive, Section, Seeds, Sizes, TokenPoints, distinct
from codescale.validation import Number, WholeNumber

PairedShare = Annotated[Number, Field(gt=0, le=1)]


class GridPlan(Section):
    """Per language a grid of sizes × token points: each size is one trunk, each token point a cooldown branch."""

    sizes: Sizes
    tokens: TokenPoints
    seeds: Seeds = 1


class PairPlan(Section):
    """Pairs for the synergy matrix at one size: D tokens of i+j, D/2 unique each, against i twice and i alone."""

    size: str
    tokens: WholeNumber = Field(gt=1, lt=10**18)
    seeds: Seeds = 1


class MixturePlan(Section):
    """``count`` mixtures, each trained at every size with a branch at every token point.

    ``spread``: over the simplex, the first of them uniform; or over what the target may have by its bounds, its tokens
    and its epochs, the first of them nearest to uniform. ``uniform_seeds`` of the first measure how much a mixture's
    loss varies between seeds. ``baselines`` are trained beside them with as many seeds: what a rule of no harm is held
    to has to be known better than by one run.
    """

    count: WholeNumber = Field(gt=0, le=100_000)
    sizes: Sizes
    tokens: TokenPoints
    spread: Literal["simplex", "target"] = "simplex"
    baselines: tuple[BaselineWord, ...] = Field(default=(), max_length=20)
    seeds: Seeds = 1
    uniform_seeds: Seeds = 3

    @field_validator("baselines")
    @classmethod
    def _by_rules_alone(cls, baselines: tuple[str, ...]) -> tuple[str, ...]:
        for k, word in enumerate(baselines):
            if baseline_of(word).path is not None:
                raise ValueError(
                    f"{word}: a sweep trains baselines by rules alone; compare files with comparison.baselines"
                )
            if word in baselines[:k]:
                raise ValueError(f"{word} is named twice")
        return baselines


class OrganisationPlan(Section):
    """Whether pairing translations helps: one mixture trained shuffled and paired, at every size with a branch at every
    token point, and as many seeds, which both arms share.

    ``paired_shares``: an arm for each part of the programs that is paired. ``proportions``: the mixture; None: half of
    it in the pivot and the others alike, so that every program can be paired.
    """

    sizes: Sizes
    tokens: TokenPoints
    seeds: Seeds = 5
    paired_shares: Annotated[tuple[PairedShare, ...], Field(min_length=1, max_length=20), AfterValidator(distinct)] = (
        1.0,
    )
    proportions: dict[str, Number] | None = None

    @model_validator(mode="after")
    def _two_seeds_or_more(self) -> OrganisationPlan:
        if self.seeds < 2:
            raise ValueError("seeds: one seed tells no difference from noise; give two or more")
        return self


class SweepSection(Section):
    """The three plans of the paper, that of its claims on pairing, and the tokens they may train on (None: no limit).

    Over the budget the planner shrinks first the grid's sizes and D, then the number of mixtures. ``unique_tokens``
    holds every language to as many distinct tokens in every run (None: what the scarcest one has). ``repetition:
    target`` instead has each mixture repeat each language as the target will: a run of D' tokens gets the target's
    unique tokens of the language times D' over the target's D.
    """

    grid: GridPlan | None = None
    pairs: PairPlan | None = None
    mixtures: MixturePlan | None = None
    organisation: OrganisationPlan | None = None
    unique_tokens: Positive | None = None
    repetition: Literal["even", "target"] = "even"
    budget_tokens: Positive | None = None

    @property
    def by_size(self) -> dict[str, GridPlan | MixturePlan | OrganisationPlan]:
        """The plans that there are of several sizes and D, by name."""
        plans = {"grid": self.grid, "mixtures": self.mixtures, "organisation": self.organisation}
        return {name: plan for name, plan in plans.items() if plan is not None}

    @model_validator(mode="after")
    def _one_word_on_unique_tokens(self) -> SweepSection:
        if self.repetition == "target" and self.unique_tokens is not None:
            raise ValueError("repetition: target sets the unique tokens; leave unique_tokens out")
        return self


class FitSection(Section):
    """Which law, and how many bootstrap samples its intervals rest on."""

    law: str = "auto"
    bootstrap: WholeNumber = Field(default=200, gt=1, le=100_000)


class TargetSection(Section):
    """The scale that the allocation is for: a size from ``sizes`` (or any N) and D in tokens.

    ``available``: the tokens of a language that the target run will have; those of the corpus where it is not named.
    """

    size: str | None = None
    n_params: Positive | None = None
    n_tokens: Positive
    weights: dict[str, Annotated[Number, Field(lt=1e30)]] | None = None
    bounds: dict[str, Number | tuple[Number, Number]] = {}
    max_epochs: Number = Field(default=4.0, gt=0)
    available: dict[str, Positive] = {}
