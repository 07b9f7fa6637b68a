"""The command line: one command per stage. It parses and prints, and decides nothing."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.text import Text
from typer.core import TyperGroup

from codescale import __version__
from codescale.errors import UserError, on_one_line, visible
from codescale.laws.warning import LawWarning
from codescale.organisation import ORGANISATIONS, PAIRED, Organisation
from codescale.terminal import PlainConsole, TerminalProgress
from codescale.validation import first_mistake

USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""What typer raises for options and arguments that it cannot take; it has no public name of its own."""

MOST = 1e30
"""More parameters or tokens than there will ever be."""

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""

app = typer.Typer(
    name="codescale",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
laws_app = typer.Typer(no_args_is_help=True, help="Laws side by side, and drawn.")
app.add_typer(laws_app, name="laws")


class _RunsByDefault(TyperGroup):
    """A group of which `run` is meant where no command is named: `codescale search STUDY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = next((word for word in args if not word.startswith("-")), None)
        return super().parse_args(ctx, args if named is None or named in self.commands else ["run", *args])


search_app = typer.Typer(
    cls=_RunsByDefault, no_args_is_help=True, help="Search around the law's optimum with real runs; or write a space."
)
app.add_typer(search_app, name="search")
console = PlainConsole()
errors = PlainConsole(stderr=True)

StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study's folder, made by [b]codescale init[/b].")
]


def _progress() -> TerminalProgress:
    return TerminalProgress(console)


def _study(folder: Path) -> Any:
    from codescale.pipeline import Study

    return Study(folder, _progress())


def _check_output(output: Path | None, *inputs: Path | None) -> None:
    """Raises :class:`UserError` where ``output`` can be no file, or would replace one of ``inputs`` by whatever path or
    link. Every command that writes a file calls it before it does any work.
    """
    from codescale.files import check_replaceable

    _refuse_input_as_output(output, *inputs)
    if output:
        check_replaceable(output)


def _refuse_input_as_output(output: Path | None, *inputs: Path | None) -> None:
    if output and any(one and one.exists() and output.exists() and output.samefile(one) for one in inputs):
        raise UserError("--output", f"{output} is an input of this command", "name another file")


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"codescale {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def codescale(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find the best split of a code model's token budget across programming languages, and prove it.

    CodeScale trains many small models, measures how each language scales and
    which languages help each other, fits laws to those runs, computes the
    mixture that the laws prefer, searches around it with real runs, and
    compares the result with a uniform split on data that nothing was chosen by.

    [b]A study in one command[/b]

      codescale demo               everything on a small scale, 25 minutes

    [b]Stage by stage[/b]

      codescale init my-study      a folder with study.yaml, which you edit
      codescale corpus my-study    fetch code, clean it, tokenize it
      codescale sweep my-study     train the grid, the pairs and the mixtures
      codescale fit my-study       fit the laws and the synergy matrix
      codescale optimize my-study  compute the law's best mixture
      codescale plan my-study      what a search may cost, and can tell
      codescale search my-study    search around it with real runs
      codescale compare my-study   prove it against uniform, with seeds
      codescale report my-study    one self-contained page
      codescale train my-study     one model on a mixture, for transformers

    [b]With your own runs[/b] (docs/runs-table.md)

      codescale fit runs.csv --output law.json
      codescale predict law.json more-runs.csv --output predictions.csv
      codescale optimize law.json --params 1e9 --tokens 1e11 --output mixture.yaml
      codescale export mixture.yaml --format megatron --paths paths.yaml -o data.txt

    Every command may be interrupted or killed and given again: it goes on where
    it was. Bad input ends with one line and exit code 2.
    """


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    preset: Annotated[
        str, typer.Option(help="What to start from: [b]demo[/b], [b]quick[/b] (three languages) or [b]paper[/b].")
    ] = "demo",
) -> None:
    """Make a study: a folder with a commented study.yaml to edit.

    Example: codescale init my-study --preset quick
    """
    from codescale.pipeline import Study

    study = Study.create(folder, preset, _progress())
    console.print(f"Wrote {study.folder.config_file}. Edit it, then: codescale corpus {folder}")


