"""The command check-trainer: one tiny run of a study's own training command."""

from __future__ import annotations

from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import StudyArgument, check_counts, existing_study


@app.command(name="check-trainer")
def check_trainer(
    study: StudyArgument,
    tokens: Annotated[
        float | None, typer.Option(help="D: training tokens of the run; default: 20 optimizer steps.")
    ] = None,
) -> None:
    """Try the study's own training command on one tiny run: what was read of it, and what is missing.

    The section trainer of study.yaml names the command. Ray is not started, and
    nothing of the study is changed.

    Example: codescale check-trainer my-study
    """
    check_counts(None, tokens)
    found = existing_study(study).check_trainer(tokens=None if tokens is None else max(1, round(tokens)))
    for line in found.missing:
        console.print(line)
    metrics = ", ".join(found.record.evaluations[-1].metrics)
    results = len(found.record.evaluations)
    console.print(
        f"The command works: {results} result{'s' if results > 1 else ''} in {found.record.seconds:.1f} s"
        + (f", with the metrics {metrics}" if metrics else "")
        + f". Next: codescale sweep {study}"
    )
