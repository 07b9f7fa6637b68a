"""Before a search spends anything: what it and its proof will cost."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from codescale.runs.records import RunRecord
from codescale.search.trials.spec import UsedBudget, run_cost, trials_left
from codescale.study.config import StudyConfig


@dataclass(frozen=True)
class CostItem:
    """Runs of one kind: how many, and their tokens, counted FLOPs and hours on this machine (None: speed unknown)."""

    name: str
    runs: int
    tokens: int
    flops: float
    hours: float | None


@dataclass(frozen=True)
class Speed:
    """Counted training FLOPs a second of one worker, how many work at once, and how that is known."""

    flops_per_second: float
    workers: int
    source: str


@dataclass(frozen=True)
class SearchCost:
    """What a search and its proof cost, what ends the search, and how fast a worker is (None: not known)."""

    costs: tuple[CostItem, ...]
    limits: tuple[str, ...]
    speed: Speed | None


def search_cost(config: StudyConfig, speed: Speed | None, seeds: int | None = None) -> SearchCost:
    """What a search and its comparison may cost: an upper bound, since pruning saves what cannot be known before.

    Parameters
    ----------
    config
        The study, with the proxy and the budget of the search's problem.
    speed
        Of a worker here; None leaves hours open.
    seeds
        Of the proof, where the study has chosen them; None: those of ``study.yaml``.
    """
    search, budget = config.search, config.search.budget
    each = run_cost(config, search.size, search.tokens)
    trials = trials_within(config, each, speed)
    comparison = config.comparison
    runs = comparison.mixtures * (seeds or comparison.seed_count)
    proof = run_cost(config, comparison.size, comparison.tokens)
    costs = [_cost("trials", trials, search.tokens, each, speed)]
    if search.check_pruned:
        checked = min(search.check_pruned, trials)
        costs.append(_cost("stopped trials finished to check", checked, search.tokens, each, speed))
    costs.append(_cost("comparison", runs, comparison.tokens, proof, speed))
    if (larger := comparison.larger) is not None:
        more = comparison.mixtures * larger.seed_count
        costs.append(
            _cost("comparison, larger", more, larger.tokens, run_cost(config, larger.size, larger.tokens), speed)
        )
    limits = [f"{search.most_trials:,} trials"] if trials == search.most_trials else []
    for value, unit in ((search.most_tokens, "tokens"), (budget.flops, "FLOPs"), (budget.hours, "hours")):
        if value is not None:
            limits.append(f"{value:,.6g} {unit}")
    return SearchCost(tuple(costs), tuple(limits), speed)


def trials_within(config: StudyConfig, each: float, speed: Speed | None) -> int:
    """Whole trials that the budget allows if none is stopped early, its hours counted where the ``speed`` is known."""
    trials, hours = trials_left(config, UsedBudget()), config.search.budget.hours
    if hours is not None and speed is not None:
        trials = min(trials, int(hours * 3600 * speed.flops_per_second * speed.workers // each))
    return trials


def _cost(name: str, runs: int, tokens: int, each: float, speed: Speed | None) -> CostItem:
    hours = None if speed is None else runs * each / (speed.flops_per_second * speed.workers) / 3600
    return CostItem(name, runs, runs * tokens, runs * each, hours)


def recorded_speed(records: Iterable[RunRecord], size: str, workers: int) -> Speed | None:
    """A worker's speed on this study's machine.

    Parameters
    ----------
    records
        The study's runs.
    size
        The size whose runs count.
    workers
        How many train at once.

    Returns
    -------
    Speed or None
        The median over finished runs of that size, evaluations included; None where none ran.
    """
    rates = [
        record.flops / record.seconds
        for record in records
        if record.status == "ok" and record.spec.size == size and record.seconds > 0 and record.flops > 0
    ]
    if not rates:
        return None
    return Speed(statistics.median(rates), workers, f"{len(rates)} runs of this study")


def measured_speed(config: StudyConfig, workers: int, threads: int) -> Speed:
    """A worker's speed by a few seconds of training the proxy on random tokens; no evaluations, so a little too fast.

    Parameters
    ----------
    config
        The study, with the proxy of the search's problem.
    workers
        How many train at once.
    threads
        Cores of one worker.
    """
    from codescale.training.loop.calibration import calibrate

    found = calibrate(config, config.search.size, threads)
    return Speed(found.flops_per_second, workers, found.source)
