"""The command suggest: the next runs of a table that any trainer made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import (
    CorpusIdOption,
    HyperOption,
    OrganisationOption,
    WeightsOption,
    check_counts,
    check_output,
    parse_hyper,
)


@app.command()
def suggest(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table (CSV or Parquet): all runs so far.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the next runs go (CSV or Parquet).")],
    space: Annotated[str, typer.Option(help="A search space: a name of search_spaces/ or a file.")] = "all_languages",
    count: Annotated[int, typer.Option(help="Runs to suggest.", min=1, max=1_000)] = 8,
    params: Annotated[float | None, typer.Option(help="N of the next runs (default: that of most runs).")] = None,
    tokens: Annotated[float | None, typer.Option(help="D of the next runs (default: that of most runs).")] = None,
    weights: WeightsOption = None,
    law: Annotated[
        Path | None, typer.Option(help="A law (JSON) that was fitted before: its optimum is suggested first.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same table and seed give the same suggestions.", min=0)] = 0,
    corpus_id: CorpusIdOption = None,
    organisation: OrganisationOption = None,
    hyper: HyperOption = None,
) -> None:
    """Suggest the next runs of RUNS, all at once, from the table and nothing else.

    Rows of status running, and rows without a loss, count as under way: append
    what is suggested to RUNS while it trains, and fill the losses in when it is
    done. Says what each run is expected to gain, whether to stop, and which
    finished mixture to take now.

    Example: codescale suggest runs.csv --space space.yaml --count 8 --output next.csv
    """
    from codescale.laws.law import load_law
    from codescale.mixtures.files import read_weights
    from codescale.report.terminal.suggestions import print_suggestions
    from codescale.runs.table import check_ending, write_runs
    from codescale.runs.table_reader import read_runs
    from codescale.search.tables.suggest import suggest as suggested

    check_output(output, runs, weights, law, Path(space))
    check_ending(output)
    check_counts(params, tokens)
    table = read_runs(runs)
    found = suggested(
        table,
        space,
        count,
        weights=read_weights(weights, table.targets) if weights else None,
        n_params=params,
        n_tokens=tokens,
        law=load_law(law) if law else None,
        seed=seed,
        corpus_id=corpus_id,
        organisation=organisation,
        hyper=parse_hyper(hyper),
    )
    write_runs(output, found.table)
    print_suggestions(console, found)
    console.print(f"Wrote {output}: append it to {runs} while its runs train")