@app.command()
def corpus(study: StudyArgument) -> None:
    """Fetch or read code, clean it, split it by package, train a tokenizer and write token shards.

    Sources are named in study.yaml: pinned packages of your Python package
    index (the default), npm tarballs, a folder of your own repositories,
    Parquet or JSON Lines files. Nothing of a package is executed. The manifest
    says what was kept, and what was dropped and why.
    """
    from codescale.report.summary import corpus_table

    opened = _study(study)
    opened.corpus()
    console.print(corpus_table(opened.config, opened.folder))


@app.command()
def sweep(
    study: Annotated[Path | None, typer.Argument(metavar="STUDY", help="The study's folder.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="List the runs with their tokens and FLOPs; train nothing.")
    ] = False,
    preset: Annotated[str | None, typer.Option(help="With --plan: list a built-in study's runs instead.")] = None,
) -> None:
    """Train the runs that the laws are fitted on: per language a grid of N x D, pairs of languages, mixtures.

    Runs are shared out over warm Ray workers, largest first. A run of several D
    is one trunk at a constant learning rate with a short cooldown branched off
    at each D. Finished runs are kept whatever happens.

    Example: codescale sweep --plan --preset paper
    """
    from codescale.report.plan_table import plan_table

    if preset is not None:
        if study is not None:
            raise UserError("--preset", f"is given beside the study {study}", "leave one of them out")
        if not plan:
            raise UserError("--preset", "goes with --plan only", "make a study first: codescale init FOLDER --preset …")
        from codescale.files import parse_yaml
        from codescale.study import parse_study, preset_text
        from codescale.sweeps.plan import plan_sweep

        config = parse_study(parse_yaml(preset_text(preset)), preset)
        console.print(plan_table(config, plan_sweep(config, None)))
        return
    if study is None:
        raise UserError("STUDY", "is missing", "name a study's folder, such as: codescale sweep my-study")
    opened = _study(study)
    if plan:
        console.print(plan_table(opened.config, opened.plan()))
        return
    records = opened.sweep()
    console.print(f"{len(records)} runs done: {opened.folder.runs_table}")


def _fit_table(runs: Path, output: Path, law: str, seed: int, bootstrap: int, narrowed: dict[str, Any]) -> None:
    from codescale.laws.fit import fit_law
    from codescale.laws.store import save_law
    from codescale.report.summary import law_table
    from codescale.runs import read_runs

    table = read_runs(runs)
    fitted = fit_law(table, law, seed=seed, bootstrap=bootstrap, progress=_progress(), **narrowed)
    save_law(fitted, output)
    console.print(law_table(fitted))
    console.print(f"Wrote {output}")


def _hyper(pairs: list[str]) -> dict[str, float]:
    result = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            result[name] = float(value)
        except ValueError:
            raise UserError(f"--hyper {pair}", "is not NAME=NUMBER", "write for example weight_decay=0.1") from None
    return result


@app.command()
def fit(
    context: typer.Context,
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table (CSV or Parquet), or a study's folder.")],
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
    corpus_id: Annotated[str | None, typer.Option(help="Take only the runs of this corpus.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Take only the runs of this data organisation.")] = None,
    hyper: Annotated[
        list[str] | None, typer.Option(help="Take only the runs with this hyperparameter, NAME=NUMBER.")
    ] = None,
) -> None:
    """Fit a law to runs: a table of anybody's runs, or a study's own.

    Takes the rows that ended well and were annealed. A mix of corpora, data
    organisations or hyperparameters is refused unless one is chosen. The law
    says what the data could not identify and each candidate's held-out error.

    Examples:

      codescale fit runs.csv --output law.json

      codescale fit my-study
    """
    if runs.is_dir():
        from codescale.report.summary import law_table

        _refuse_options(context)
        study = _study(runs)
        console.print(law_table(study.fit()))
        console.print(f"Wrote {study.folder.law}")
        return
    if output is None:
        raise UserError("--output", "is missing", "name the file that the law goes to, such as --output law.json")
    _check_output(output, runs)
    narrowed: dict[str, Any] = {"corpus_id": corpus_id, "organisation": organisation, "repetition": repetition}
    _fit_table(runs, output, law, seed, bootstrap, narrowed | {"hyper": _hyper(hyper or []) or None})


@app.command("import")
def import_results(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Two CSV files, an export, or a folder."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the runs table goes (CSV or Parquet).")],
    columns: Annotated[Path | None, typer.Option(help="columns.yaml: which columns or tags hold what.")] = None,
    params: Annotated[float | None, typer.Option(help="N of every run, where the source does not say.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D of every run, where the source does not say.")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="For event files: a table with run_id, n_params and proportion.* of each run.")
    ] = None,
) -> None:
    """Turn other people's results into a runs table, which every other command reads.

    Two CSV files, or a folder with ratios.csv and metrics.csv: mixtures and
    losses, as RegMix and Olmix write them. One CSV or JSON Lines file: a W&B
    export. A folder of TensorBoard event files.

    Examples:

      codescale import mixtures.csv losses.csv --params 1e6 --tokens 1e9
      --output runs.csv

      codescale import export.csv --columns columns.yaml --output runs.parquet
    """
    from codescale.importing.columns import read_columns
    from codescale.importing.sources import PAIR, import_runs

    paired = (source / name for source in sources for name in PAIR)
    _check_output(output, *sources, *paired, columns, runs)
    _check_counts(params, tokens)
    table = import_runs(sources, output, read_columns(columns) if columns else None, params, tokens, runs)
    found = f"{len(set(table.run_id)):,} runs, {len(table.domains)} domains, {len(table.targets)} targets"
    console.print(f"Wrote {output}: {len(table):,} rows of {found}")


