"""What a table says of its next runs: each with what is expected of it, what to take now, and whether to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from codescale.search.bayesopt.termination import ExpectedRegret
from codescale.search.objective.problem import ModelScale
from codescale.search.space.space import SearchPoint


@dataclass(frozen=True)
class Suggestion:
    """One run to do: its id, its ``point``, what proposed it (``reference``, ``law`` or ``sampler``), and what is
    expected of it in the table's unit: the objective with its standard ``deviation``, a run's noise apart, and the
    ``gain`` over what is best so far, E[max(best - y, 0)]. None where too little is known.
    """

    run_id: str
    point: SearchPoint
    source: str
    expected: float | None = None
    deviation: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class CurrentBest:
    """What to take now: the point with the best expectation among those that finished (under a rule of no harm of all
    that keep it; ``run_id`` is then None where no run had it), the objective ``measured`` there and ``expected`` of it
    with its standard ``deviation``, None where too little is known.
    """

    run_id: str | None
    point: SearchPoint
    measured: float | None
    expected: float | None
    deviation: float | None
    keeps_rule: float | None = None


@dataclass(frozen=True)
class Suggestions:
    """What a table says of its next runs.

    Attributes
    ----------
    runs
        The suggestions, in order.
    table
        The same as a runs table without losses, ready to be appended to the one that was read; ``expected.*`` columns
        hold what is expected.
    best
        What to take now; None before the first run has finished.
    regret
        What any number of further runs may still gain over it; None where too little is known.
    noise
        The standard deviation of the objective between seeds; None where nothing was trained twice.
    stop
        Why no more runs are worth their cost; empty while they are.
    proxy
        N and D of the suggestions.
    counts
        How many runs were ``finished``, ``pruned``, ``diverged``, ``under way``, ``earlier`` (at other scales and the
        like), and ``lack`` a loss that weighs.
    unit
        Of the objective; empty where metrics weigh.
    """

    runs: tuple[Suggestion, ...]
    table: pa.Table
    best: CurrentBest | None
    regret: ExpectedRegret | None
    noise: float | None
    stop: str
    proxy: ModelScale
    counts: Mapping[str, int]
    unit: str
