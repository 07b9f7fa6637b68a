"""How far a study is, for the terminal: its stages, the runs that are under way, those that failed, and the money."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table

from codescale.report.quantities import DASH, count, duration
from codescale.study.status import (
    ClusterView,
    FailedRun,
    RunningRun,
    StageProgress,
    StudyCost,
    StudyDriver,
    StudyStatus,
)
from codescale.terminal import plain

MOST_ROWS = 30
"""Of a table of runs; the JSON has all of them."""


def status_tables(found: StudyStatus) -> Group:
    """All that ``found`` tells, the stages first."""
    parts: list[RenderableType] = [_stages(found)]
    if found.tokens:
        parts.append(_cost_so_far(found))
    if found.running:
        parts.append(_running(found))
    if found.failed:
        parts.append(_failed(found.failed))
    if found.costs:
        parts.append(_costs(found.costs))
    return Group(*parts, *_lines(found))


def _stages(found: StudyStatus) -> Table:
    table = Table(title=plain(f"{found.name}: how far it is"))
    table.add_column("stage")
    table.add_column("state")
    for heading in ("runs done", "running", "waiting", "failed", "left"):
        table.add_column(heading, justify="right")
    for stage in found.stages:
        table.add_row(stage.name, stage.state, *_runs(stage))
    return table


def _runs(stage: StageProgress) -> tuple[str, ...]:
    if stage.planned is None and not stage.done:
        return ("",) * 5
    return (
        f"{stage.done:,}" if stage.planned is None else f"{stage.done:,} of {stage.planned:,}",
        f"{stage.running:,}",
        DASH if stage.waiting is None else f"{stage.waiting:,}",
        f"{stage.failed + stage.diverged:,}",
        DASH if stage.hours_left is None else duration(3600 * stage.hours_left),
    )


def _cost_so_far(found: StudyStatus) -> Table:
    table = Table(title="What it cost so far")
    table.add_column("stage")
    for heading in ("tokens", "FLOPs", "worker hours", "by the clock"):
        table.add_column(heading, justify="right")
    for stage in found.stages:
        if stage.done or stage.seconds is not None:
            trained = (count(stage.tokens), f"{stage.flops:.2e}", f"{stage.worker_hours:.2f}")
            table.add_row(stage.name, *(trained if stage.done else ("", "", "")), duration(stage.seconds))
    table.add_section()
    table.add_row("all", count(found.tokens), f"{found.flops:.2e}", f"{found.worker_hours:.2f}", "")
    return table


def _running(found: StudyStatus) -> Table:
    alive = found.driver is not None and found.driver.alive is not False
    table = Table(title="Running" if alive else "Left under way by a command that was killed")
    table.add_column("run")
    table.add_column("on")
    table.add_column("since", justify="right")
    table.add_column("by its last checkpoint", justify="right")
    for run in found.running[:MOST_ROWS]:
        since = None if run.since is None else max(0.0, found.moment - run.since)
        ago = DASH if since is None else f"{duration(since)} ago"
        table.add_row(plain(run.run_id), plain(run.where) if run.where else DASH, ago, _trained(run))
    if len(found.running) > MOST_ROWS:
        table.add_row(f"and {len(found.running) - MOST_ROWS:,} more", "", "", "")
    return table


def _trained(run: RunningRun) -> str:
    if run.tokens is None:
        return DASH
    of = "" if run.tokens_planned is None else f" of {count(run.tokens_planned)}"
    return f"{count(run.tokens)}{of} tokens"


def _failed(failed: Sequence[FailedRun]) -> Table:
    table = Table(title="Failed")
    table.add_column("run")
    table.add_column("how")
    table.add_column("why")
    for run in failed[:MOST_ROWS]:
        again = "" if run.again is None else f" (its second try: {run.again})"
        table.add_row(plain(run.run_id), run.status, plain(f"{run.note}{again}"))
    if len(failed) > MOST_ROWS:
        table.add_row(f"and {len(failed) - MOST_ROWS:,} more", "", "")
    return table


def _costs(costs: Sequence[StudyCost]) -> Table:
    table = Table(title="What the workers' hours are worth")
    table.add_column("machines")
    for heading in ("workers on each", "dollars so far", "dollars for the rest"):
        table.add_column(heading, justify="right")
    for one in costs:
        spent, rest = (DASH if value is None else f"{value:,.2f}" for value in (one.dollars, one.dollars_left))
        table.add_row(plain(f"{one.type}{' spot' if one.spot else ''}"), f"{one.slots:,}", spent, rest)
    return table


def _lines(found: StudyStatus) -> list[str]:
    lines = [_driver(found.driver)]
    if found.cluster is not None:
        lines.append(_cluster(found.cluster))
    if found.hours_left:
        so_many = f"with {found.workers:,} worker{'' if found.workers == 1 else 's'}"
        lines.append(f"What is left of the runs takes about {duration(3600 * found.hours_left)} {so_many}.")
        if found.ends is not None:
            lines.append(f"They will have ended about {time.strftime('%Y-%m-%d %H:%M', time.localtime(found.ends))}.")
        lines.append("Fits and report are not counted; a search as if no trial were stopped early.")
    if found.costs:
        lines.append("Hours of work alone: start-up, idle time, heads, storage and traffic are not in the dollars.")
    return [*lines, *found.notes]


def _driver(driver: StudyDriver | None) -> str:
    if driver is None:
        return "No command works on it."
    who = f"the command of process {driver.pid} on {driver.host}, since {driver.begun}"
    if driver.alive is False:
        return f"No command works on it: {who}, was killed. The same command goes on from there."
    return f"At work: {who}."


def _cluster(view: ClusterView) -> str:
    if not view.reached or view.machines is None:
        return f"The Ray cluster at {view.address} cannot be reached."
    cores, gpus = (sum(machine.get(name, 0.0) for machine in view.machines) for name in ("CPU", "GPU"))
    line = f"The Ray cluster at {view.address}: {len(view.machines):,} machines with {cores:g} cores and {gpus:g} GPUs"
    if view.draining:
        line += f", {view.draining:,} more about to go"
    if view.coming:
        line += f", {view.coming:,} more on their way"
    if view.unmet:
        line += f"; {len(view.unmet):,} demands that no machine will meet"
    return f"{line}."
