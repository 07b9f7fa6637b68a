"""Simulated searches as a table, and as the rows of a file: regret against cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
from rich.console import Group
from rich.table import Table

from codescale.report.quantities import count, percent
from codescale.search.simulation.landscape import Attainable, Landscape
from codescale.search.simulation.simulate import Outcome, RegretAt, cost_to, regret_at
from codescale.terminal import plain

_COSTS = 6
_GOAL = 0.1
_SLIGHTLY = 1 + 1e-9
"""More than a cost, so that rounding does not part it from itself."""


def costs_of(outcomes: Mapping[str, Sequence[Outcome]]) -> list[float]:
    """A few costs (FLOPs), each 1.6 to 2 times the one before, up to what the cheapest search spent; before each, some
    search recommended anew, or it would say again what the one before it says.
    """
    least = max(min(float(one.cost[0]) for one in own) for own in outcomes.values())
    most = min(max(float(one.cost[-1]) for one in own) for own in outcomes.values())
    reports = np.sort(np.concatenate([one.cost for own in outcomes.values() for one in own]))
    found: list[float] = []
    for cost in np.geomspace(min(least, most), most, _COSTS):
        heard = np.searchsorted(reports, [found[-1] * _SLIGHTLY if found else 0.0, cost * _SLIGHTLY])
        if heard[0] < heard[1] or not found:
            found.append(float(cost))
    return found


def simulation_table(
    outcomes: Mapping[str, Sequence[Outcome]],
    landscape: Landscape,
    target: Attainable,
    baselines: Mapping[str, float] | None = None,
) -> Group:
    """``outcomes``: per sampler one search a seed. A row a cost, a column a sampler: median and middle 90 %.

    ``baselines``: the objective of each that gains are told over.
    """
    seeds = len(next(iter(outcomes.values())))
    table = Table(title=f"Regret of the recommended mixture, {seeds} seeds")
    table.add_column("cost, trials", justify="right")
    table.add_column("FLOPs", justify="right")
    for name in outcomes:
        table.add_column(name, justify="right")
    costs = costs_of(outcomes)
    columns = [regret_at(own, costs) for own in outcomes.values()]
    for k, cost in enumerate(costs):
        table.add_row(f"{cost / landscape.cost():.1f}", f"{cost:.2e}", *(_cell(column[k]) for column in columns))
    lines = [
        f"0 % is the best mixture ({target.best:.4f} {landscape.loss_unit}), 100 % is {_yardstick(target)}; "
        f"in brackets the middle 90 % over seeds. A trial has {count(landscape.n_params)} parameters, "
        f"{count(landscape.n_tokens)} tokens, and noise of {percent(landscape.noise)} of a loss,"
        f" {landscape.deviation(target.shares):.4f} {landscape.loss_unit} of the objective.",
        *landscape.weightless.lines("--weights"),
    ]
    for name, own in outcomes.items():
        costs_to_goal = sorted(cost_to(outcome, _GOAL) for outcome in own)
        middle = costs_to_goal[len(costs_to_goal) // 2] / landscape.cost()
        reached = sum(np.isfinite(costs_to_goal))
        said = f"{middle:.0f} trials (median)" if np.isfinite(middle) else "not reached by most"
        pruned = sum(outcome.pruned for outcome in own) / len(own)
        stopped = f"; {pruned:.0f} trials stopped early" if pruned else ""
        lines.append(f"{name}: {percent(_GOAL)} regret: {said}; {reached} of {len(own)} seeds got there{stopped}.")
        if kept := [bool(outcome.kept[-1]) for outcome in own if outcome.kept is not None]:
            lines.append(
                f"{name}: what is recommended in the end keeps the rule of no harm in {sum(kept)} of {len(kept)}."
            )
        if ends := [outcome.end for outcome in own if outcome.end is not None]:
            lines.append(
                f"{name}: would end of itself after {np.median([end.trials for end in ends]):.0f} trials (median of "
                f"{len(ends)} seeds) at a regret of {_spread([end.regret for end in ends])}."
            )
    over = []
    for word, objective in (baselines or {}).items():
        gains = [
            f"{name} {_middle([objective - target.objective(float(one.regret[-1])) for one in own])}"
            for name, own in outcomes.items()
        ]
        over.append(
            f"{word}: {objective:.4f} {landscape.loss_unit}; the best mixture gains {objective - target.best:.4f} over "
            f"it, those recommended last {', '.join(gains)}."
        )
    return Group(table, *lines, *(plain(line) for line in over))


def _yardstick(target: Attainable) -> str:
    """What regret is measured from, and its objective."""
    if target.yardstick is None:
        return f"uniform ({target.uniform:.4f})"
    return f"the rule's reference ({target.yardstick:.4f})"


def _cell(at: RegretAt) -> str:
    return f"{at.median:.1%} ({at.low:.1%} to {at.high:.1%})"


def _spread(regrets: Sequence[float]) -> str:
    low, middle, high = np.quantile(regrets, [0.05, 0.5, 0.95])
    return f"{middle:.1%} ({low:.1%} to {high:.1%})"


def _middle(values: Sequence[float]) -> str:
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"{middle:.4f} ({low:.4f} to {high:.4f})"


def simulation_rows(
    outcomes: Mapping[str, Sequence[Outcome]],
    seeds: Sequence[int],
    target: Attainable,
    baselines: Mapping[str, float] | None = None,
) -> str:
    """All reports of all searches as CSV: sampler, seed, cost in FLOPs, regret, regret of the lowest measurement; under
    a rule of no harm whether what was recommended keeps it; and what the recommended mixture gains over each of
    ``baselines``, in the losses' unit.
    """
    objectives = baselines or {}
    ruled = any(one.kept is not None for own in outcomes.values() for one in own)
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    names = ["sampler", "seed", "flops", "regret", "regret_of_lowest", *(["kept"] if ruled else [])]
    rows.writerow([*names, *(f"gain_over_{word}" for word in objectives)])
    for name, own in outcomes.items():
        for seed, outcome in zip(seeds, own, strict=True):
            for k, values in enumerate(zip(outcome.cost, outcome.regret, outcome.regret_of_lowest, strict=True)):
                kept = [] if outcome.kept is None else [str(bool(outcome.kept[k])).lower()]
                gains = [objective - target.objective(float(values[1])) for objective in objectives.values()]
                cells = [f"{value:.6g}" for value in values], kept, [f"{value:.6g}" for value in gains]
                rows.writerow([name, seed, *(cell for part in cells for cell in part)])
    return written.getvalue()
