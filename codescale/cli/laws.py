"""The commands on laws: fit, import, predict, and laws compare, synergy and plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console, laws_app
from codescale.cli.options import (
    CorpusIdOption,
    HyperOption,
    LawArgument,
    OrganisationOption,
    check_counts,
    check_output,
    existing_study,
    is_study,
    parse_hyper,
    refuse_options,
    terminal_progress,
)
from codescale.errors import UserError


def _fit_study(folder: str) -> None:
    """The law of the study in ``folder``, by its own runs."""
    from codescale.report.terminal.laws import law_table

    study = existing_study(folder)
    console.print(law_table(study.fit()))
    console.print(f"Wrote {study.folder.law}")


@app.command()
def fit(
    context: typer.Context,
    table: Annotated[
        str, typer.Argument(metavar="RUNS", help="A runs table (CSV or Parquet), or a study's folder or address.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the law goes (JSON).")] = None,
    law: Annotated[
        str, typer.Option(help="The law's name, or [b]auto[/b]: the one, or the stack, of least held-out error.")
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of starts, folds and bootstrap.", min=0)] = 0,
    bootstrap: Annotated[
        int, typer.Option(help="Bootstrap samples that the intervals rest on.", min=2, max=100_000)
    ] = 200,
    repetition: Annotated[
        bool, typer.Option("--repetition", help="Count tokens seen again for less, as much as the runs say.")
    ] = False,
    corpus_id: CorpusIdOption = None,
    organisation: OrganisationOption = None,
    hyper: HyperOption = None,
) -> None:
    """Fit a law to runs: a table of anybody's runs, or a study's own.

    Takes the rows that ended well and were annealed. A mix of corpora, data
    organisations or hyperparameters is refused unless one is chosen. The law
    says what the data could not identify and each candidate's held-out error.

    Examples:

      codescale fit runs.csv --output law.json

      codescale fit my-study
    """
    from codescale.laws.fitting.fit import fit_law
    from codescale.laws.law import save_law
    from codescale.report.terminal.laws import law_table
    from codescale.runs.table_reader import read_runs

    if is_study(table):
        refuse_options(context)
        _fit_study(table)
        return
    runs = Path(table)
    if output is None:
        raise UserError("--output", "is missing", "name the file that the law goes to, such as --output law.json")
    check_output(output, runs)
    wanted = parse_hyper(hyper)
    fitted = fit_law(
        read_runs(runs),
        law,
        seed=seed,
        bootstrap=bootstrap,
        progress=terminal_progress(),
        corpus_id=corpus_id,
        organisation=organisation,
        repetition=repetition,
        hyper=wanted,
    )
    save_law(fitted, output)
    console.print(law_table(fitted))
    console.print(f"Wrote {output}")


@app.command("import")
def import_results(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Two files (mixtures, losses), an export, or a folder."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs table goes (CSV or Parquet).")],
    columns: Annotated[Path | None, typer.Option(help="columns.yaml: which columns or tags hold what.")] = None,
    params: Annotated[float | None, typer.Option(help="N of every run, where the source does not say.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D of every run, where the source does not say.")] = None,
    runs: Annotated[
        Path | None,
        typer.Option(
            help="A table of what the source lacks of each run: run_id, proportion.*, n_params (or --params), seed. "
            "Needed for event files, charts and trainer states; refused beside a pair."
        ),
    ] = None,
    loss_unit: Annotated[
        str | None,
        typer.Option(help="What the losses are: nats-per-token, bits-per-byte, perplexity … (docs/runs-table.md)."),
    ] = None,
) -> None:
    """Turn other people's results into a runs table, which every other command reads.

    Two files, or a folder with ratios.csv and metrics.csv: mixtures and losses,
    as RegMix and Olmix write them. One CSV, JSON Lines or Parquet file: an
    export of W&B (runs table, history or chart) or of anything else. A folder of
    TensorBoard event files, of transformers' trainer_state.json, or of results
    of the lm-evaluation-harness. Of a curve the last evaluation is taken for
    annealed; what is left out is counted.

    Examples:

      codescale import mixtures.csv losses.csv --params 1e6 --tokens 1e9
      --output runs.csv

      codescale import export.csv --columns columns.yaml --output runs.parquet

      codescale import logs --runs mixtures.csv --columns columns.yaml
      --output runs.parquet
    """
    from codescale.importing.columns import Columns, read_columns
    from codescale.importing.sources import PAIR, import_runs
    from codescale.runs.units import parse_unit

    paired = (source / name for source in sources for name in PAIR)
    check_output(output, *sources, *paired, columns, runs)
    check_counts(params, tokens)
    named = read_columns(columns) if columns else Columns()
    if loss_unit is not None:
        named = named.with_loss_unit(parse_unit(loss_unit, "--loss-unit"))
    table = import_runs(sources, output, named, params, tokens, runs)
    found = f"{len(set(table.run_id)):,} runs, {len(table.domains)} domains, {len(table.targets)} targets"
    found += f" in {table.loss_unit}" if table.has_losses else ""
    console.print(f"Wrote {output}: {len(table):,} rows of {found}")


@laws_app.command("compare")
def laws_compare(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table (CSV or Parquet).")],
    weights: Annotated[
        Path | None, typer.Option(help="weights.yaml of the objective that mixtures are ranked by.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of starts and folds.", min=0)] = 0,
    corpus_id: CorpusIdOption = None,
    organisation: OrganisationOption = None,
    hyper: HyperOption = None,
) -> None:
    """Fit every law to RUNS and print their held-out errors side by side, with fit time.

    Held out are unseen mixtures, the longest D and the largest N. Where there
    are several N, each law is fitted on the smaller models and ranks the largest
    ones' mixtures: the rank correlation, and what believing it would have cost.

    Example: codescale laws compare runs.csv
    """
    from codescale.laws.fitting.compare import compare_laws
    from codescale.mixtures.files import read_weights
    from codescale.report.terminal.laws import laws_table
    from codescale.runs.table_reader import read_runs
    from codescale.study.languages import load_registry, text_by_default, weightless_line

    table = read_runs(runs)
    found = compare_laws(
        table,
        seed,
        read_weights(weights, table.targets) if weights else None,
        terminal_progress(),
        corpus_id=corpus_id,
        organisation=organisation,
        hyper=parse_hyper(hyper),
    )
    console.print(laws_table(found))
    console.print(f"Losses are {table.loss_unit.additive}.")
    if not weights and (text := text_by_default(table.targets, load_registry())):
        console.print(weightless_line(text, "--weights"))


@laws_app.command("synergy")
def laws_synergy(
    law: LawArgument,
    params: Annotated[float, typer.Option(help="N: non-embedding parameters.")],
    tokens: Annotated[float, typer.Option(help="D: training tokens.")],
) -> None:
    """Print what each language does for each other one, as a law of mixtures foretells it, with intervals.

    The gain of the column on the row: half of each instead of the row's half
    twice, in per cent of its loss. A star marks gains that differ from zero.

    Example: codescale laws synergy law.json --params 1e9 --tokens 1e11
    """
    from codescale.laws.law import load_law
    from codescale.laws.synergy.predicted import law_synergy
    from codescale.report.terminal.laws import synergy_table

    check_counts(params, tokens)
    console.print(synergy_table(law_synergy(load_law(law), params, tokens)))


@laws_app.command("plot")
def laws_plot(
    law: LawArgument,
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="The runs to draw it beside.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the picture goes (.svg, .png or .pdf).")],
    target: Annotated[list[str] | None, typer.Option(help="A target to draw; default: those of largest error.")] = None,
) -> None:
    """Draw a law beside runs: loss over D with its 90 % band, and predicted against measured.

    Example: codescale laws plot law.json runs.csv --output fit.svg
    """
    from codescale.laws.law import load_law
    from codescale.report.figures.law_drawing import draw_law
    from codescale.runs.table_reader import read_runs

    check_output(output, law, runs)
    drawn = draw_law(load_law(law), read_runs(runs), output, target or [])
    console.print(f"Wrote {output}: {', '.join(drawn)}")


@app.command()
def predict(
    law: LawArgument,
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table: its N, D and proportions are used.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where RUNS plus the predictions go (CSV or Parquet).")
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse rows outside the range that the law was fitted on.")
    ] = False,
) -> None:
    """Predict the losses of runs: RUNS plus predicted.<target>, predicted.<target>.low and .high, and extrapolated.

    RUNS with losses in another unit than the law's are refused.

    Example: codescale predict law.json runs.csv --output predictions.csv
    """
    from codescale.laws.law import load_law
    from codescale.laws.predict import predict_table
    from codescale.runs.table import check_ending, write_runs
    from codescale.runs.table_reader import read_runs

    check_output(output, law, runs)
    check_ending(output)
    fitted = load_law(law)
    table = predict_table(fitted, read_runs(runs), strict)
    write_runs(output, table)
    console.print(f"Wrote {output} ({table.num_rows:,} rows; losses in {fitted.loss_unit})")