@laws_app.command("compare")
def laws_compare(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table (CSV or Parquet).")],
    weights: Annotated[
        Path | None, typer.Option(help="weights.yaml of the objective that mixtures are ranked by.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of starts and folds.", min=0)] = 0,
    corpus_id: Annotated[str | None, typer.Option(help="Take only the runs of this corpus.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Take only the runs of this data organisation.")] = None,
    hyper: Annotated[
        list[str] | None, typer.Option(help="Take only the runs with this hyperparameter, NAME=NUMBER.")
    ] = None,
) -> None:
    """Fit every law to RUNS and print their held-out errors side by side, with fit time.

    Held out are unseen mixtures, the longest D and the largest N. Where there
    are several N, each law is fitted on the smaller models and ranks the largest
    ones' mixtures: the rank correlation, and what believing it would have cost.

    Example: codescale laws compare runs.csv
    """
    from codescale.allocation.files import read_weights
    from codescale.laws.compare import compare_laws
    from codescale.report.summary import laws_table
    from codescale.runs import read_runs

    table = read_runs(runs)
    found = compare_laws(
        table,
        seed,
        read_weights(weights, table.targets) if weights else None,
        _progress(),
        corpus_id=corpus_id,
        organisation=organisation,
        hyper=_hyper(hyper or []) or None,
    )
    console.print(laws_table(found))


@laws_app.command("synergy")
def laws_synergy(
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")],
    params: Annotated[float, typer.Option(help="N: non-embedding parameters.")],
    tokens: Annotated[float, typer.Option(help="D: training tokens.")],
) -> None:
    """Print what each language does for each other one, as a law of mixtures foretells it, with intervals.

    The gain of the column on the row: half of each instead of the row's half
    twice, in per cent of its loss. A star marks gains that differ from zero.

    Example: codescale laws synergy law.json --params 1e9 --tokens 1e11
    """
    from codescale.laws.law_synergy import law_synergy
    from codescale.laws.store import load_law
    from codescale.report.summary import synergy_table

    _check_counts(params, tokens)
    console.print(synergy_table(law_synergy(load_law(law), params, tokens)))


@laws_app.command("plot")
def laws_plot(
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")],
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="The runs to draw it beside.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the picture goes (.svg, .png or .pdf).")],
    target: Annotated[list[str] | None, typer.Option(help="A target to draw; default: those of largest error.")] = None,
) -> None:
    """Draw a law beside runs: loss over D with its 90 % band, and predicted against measured.

    Example: codescale laws plot law.json runs.csv --output fit.svg
    """
    from codescale.laws.store import load_law
    from codescale.report.law_drawing import draw_law
    from codescale.runs import read_runs

    _check_output(output, law, runs)
    drawn = draw_law(load_law(law), read_runs(runs), output, target or [])
    console.print(f"Wrote {output}: {', '.join(drawn)}")


