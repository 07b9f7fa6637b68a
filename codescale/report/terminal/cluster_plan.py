"""A plan of a cluster, for the terminal: the work, then time and money by the number of machines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Group
from rich.table import Table

from codescale.artifact import Interval
from codescale.cluster.planning.result import ClusterPlan, ClusterSize
from codescale.report.quantities import DASH, count


def cluster_table(plan: ClusterPlan) -> Group:
    """The plan as two tables, with how it is known below them."""
    notes = [
        f"{plan.speed}.",
        f"Hours and dollars: the median of {plan.simulations} simulated schedules (seed {plan.seed}) and what 90 % of "
        "them lie between; machines are paid from being asked for until they go. at once: GPUs, or on machines without "
        "them runs. busy: their hours of training, what was done twice included. lost: machines preempted.",
        *plan.notes,
    ]
    if plan.cheapest is not None:
        best = plan.sizes[plan.cheapest]
        cost = "no price known" if best.dollars is None else f"{_spread(best.dollars)} dollars"
        notes.append(
            f"Cheapest within {plan.deadline_hours:g} h: {best.machines} × {_kind(best)}, {cost}, "
            f"{_spread(best.hours)} h."
        )
    kinds = [_sizes(kind, list(sizes)) for kind, sizes in groupby(plan.sizes, key=_kind)]
    return Group(_work(plan), *kinds, *notes)


def _work(plan: ClusterPlan) -> Table:
    table = Table(title=f"What {plan.name} has to do")
    table.add_column("phase")
    for heading in ("runs", "tokens", "FLOPs"):
        table.add_column(heading, justify="right")
    for one in plan.work:
        table.add_row(one.name, f"{one.runs:,}", count(one.tokens), f"{one.flops:.2e}")
    if len(plan.work) > 1:
        table.add_section()
        runs, tokens = sum(one.runs for one in plan.work), sum(one.tokens for one in plan.work)
        table.add_row("all", f"{runs:,}", count(tokens), f"{sum(one.flops for one in plan.work):.2e}")
    return table


def _sizes(kind: str, sizes: Sequence[ClusterSize]) -> Table:
    """All numbers of machines of one ``kind``."""
    table = Table(title=f"On {kind}")
    for heading in ("machines", "at once", "hours", "dollars", "busy", "lost"):
        table.add_column(heading, justify="right")
    for size in sizes:
        table.add_row(
            f"{size.machines:,}",
            f"{size.slots:,}",
            _spread(size.hours),
            DASH if size.dollars is None else _spread(size.dollars),
            _short(size.busy_hours),
            _short(size.preemptions),
        )
    return table


def _kind(size: ClusterSize) -> str:
    return f"{size.type}{' spot' if size.spot else ''}"


def _spread(values: Interval) -> str:
    """The median, and what 90 % lie between."""
    return f"{_short(values.value)} [{_short(values.low)}, {_short(values.high)}]"


def _short(value: float | None) -> str:
    """Three digits, or as many as stand before the point; from ten thousand on with k or M."""
    if value is None or value >= 1e4:
        return count(value)
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"
