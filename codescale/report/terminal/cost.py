"""What a search will cost and can resolve, for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from codescale.report.quantities import count
from codescale.search.cost import SearchCost
from codescale.search.objective.power_analysis import LEVEL, POWER


def cost_tables(name: str, found: SearchCost) -> Group:
    """Cost, then resolution, each with how it is known."""
    cost = Table(title=f"The search of {name}: what it may cost")
    cost.add_column("what")
    for heading in ("runs", "tokens", "FLOPs", "hours here"):
        cost.add_column(heading, justify="right")
    for one in found.costs:
        hours = "unknown" if one.hours is None else f"{one.hours:.2f}"
        cost.add_row(one.name, f"{one.runs:,}", count(one.tokens), f"{one.flops:.2e}", hours)
    notes = [f"It ends at {' or '.join(found.limits)}. Pruning makes it cheaper." if found.limits else ""]
    if found.speed is not None:
        rate = found.speed.flops_per_second
        notes.append(
            f"Speed: {rate:.2e} FLOPs a second of each of {found.speed.workers} workers ({found.speed.source})."
        )
    if found.noise is None:
        notes.append(
            "What it can resolve is not known yet: the sweep's seeds of the uniform mixture measure the noise."
        )
        return Group(cost, *filter(None, notes))
    low, high = found.noise.interval
    resolution = Table(title="What differences between two mixtures can be told")
    resolution.add_column("seeds of each", justify="right")
    resolution.add_column("difference, nats per token", justify="right")
    for step in found.resolutions:
        resolution.add_row(str(step.seeds), f"{step.difference:.4f}")
    notes.append(
        f"Seeds: standard deviation {found.noise.pooled:.4f} nats per token [{low:.4f}, {high:.4f}], "
        f"{found.noise.degrees_of_freedom} degrees of freedom. Told: a t test at {LEVEL:.0%} finds it in {POWER:.0%} "
        "of cases."
    )
    if found.baselines > 1:
        notes.append(f"The level is shared out among the {found.baselines} baselines that the proof is held against.")
    needed = [
        f"below {gap:g} nats you need {f'{seeds} seeds' if seeds else 'more than 1,000 seeds'}"
        for gap, seeds in found.needed
    ]
    notes.append("; ".join(needed) + ".")
    return Group(cost, resolution, *filter(None, notes))