@app.command()
def predict(
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")],
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A runs table: its N, D and proportions are used.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where RUNS plus the predictions go (CSV or Parquet).")
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse rows outside the range that the law was fitted on.")
    ] = False,
) -> None:
    """Predict the losses of runs: RUNS plus predicted.<target>, predicted.<target>.low and .high, and extrapolated.

    Example: codescale predict law.json runs.csv --output predictions.csv
    """
    from codescale.laws.predict import predict_table
    from codescale.laws.store import load_law
    from codescale.runs import check_ending, read_runs, write_runs

    _check_output(output, law, runs)
    check_ending(output)
    table = predict_table(load_law(law), read_runs(runs), strict)
    write_runs(output, table)
    console.print(f"Wrote {output} ({table.num_rows:,} rows)")


WeightsOption = Annotated[Path | None, typer.Option(help="weights.yaml: {python: 2, typescript: 1}")]
BoundsOption = Annotated[Path | None, typer.Option(help="bounds.yaml: {python: \\[0.1, 0.5], text: 0.1}")]
AvailableOption = Annotated[Path | None, typer.Option(help="available.yaml: {max_epochs: 4, tokens: {java: 30e9}}")]


@app.command()
def optimize(
    context: typer.Context,
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON), or a study's folder.")],
    params: Annotated[float | None, typer.Option(help="N: non-embedding parameters of the target model.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D: training tokens of the target model.")] = None,
    weights: WeightsOption = None,
    bounds: BoundsOption = None,
    available: AvailableOption = None,
    goal: Annotated[
        str,
        typer.Option(help="[b]mean[/b]: the weighted mean of losses; [b]worst[/b]: the worst one's ratio."),
    ] = "mean",
    reference: Annotated[
        Path | None,
        typer.Option(help="A trusted mixture (YAML) for --goal worst and --kl; default: equal shares."),
    ] = None,
    kl: Annotated[
        float, typer.Option(help="What a KL divergence of 1 nat from the reference costs, in nats per token.", min=0)
    ] = 0.0,
    no_harm: Annotated[
        bool, typer.Option("--no-harm", help="No language may do worse than under equal shares.")
    ] = False,
    earlier: Annotated[
        Path | None, typer.Option(help="An earlier mixture (YAML): its ratios are kept where nothing new touches them.")
    ] = None,
    affected: Annotated[
        str | None,
        typer.Option(help="With --earlier: languages (a,b) to refit beside the new ones."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the mixture goes (YAML).")] = None,
) -> None:
    """Compute the mixture that minimises the predicted loss at N and D, under bounds and the tokens available.

    The objective is the weighted mean of the losses; by default programming
    languages weigh the same and natural-language text nothing.

    Examples:

      codescale optimize law.json --params 1e9 --tokens 1e11 --output
      mixture.yaml

      codescale optimize law.json --params 1e9 --tokens 1e11 --no-harm --kl 0.05
      --output mixture.yaml
    """
    from codescale.report.summary import allocation_table, mixture_table

    if law.is_dir():
        _refuse_options(context)
        study = _study(law)
        study.optimize()
        console.print(mixture_table(study.folder.mixture))
        console.print(f"Wrote {study.folder.mixture}")
        return
    n_params, n_tokens, path = _target(params, tokens, output)
    _check_output(path, law, weights, bounds, available, reference, earlier)
    from codescale.allocation.files import read_available, read_bounds, read_mixture, read_weights, write_mixture
    from codescale.allocation.optimize import optimize_mixture
    from codescale.allocation.reuse import Reuse
    from codescale.laws.store import load_law

    if goal not in ("mean", "worst"):
        raise UserError("--goal", f"{goal!r} is not a goal", "write mean or worst")
    if affected and not earlier:
        raise UserError("--affected", "is given without --earlier", "name the earlier mixture, or leave it out")
    fitted = load_law(law)
    allocation = optimize_mixture(
        fitted,
        n_params,
        n_tokens,
        weights=read_weights(weights, fitted.targets) if weights else None,
        bounds=read_bounds(bounds, fitted.domains) if bounds else None,
        available=read_available(available, fitted.domains) if available else None,
        goal="worst" if goal == "worst" else "mean",
        reference=read_mixture(reference) if reference else None,
        kl=kl,
        no_harm=0.0 if no_harm else None,
        reuse=Reuse(read_mixture(earlier), _names(affected)) if earlier else None,
    )
    write_mixture(path, allocation, str(law))
    console.print(allocation_table(allocation))
    if earlier:
        console.print(f"Refitted: {', '.join(allocation.refitted)}")
    console.print(f"Wrote {path}")


def _names(listed: str | None) -> list[str] | None:
    return None if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def _target(params: float | None, tokens: float | None, output: Path | None) -> tuple[float, float, Path]:
    for name, value in (("--params", params), ("--tokens", tokens), ("--output", output)):
        if value is None:
            raise UserError(name, "is missing", "give --params N --tokens D --output FILE")
    assert params is not None
    assert tokens is not None
    assert output is not None
    _check_counts(params, tokens)
    return params, tokens, output


def _refuse_options(context: typer.Context) -> None:
    """Raises :class:`UserError` for an option that is given beside a study's folder, where it would do nothing."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.opts[0].startswith("-") and source is not None and source.name == "COMMANDLINE":
            raise UserError(
                option.opts[0], "is given beside a study's folder, which has a study.yaml and files of its own",
                "leave it out, or name a file instead of the folder",
            )  # fmt: skip


def _check_counts(params: float | None, tokens: float | None) -> None:
    for name, value in (("--params", params), ("--tokens", tokens)):
        if value is not None and not 1 <= value < MOST:
            raise UserError(name, f"{value:g} is not a count", f"give a number of 1 or more, below {MOST:g}")


@app.command()
def front(
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")],
    first: Annotated[str, typer.Option(help="Languages of the first group, such as python,rust.")],
    second: Annotated[str, typer.Option(help="Languages of the second group.")],
    params: Annotated[float | None, typer.Option(help="N: non-embedding parameters of the target model.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D: training tokens of the target model.")] = None,
    points: Annotated[int, typer.Option(help="Mixtures on the front.", min=2, max=200)] = 11,
    bounds: BoundsOption = None,
    available: AvailableOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the front goes (YAML).")] = None,
) -> None:
    """Trace the trade-off between two groups of languages: mixtures of which none is better for both.

    Example: codescale front law.json --first python --second rust,go --params 1e9
    --tokens 1e11 --output front.yaml
    """
    n_params, n_tokens, path = _target(params, tokens, output)
    _check_output(path, law, bounds, available)
    from codescale.allocation.files import read_available, read_bounds, write_front
    from codescale.allocation.front import trace_front
    from codescale.laws.store import load_law
    from codescale.report.summary import front_table

    fitted = load_law(law)
    found = trace_front(
        fitted,
        n_params,
        n_tokens,
        _names(first) or [],
        _names(second) or [],
        points,
        bounds=read_bounds(bounds, fitted.domains) if bounds else None,
        available=read_available(available, fitted.domains) if available else None,
    )
    write_front(path, found)
    console.print(front_table(found))
    console.print(f"Wrote {path}")


@app.command()
def forecast(
    law: Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")],
    params: Annotated[float | None, typer.Option(help="N: non-embedding parameters.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D: training tokens.")] = None,
    budget: Annotated[
        float | None, typer.Option(help="FLOPs (6ND) to spend as well as possible, instead of N and D.")
    ] = None,
    mixture: Annotated[Path | None, typer.Option(help="The mixture (YAML); default: equal shares.")] = None,
    weights: WeightsOption = None,
) -> None:
    """Forecast the losses of a larger model, with intervals, and what the next unit of compute should buy.

    With --budget instead of N and D: the N and D that it is best spent on, and
    the losses there.

    Examples:

      codescale forecast law.json --params 1e9 --tokens 1e11 --mixture mixture.yaml

      codescale forecast law.json --budget 1e21
    """
    from codescale.allocation.files import read_mixture, read_weights
    from codescale.allocation.forecast import compute_optimal
    from codescale.allocation.forecast import forecast as forecast_losses
    from codescale.laws.store import load_law
    from codescale.mixture import Mixture
    from codescale.report.summary import compute_optimal_table, forecast_table

    mend = "give --params N and --tokens D, or --budget FLOPS"
    if budget is not None and (params is not None or tokens is not None):
        raise UserError("--budget", "is given beside N or D", mend)
    if budget is None and (params is None or tokens is None):
        raise UserError("--params" if params is None else "--tokens", "is missing", mend)
    _check_counts(params, tokens)
    fitted = load_law(law)
    wanted = read_weights(weights, fitted.targets) if weights else None
    shares = read_mixture(mixture) if mixture else Mixture.uniform(fitted.domains)
    if budget is not None:
        found = compute_optimal(fitted, budget, shares, wanted)
        console.print(compute_optimal_table(found))
        params, tokens = found.n_params[0], found.n_tokens[0]
    assert params is not None
    assert tokens is not None
    console.print(forecast_table(forecast_losses(fitted, params, tokens, shares, wanted)))


@search_app.command("run")
def search(study: StudyArgument) -> None:
    """Search around the law's optimum with real runs, on Ray Tune and Optuna: also plain `codescale search STUDY`.

    What is searched stands in a file of search_spaces/ that study.yaml names,
    or in the study's own search_space.yaml. Trials start from the law's optimum
    and the sweep's runs, and are stopped where their early loss curves cannot
    win.
    """
    from codescale.report.search_table import search_table

    result = _study(study).search()
    console.print(search_table(result))
    advised = result.get("recommended")
    if advised:
        paired = f" ({PAIRED})" if advised["organisation"] == PAIRED else ""
        console.print(
            f"Recommended: {advised['run_id']}{paired}, measured {advised['objective']:.4f}, expected of its mixture "
            f"{advised['expected']:.4f} ± {advised['deviation']:.4f}"
        )
        if left := advised["remaining"]:
            console.print(
                f"Further trials may gain {left['expected']:.4f} nats per token over it ({left['low']:.4f} to "
                f"{left['high']:.4f})"
            )


@search_app.command("init")
def search_init(study: StudyArgument) -> None:
    """Write a commented search_space.yaml to edit, made from the space that study.yaml names under search.space."""
    from codescale.search.starting_file import write_starting_space

    opened = _study(study)
    write_starting_space(opened.config, opened.folder)
    console.print(f"Wrote {opened.folder.space_file}. Edit it, then: codescale search {study}")


@app.command()
def simulate(
    source: Annotated[
        Path, typer.Argument(metavar="LAW_OR_RUNS", help="A fitted law (JSON), or a table of real runs (CSV, Parquet).")
    ],
    space: Annotated[str, typer.Option(help="A search space: a name of search_spaces/ or a file.")] = "all_languages",
    params: Annotated[float | None, typer.Option(help="N of a trial (default: the largest of the runs).")] = None,
    tokens: Annotated[float | None, typer.Option(help="D of a trial (default: the largest of the runs).")] = None,
    weights: WeightsOption = None,
    trials: Annotated[int, typer.Option(help="Trials of one search.", min=1, max=100_000)] = 60,
    seeds: Annotated[int, typer.Option(help="Searches of each sampler.", min=1, max=1_000)] = 10,
    sampler: Annotated[
        str, typer.Option(help="What proposes trials, one or more (a,b): law, tpe, gp, cmaes, random.")
    ] = "law,random",
    concurrency: Annotated[int, typer.Option(help="Trials at once.", min=1, max=10_000)] = 1,
    noise: Annotated[
        float | None, typer.Option(help="Of a run's log losses, standard deviation (default: the law's).")
    ] = None,
    prune: Annotated[bool, typer.Option(help="Stop trials by their early curves (where the law knows D).")] = True,
    known: Annotated[
        Path | None, typer.Option(help="A law (JSON) that the search starts from; without one it starts cold.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where all curves go (CSV).")] = None,
) -> None:
    """Search a known landscape instead of training: what would a search cost, and how good would its mixture be?

    Plans a budget before it is spent, and compares samplers on your own
    languages. Regret is what the recommended mixture leaves of the best
    attainable gain over uniform.

    Example: codescale simulate law.json --trials 60 --sampler law,tpe,random --output regret.csv
    """
    from codescale.files import write_text
    from codescale.laws.store import load_law
    from codescale.report.simulation_table import simulation_rows, simulation_table
    from codescale.search.landscape import attainable, read_landscape, refuse_other_languages
    from codescale.search.samplers import named_samplers
    from codescale.search.simulation import Known, Outcome, SearchPlan, simulate_seeds

    chosen = named_samplers(_names(sampler) or [], "--sampler")
    _check_output(output, source, known, weights, Path(space))
    landscape, searched = read_landscape(source, space, params, tokens, weights, noise)
    target = attainable(landscape, searched)
    prior = Known(law=load_law(known) if known else None)
    if known and prior.law:
        refuse_other_languages(known, prior.law, landscape)
    outcomes: dict[str, list[Outcome]] = {}
    with _progress().bar("simulated searches", len(chosen)) as advance:
        for name in chosen:
            plan = SearchPlan(name, trials, concurrency, prune)
            workers = min(os.cpu_count() or 1, seeds)
            outcomes[name] = simulate_seeds(landscape, searched, plan, prior, target, range(seeds), workers)
            advance(1)
    console.print(simulation_table(outcomes, landscape, target))
    if output:
        write_text(output, simulation_rows(outcomes, range(seeds)))
        console.print(f"Wrote {output}")


@app.command()
def plan(study: StudyArgument) -> None:
    """Say, before a search, what it may cost and what differences it can resolve given the seeds' noise.

    Tokens, counted FLOPs and hours on this machine, from runs that this study
    did or a few seconds of training; the noise from the sweep's seeds.
    """
    from codescale.report.forecast_table import forecast_tables

    opened = _study(study)
    console.print(forecast_tables(opened.config.name, opened.forecast_search()))


@app.command()
def export(
    mixture: Annotated[Path, typer.Argument(metavar="MIXTURE", help="A mixture (YAML).")],
    form: Annotated[
        str, typer.Option("--format", help="[b]megatron[/b], [b]torchtitan[/b], [b]nanotron[/b] or [b]datasets[/b].")
    ],
    paths: Annotated[
        Path, typer.Option(help="paths.yaml: {python: /data/python, java: {path: …, tokens_per_row: 800}}")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where it goes.")],
    seed: Annotated[int, typer.Option(help="Seed of the mixing, where the form has one.", min=0)] = 0,
) -> None:
    """Write a mixture in the form that a trainer reads: Megatron-LM data arguments, YAML, probabilities.

    Example: codescale export mixture.yaml --format megatron --paths paths.yaml
    --output data_args.txt
    """
    from codescale.allocation.export import FORMATS, export_mixture, read_sources
    from codescale.allocation.files import read_mixture, read_organisation
    from codescale.files import write_text

    _check_output(output, mixture, paths)
    chosen = next((one for one in FORMATS if one == form), None)
    if chosen is None:
        raise UserError("--format", f"{form!r} is not a form", f"use one of {', '.join(FORMATS)}")
    write_text(output, export_mixture(read_mixture(mixture), read_sources(paths), chosen, seed))
    console.print(f"Wrote {output}")
    if read_organisation(mixture) == PAIRED:
        console.print(
            f"This mixture was found with translations in one document, for which {chosen} has no word: join the pairs "
            "where the data is prepared (docs/export.md)"
        )


@app.command()
def compare(study: StudyArgument) -> None:
    """Prove it: train uniform, predicted best and measured best with three seeds or more, judged on the test split."""
    from codescale.report.summary import summary_table

    opened = _study(study)
    opened.compare()
    console.print(summary_table(opened.config, opened.folder))


@app.command()
def train(
    study: StudyArgument,
    size: Annotated[str | None, typer.Option(help="One of the study's sizes; default: the target's.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D: training tokens; default: the target's.")] = None,
    mixture: Annotated[
        str | None,
        typer.Option(help="A mixture (YAML), or [b]uniform[/b]; default: the study's mixture.yaml, else uniform."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The model's folder; default: one in STUDY/models.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of data order and weights; default: the study's.", min=0)
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="[b]shuffled[/b] or [b]paired[/b] documents; default: the study's.")
    ] = None,
    workers: Annotated[
        str | None, typer.Option(help="Workers, or the fewest and the most, such as 1-4; default: train.workers.")
    ] = None,
    sharded: Annotated[
        bool | None,
        typer.Option("--sharded/--replicated", help="Weights shared out (FSDP), or whole on each worker (DDP)."),
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="Where checkpoints go: a folder, s3://… or gs://…; default: train.storage.")
    ] = None,
) -> None:
    """Train one model on a mixture, on one worker or many; transformers opens the result with from_pretrained.

    Workers may come, go and die: the run goes on from its last checkpoint with
    the same data. A run that diverges is tried once more at a lower learning
    rate. Its record stands among the study's runs, as stage train.

    Examples:

      codescale train my-study --size small --tokens 1e9 --output model

      codescale train my-study --workers 1-4 --sharded --storage s3://bucket/runs
    """
    from codescale.allocation.files import read_mixture
    from codescale.report.trained_table import trained_table

    _check_counts(None, tokens)
    _refuse_input_as_output(output, None if mixture is None else Path(mixture))
    opened = _study(study)
    shares = None
    if mixture is not None:
        shares = opened.config.uniform() if mixture == "uniform" else read_mixture(mixture)
    record, place = opened.train(
        size=size,
        tokens=None if tokens is None else round(tokens),
        mixture=shares,
        output=output,
        seed=seed,
        organisation=_organisation(organisation),
        section=_train_section(opened.config.train, workers, sharded, storage),
    )
    labels = {language: opened.label(language) for language in opened.config.languages}
    if record.evaluations:
        console.print(trained_table(record, place, labels))
    if record.status != "ok":
        raise UserError(record.spec.run_id, f"diverged ({record.note})", "lower the learning rates in study.yaml")


def _organisation(given: str | None) -> Organisation | None:
    """``given`` where it is a data organisation, None where nothing is given."""
    known = next((one for one in ORGANISATIONS if one == given), None)
    if given is not None and known is None:
        raise UserError("--organisation", f"{given!r} is not one", f"use {' or '.join(ORGANISATIONS)}")
    return known


def _train_section(section: Any, workers: str | None, sharded: bool | None, storage: str | None) -> Any:
    """``section`` of study.yaml with what the command line changes."""
    from codescale.study import workers_of

    given = {"workers": workers, "sharded": sharded, "storage": storage}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        if workers is not None:
            changes["workers"] = workers_of(workers)
        return type(section).model_validate(section.model_dump() | changes)
    except ValueError:
        mend = "give a number of 1 or more, or the fewest and the most, such as 1-4"
        raise UserError(
            "--workers" if workers else "--storage", f"{workers or storage!r} cannot be taken", mend
        ) from None


@app.command()
def report(study: StudyArgument) -> None:
    """Write report.html: one self-contained page with every figure, its units and how to read it."""
    console.print(f"Wrote {_study(study).report()}")


@app.command()
def demo(
    folder: Annotated[Path | None, typer.Argument(help="The study's folder (default: demo, or demo-quick).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Three languages, about five minutes.")] = False,
) -> None:
    """Run a whole small study on real code: fetch, sweep, fit, optimize, search, compare, report.

    Two cores and 8 GB are enough. Interrupted or killed, the same command goes
    on where it was.
    """
    from codescale.pipeline import open_study
    from codescale.report.summary import summary_table

    target = folder or Path("demo-quick" if quick else "demo")
    study = open_study(target, "quick" if quick else "demo", _progress())
    study.run()
    console.print(summary_table(study.config, study.folder))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _say("warning:", "yellow", on_one_line(str(message)))


def _fail(message: str) -> None:
    _say("error:", "red", message)


def _say(word: str, colour: str, message: str) -> None:
    errors.print(Text.assemble((word, colour), " ", message), soft_wrap=True)


def _usage(error: Any) -> str:
    """What is wrong with an option or argument, on one line. Typer has pydantic check values; its words stay there."""
    if isinstance(error.__cause__, ValidationError):
        return on_one_line(f"{error.param.opts[0]} {first_mistake(error.__cause__, None).problem}")
    return on_one_line(error.format_message()).rstrip(".")


def main() -> None:
    """Runs the command line: exit code 0 if done, 2 for bad input (one line, no traceback), 130 for Ctrl-C."""
    warnings.showwarning = _show_warning
    warnings.simplefilter("once", LawWarning)
    try:
        code = app(standalone_mode=False) or 0
        if code == INTERRUPTED:
            _fail("interrupted; the same command goes on from here")
        sys.exit(code)
    except UserError as error:
        _fail(str(error))
        sys.exit(2)
    except USAGE_ERROR as error:
        message = _usage(error)
        if message:  # where no command was named its help is what was shown
            _fail(f"{message}. Give --help to see what there is.")
        sys.exit(2)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        _fail(
            f"{visible(str(error.filename or 'the disk'))}: {os.strerror(error.errno)}; mend it and give the same "
            "command again"
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
