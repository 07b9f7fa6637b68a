"""The command plan: what a search and its proof may cost and tell; with a cluster's file, what a study takes on it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import check_output, existing_study, is_study, terminal_progress
from codescale.errors import UserError

_HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0}


@app.command()
def plan(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="A study's folder or address; with --cluster also runs (CSV)."),
    ],
    cluster: Annotated[
        Path | None, typer.Option(help="A cluster's file (YAML): say what the study takes on it instead.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="With --cluster: your own prices (YAML), beside those of the package.")
    ] = None,
    deadline: Annotated[
        str | None, typer.Option(help="With --cluster: find the cheapest cluster for 90min, 24h or 3d.")
    ] = None,
    simulations: Annotated[
        int | None, typer.Option(help="With --cluster: schedules to simulate (default: 100).", min=1, max=100_000)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="With --cluster: of the simulations (default: 0).", min=0)] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="With --cluster: where the plan goes (JSON).")
    ] = None,
) -> None:
    """Say, before a search, what it may cost, and what its proof is expected to tell.

    Tokens, counted FLOPs and hours on this machine, from runs that this study
    did or a few seconds of training. Of every question in study.yaml: the gain
    that the law expects over each baseline, the gain that the seeds resolve, the
    chance that the proof tells it, and the cheapest change that would have it
    answer. Before the sweep the noise is that of like studies.

    With --cluster, before anything is spent: the study's runs, tokens, FLOPs and
    GPU hours, wall time by the number of machines and dollars, from a simulated
    schedule with start-up delays and preemptions.

    Example: codescale plan my-study --cluster cluster.yaml --deadline 24h
    """
    if cluster is not None:
        hours = None if deadline is None else parse_hours(deadline)
        _plan_cluster(study, cluster, prices, hours, 100 if simulations is None else simulations, seed or 0, output)
        return
    given = {"--prices": prices, "--deadline": deadline, "--simulations": simulations, "--seed": seed}
    for option, value in (given | {"--output": output}).items():
        if value is not None:
            raise UserError(option, "goes with --cluster only", "name a cluster's file, or leave it out")
    from codescale.report.terminal.cost import cost_table
    from codescale.report.terminal.power import power_table

    opened = existing_study(study)
    expected = opened.forecast_proof()
    console.print(cost_table(opened.config.name, opened.forecast_search(seeds=expected.seeds)))
    console.print(power_table(expected))


def _plan_cluster(
    source: str,
    cluster: Path,
    prices: Path | None,
    deadline: float | None,
    simulations: int,
    seed: int,
    output: Path | None,
) -> None:
    from codescale.report.terminal.cluster_plan import cluster_table
    from codescale.stages.cluster_plan import ClusterQuestion, plan_of_table

    check_output(output, *(() if is_study(source) else (Path(source),)), cluster, prices)
    question = ClusterQuestion(cluster, prices, deadline, simulations, seed)
    if source.lower().endswith(".csv") and not is_study(source):
        found = plan_of_table(Path(source), question, terminal_progress())
    else:
        found = existing_study(source).forecast_cluster(question)
    console.print(cluster_table(found))
    if output:
        found.write(output)
        console.print(f"Wrote {output}")


def parse_hours(given: str) -> float:
    """Hours, of ``90min``, ``24h`` or ``3d``. Raises :class:`UserError` for anything else."""
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(min|h|d)\s*", given)
    hours = float(match[1]) * _HOURS[match[2]] if match else 0.0
    if hours <= 0:
        raise UserError("--deadline", f"{given!r} is no time", "write for example 90min, 24h or 3d")
    return hours
