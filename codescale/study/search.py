"""The section ``search`` of study.yaml."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from codescale.study.base import Positive, Section
from codescale.validation import Number, WholeNumber


def _prune_word(value: Any) -> Any:
    return {True: "curves", False: "none"}.get(value, value) if isinstance(value, bool) else value


MOST_TRIALS = 100_000
"""Of a search that is limited by something else."""


class WandbSection(Section):
    """Where Weights & Biases shows the trials; ``project`` is the study's name unless given, the key is W&B's own."""

    project: str | None = None
    entity: str | None = None
    group: str | None = None


class MlflowSection(Section):
    """Where MLflow shows the trials: at ``MLFLOW_TRACKING_URI`` or in the study folder unless given."""

    tracking_uri: str | None = None
    experiment_name: str | None = None
    tags: dict[str, str] = {}


class CallbacksSection(Section):
    """Trackers that are shown every trial; a list of names takes each as it comes."""

    wandb: WandbSection | None = None
    mlflow: MlflowSection | None = None

    @model_validator(mode="before")
    @classmethod
    def _names_alone(cls, content: Any) -> Any:
        if isinstance(content, list) and all(isinstance(name, str) for name in content):
            return {name: {} for name in content}
        return content


def _auto(given: Any) -> Any:
    """``auto`` is what holds where nothing is said: as many trials as the machines have room for."""
    return None if given == "auto" else given


class SearchBudget(Section):
    """What the trials may cost together; the search ends at whichever comes first. ``flops`` are counted ones."""

    trials: Positive | None = None
    tokens: Positive | None = None
    flops: Number | None = Field(default=None, gt=0)
    hours: Number | None = Field(default=None, gt=0)


class SearchSection(Section):
    """The search with real runs around the law's optimum. ``space`` names a file of search_spaces/ or a path.

    ``prune``: what stops trials early. ``check_pruned``: so many stopped trials, drawn at random, are trained to their
    end afterwards, to see how often stopping was wrong. ``end_at_noise``: whether the search ends before its budget
    where another trial is expected to gain less than what seeds change. ``budget_tokens`` is the older word for
    ``budget.tokens``.
    """

    space: str = "seven_languages"
    size: str
    tokens: Positive
    trials: Positive = 16
    concurrency: Annotated[Positive | None, BeforeValidator(_auto)] = None
    workers_per_trial: Positive = 1
    sampler: Literal["law", "tpe", "gp", "cmaes", "random"] = "law"
    prune: Annotated[Literal["curves", "asha", "none"], BeforeValidator(_prune_word)] = "curves"
    check_pruned: WholeNumber = Field(default=0, ge=0, le=1_000)
    end_at_noise: bool = True
    budget: SearchBudget = SearchBudget()
    budget_tokens: Positive | None = None
    callbacks: CallbacksSection = CallbacksSection()

    @model_validator(mode="after")
    def _one_budget_of_tokens(self) -> SearchSection:
        if self.budget_tokens is not None and self.budget.tokens is not None:
            raise ValueError("give either budget.tokens or budget_tokens")
        return self

    @model_validator(mode="after")
    def _what_is_checked_can_have_stopped(self) -> SearchSection:
        if self.check_pruned and self.prune == "none":
            raise ValueError("check_pruned: prune: none stops no trial that could be checked")
        if self.check_pruned > self.most_trials:
            raise ValueError(f"check_pruned: {self.check_pruned:,} are more than the {self.most_trials:,} trials")
        return self

    @property
    def most_trials(self) -> int:
        """Trials at most: without a word about them a budget of something else is the only limit."""
        if self.budget.trials is not None:
            return min(self.budget.trials, self.trials) if "trials" in self.model_fields_set else self.budget.trials
        others = (self.budget.tokens, self.budget.flops, self.budget.hours)
        if "trials" not in self.model_fields_set and any(limit is not None for limit in others):
            return MOST_TRIALS
        return self.trials

    @property
    def most_tokens(self) -> int | None:
        """Tokens that the trials may train together."""
        return self.budget.tokens if self.budget.tokens is not None else self.budget_tokens
