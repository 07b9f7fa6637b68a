"""The command status: how far a study is, printed as tables or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import StudyArgument, printed_json
from codescale.errors import UserError


@app.command()
def status(
    study: StudyArgument,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON (docs/status.md).")] = False,
    cluster: Annotated[
        Path | None, typer.Option(help="A cluster's file (YAML): also say what the workers' hours are worth on it.")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="With --cluster: your own prices (YAML), beside those of the package.")
    ] = None,
) -> None:
    """Say how far a study is: what is done, what runs where, what waits, what it cost, what failed, when it will end.

    Reads only, also while another command works on the study, and starts
    nothing. The time left is reckoned from the speed of the runs that are done.

    Example: codescale status s3://bucket/my-study --json
    """
    if prices is not None and cluster is None:
        raise UserError("--prices", "goes with --cluster only", "name a cluster's file, or leave it out")
    from codescale.stages.cluster_plan import ClusterQuestion
    from codescale.stages.status import status as status_of

    found = status_of(study, None if cluster is None else ClusterQuestion(cluster, prices))
    if as_json:
        printed_json(found.content())
        return
    from codescale.report.terminal.status import status_tables

    console.print(status_tables(found))
