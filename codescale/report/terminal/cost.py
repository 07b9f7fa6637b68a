"""What a search will cost, for the terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from codescale.report.quantities import count
from codescale.search.cost import SearchCost


def cost_table(name: str, found: SearchCost) -> Group:
    """Cost, with how it is known."""
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
    return Group(cost, *filter(None, notes))
