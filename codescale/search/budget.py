"""What a run of the search costs, and how many more of them its budget allows."""

from __future__ import annotations

from dataclasses import dataclass

from codescale.study import StudyConfig
from codescale.training.flops import training_flops


@dataclass(frozen=True)
class Spent:
    """What a search has taken of its budget: ``trials`` begun, their ``tokens`` and counted ``flops`` (those that
    running trials may still take included), and the ``seconds`` of all its sessions.
    """

    trials: int = 0
    tokens: int = 0
    flops: float = 0.0
    seconds: float = 0.0


def run_cost(config: StudyConfig, size: str, tokens: int) -> float:
    """Counted training FLOPs of one run."""
    return training_flops(config.sizes[size], config.corpus.vocabulary, config.training.context, tokens)


def trials_left(config: StudyConfig, spent: Spent) -> int:
    """Whole trials that the budget still allows if none is stopped early; none where its hours are over."""
    search, budget = config.search, config.search.budget
    if budget.hours is not None and spent.seconds >= 3600 * budget.hours:
        return 0
    left = search.most_trials - spent.trials
    if search.most_tokens is not None:
        left = min(left, (search.most_tokens - spent.tokens) // search.tokens)
    if budget.flops is not None:
        each = run_cost(config, search.size, search.tokens)
        left = min(left, int((budget.flops - spent.flops) // each))
    return max(left, 0)
