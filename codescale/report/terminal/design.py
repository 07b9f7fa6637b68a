"""A design for the terminal: its runs, their cost, and what a law would know after them."""

from __future__ import annotations

from collections import Counter

from rich.table import Table

from codescale.designs.design import Design
from codescale.designs.forecast import OptimumForecast
from codescale.report.quantities import count


def design_table(found: Design) -> Table:
    """What was chosen, what it costs, and how well the optimum would be known, beside a spread of as many runs."""
    table = Table(title=f"A design of {found.table.num_rows} runs ({found.kind})", show_header=False)
    table.add_column("what")
    table.add_column("found")
    scales = Counter(zip(found.table["n_params"].to_pylist(), found.table["n_tokens"].to_pylist(), strict=True))
    for (n_params, n_tokens), runs in sorted(scales.items()):
        table.add_row(f"{runs} runs", f"{count(n_params)} parameters, {count(n_tokens)} tokens")
    table.add_row("cost", f"{found.flops:.3g} FLOPs (6ND, attention and logits left out)")
    table.add_row("target", f"{count(found.target[0])} parameters, {count(found.target[1])} tokens")
    table.add_row("law", found.law)
    table.add_row("its losses at the target", f"± {found.deviation:.2%}, all over the space, if its form is right")
    _add(table, found.forecast, "")
    if found.spread_forecast is not None:
        _add(table, found.spread_forecast, ", if spread")
    return table


def _add(table: Table, forecast: OptimumForecast, suffix: str) -> None:
    table.add_row(f"interval of a share{suffix}", f"{100 * forecast.width:.2g} points wide (90 %, mean of languages)")
    left = f"{forecast.regret:.2g} of a gain of {forecast.gain:.2g} (below {forecast.regret_high:.2g} in 90 % of cases)"
    table.add_row(f"the law's optimum leaves{suffix}", left)
