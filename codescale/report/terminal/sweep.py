"""A planned sweep as a table: what each plan holds, in runs, tokens and counted FLOPs; whether memory suffices."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table

from codescale.report.quantities import count
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.sweeps.memory_check import memory_here
from codescale.sweeps.plan import SweepCost, sweep_cost

PLANS = {
    "grid": ("grid",),
    "alone": ("alone",),
    "pairs": ("pair",),
    "mixtures": ("mixture",),
    "organisation": ("organisation",),
}


def _row(name: str, config: StudyConfig, cost: SweepCost, sizes: Sequence[int]) -> tuple[str, ...]:
    spread = count(min(sizes)) if len(set(sizes)) == 1 else f"{count(min(sizes))} to {count(max(sizes))}"
    return name, f"{cost.points:,}", f"{cost.runs:,}", spread, count(cost.tokens), f"{cost.flops:.2e}"


def plan_table(config: StudyConfig, specs: Sequence[RunSpec]) -> Group:
    """The plan of ``config`` as a Rich table, with what every column means below it."""
    table = Table(title=f"The sweep of {config.name}: {len(config.languages)} languages")
    table.add_column("plan")
    for heading in ("runs", "trunks", "parameters", "tokens", "FLOPs"):
        table.add_column(heading, justify="right")
    for name, stages in PLANS.items():
        chosen = [spec for spec in specs if spec.stage in stages]
        if chosen:
            table.add_row(*_row(name, config, sweep_cost(config, chosen), [spec.n_params for spec in chosen]))
    if not specs:
        return Group(
            table, "No runs: study.yaml plans neither a grid nor pairs nor mixtures nor organisation under sweep."
        )
    table.add_section()
    table.add_row(*_row("all", config, sweep_cost(config, specs), [spec.n_params for spec in specs]))
    if config.trainer is not None:
        note = (
            "grid: every language at every N and D. Each point is a run of its own by the trainer's command. FLOPs are "
            "6 N D, or what sizes say."
        )
        return Group(table, note)
    note = (
        "grid: every language at every N and D. alone: each language at D/2, then again over the same tokens. "
        "pairs: two languages, half each. organisation: one mixture, translations apart and in one document. "
        "A run is one (N, D) point; the points of one trunk are trained "
        "once, with a cooldown branched off at each D, so the tokens are fewer than those of as many separate "
        "runs. FLOPs are counted, attention and logits included."
    )
    return Group(table, note, memory_here(config, specs).described())
