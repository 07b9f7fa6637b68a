"""The command design: the runs to begin with, for any trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import WeightsOption, check_output, split_names
from codescale.errors import UserError


@app.command()
def design(
    space: Annotated[str, typer.Argument(metavar="SPACE", help="A search space: a name of search_spaces/ or a file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs go (CSV or Parquet).")],
    runs: Annotated[int, typer.Option(help="Runs at most.", min=1, max=10_000)] = 64,
    params: Annotated[str | None, typer.Option(help="N of the runs; with --budget several: 1e6,3e6.")] = None,
    tokens: Annotated[str | None, typer.Option(help="D of the runs; with --budget several: 1e8,1e9.")] = None,
    budget: Annotated[
        float | None, typer.Option(help="FLOPs that all runs may cost, at 6ND: chooses a ladder of N and D.")
    ] = None,
    law: Annotated[str, typer.Option(help="The law that is to be fitted to them.")] = "effective-data",
    kind: Annotated[
        str | None,
        typer.Option(
            help="[b]spread[/b] over the space, [b]optimal[/b] for the law's predictions, or [b]determinant[/b]."
        ),
    ] = None,
    table: Annotated[Path | None, typer.Option(help="Runs that are there, whose gaps are filled.")] = None,
    domains: Annotated[str | None, typer.Option(help="The languages, a,b,c (default: the space's).")] = None,
    weights: WeightsOption = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same runs.", min=0)] = 0,
) -> None:
    """Write the runs to begin with: a runs table without losses, for any trainer.

    Says what the runs cost, and how well a law would know the best mixture after
    them, before one is trained. Fill the losses in and give the table to fit,
    suggest or optimize.

    Examples:

      codescale design space.yaml --runs 64 --params 1e7 --tokens 1e9 --output runs.csv

      codescale design space.yaml --params 1e6,3e6,1e7 --tokens 1e8,3e8,1e9 --budget 1e18 --output runs.csv
    """
    from codescale.designs.design import design as designed
    from codescale.designs.design import parse_kind
    from codescale.mixtures.files import read_weights
    from codescale.report.terminal.design import design_table
    from codescale.runs.table import check_ending, write_runs
    from codescale.runs.table_reader import read_runs

    check_output(output, table, weights, Path(space))
    check_ending(output)
    known = read_runs(table) if table else None
    found = designed(
        space,
        runs,
        n_params=_counts("--params", params),
        n_tokens=_counts("--tokens", tokens),
        domains=split_names(domains),
        law=law,
        table=known,
        kind=parse_kind(kind),
        budget=budget,
        weights=read_weights(weights) if weights else None,
        seed=seed,
    )
    write_runs(output, found.table)
    console.print(design_table(found))
    console.print(f"Wrote {output}: fill in its losses, then codescale fit or suggest")


def _counts(option: str, words: str | None) -> list[float] | None:
    """The numbers in ``1e6,3e6``; None where nothing is given."""
    try:
        return None if words is None else [float(word) for word in words.split(",")]
    except ValueError:
        raise UserError(option, f"{words!r} is no list of numbers", "write such as 1e6 or 1e6,3e6") from None
