"""The commands of a study: init, corpus, sweep, compare, train, report and demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codescale.cli.app import app, console
from codescale.cli.options import (
    StudyArgument,
    check_counts,
    existing_study,
    parse_organisation,
    refuse_input_as_output,
    terminal_progress,
)
from codescale.errors import UserError

if TYPE_CHECKING:
    from codescale.study.train import TrainSection


@app.command()
def init(
    folder: Annotated[str, typer.Argument(help="The folder to make, or s3://bucket/study.")],
    preset: Annotated[
        str, typer.Option(help="What to start from: [b]demo[/b], [b]quick[/b] (three languages) or [b]paper[/b].")
    ] = "demo",
) -> None:
    """Make a study: a folder with a commented study.yaml to edit.

    Example: codescale init my-study --preset quick
    """
    from codescale.stages.study import Study

    study = Study.create(folder, preset, terminal_progress())
    console.print(f"Wrote {study.folder.config_file}. Edit it, then: codescale corpus {folder}")
    console.print(f"What its proof will be able to tell, before anything is trained: codescale plan {folder}")


@app.command()
def corpus(study: StudyArgument) -> None:
    """Fetch or read code, clean it, split it by package, train a tokenizer and write token shards.

    Sources are named in study.yaml: pinned packages of your Python package
    index (the default), npm tarballs, a folder of your own repositories or one
    of these, tables (Parquet, JSON Lines, JSON, CSV). Nothing of a package is
    executed. Below the table, and in the manifest, stands what was left out
    and why.
    """
    from codescale.report.terminal.summary import corpus_table

    opened = existing_study(study)
    opened.corpus()
    console.print(corpus_table(opened.config, opened.folder))


@app.command()
def sweep(
    study: Annotated[
        str | None, typer.Argument(metavar="STUDY", help="The study's folder, or s3://bucket/study.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="List the runs with their tokens and FLOPs; train nothing.")
    ] = False,
    preset: Annotated[str | None, typer.Option(help="With --plan: list a built-in study's runs instead.")] = None,
) -> None:
    """Train the runs that the laws are fitted on: per language a grid of N x D, pairs of languages, mixtures.

    With a plan organisation it also trains one mixture with translations apart and
    in one document, and says what that does to every target.

    Runs are shared out over warm Ray workers, largest first. A run of several D
    is one trunk at a constant learning rate with a short cooldown branched off
    at each D. Finished runs are kept whatever happens.

    Example: codescale sweep --plan --preset paper
    """
    from codescale.report.terminal.sweep import plan_table

    if preset is not None:
        if study is not None:
            raise UserError("--preset", f"is given beside the study {study}", "leave one of them out")
        if not plan:
            raise UserError("--preset", "goes with --plan only", "make a study first: codescale init FOLDER --preset …")
        _print_preset(preset)
        return
    if study is None:
        raise UserError("STUDY", "is missing", "name a study's folder, such as: codescale sweep my-study")
    opened = existing_study(study)
    if plan:
        console.print(plan_table(opened.config, opened.plan()))
        return
    records = opened.sweep()
    console.print(f"{len(records)} runs done: {opened.folder.runs_table}")
    if opened.config.sweep.organisation is not None and opened.folder.organisation.exists():
        from codescale.comparison.organisation_result import OrganisationResult
        from codescale.report.terminal.organisation import organisation_table

        hint = f"make the file again with: codescale sweep {opened.folder.name}"
        console.print(organisation_table(OrganisationResult.read(opened.folder.organisation, hint)))
        console.print(f"Wrote {opened.folder.organisation}")


def _print_preset(preset: str) -> None:
    """The runs of a built-in study."""
    from codescale.files import parse_yaml
    from codescale.report.terminal.sweep import plan_table
    from codescale.study.config import parse_study
    from codescale.study.presets import preset_text
    from codescale.sweeps.plan import plan_sweep

    config = parse_study(parse_yaml(preset_text(preset)), preset)
    console.print(plan_table(config, plan_sweep(config, None)))


@app.command()
def compare(study: StudyArgument) -> None:
    """Prove it: train uniform, predicted best and measured best with three seeds or more, judged on the test split."""
    from codescale.report.terminal.summary import summary_table

    opened = existing_study(study)
    opened.compare()
    console.print(summary_table(opened.config, opened.folder))


@app.command()
def evaluate(
    study: StudyArgument,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            help="A model's folder, or a checkpoint of the study, once or more; the first is what others are held "
            "beside. Default: the comparison's models."
        ),
    ] = None,
    run_generated_code_without_isolation: Annotated[
        bool,
        typer.Option(
            "--run-generated-code-without-isolation",
            help="Where there is no sandbox: generated programs may do whatever you may.",
        ),
    ] = False,
) -> None:
    """Have the comparison's models write and translate programs: which are improved, harmed, or cannot be told.

    Programs run in a sandbox (docs/evaluation.md). Killed, the same command goes
    on with the next model and language.

    Example: codescale evaluate my-study --model models/one --model models/other
    """
    from codescale.evaluation.results.result import EvaluationResult
    from codescale.report.terminal.evaluation import evaluation_tables

    opened = existing_study(study)
    found = opened.evaluate(model or (), run_generated_code_without_isolation=run_generated_code_without_isolation)
    labels = {language: opened.label(language) for language in opened.config.languages}
    console.print(evaluation_tables(EvaluationResult.model_validate(found), labels))


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
    from codescale.mixtures.files import read_schedule
    from codescale.report.terminal.train import trained_table

    check_counts(None, tokens)
    refuse_input_as_output(output, None if mixture is None else Path(mixture))
    opened = existing_study(study)
    shares = None
    if mixture is not None:
        shares = opened.config.uniform() if mixture == "uniform" else read_schedule(mixture)
    record, place = opened.train(
        size=size,
        tokens=None if tokens is None else round(tokens),
        mixture=shares,
        output=output,
        seed=seed,
        organisation=parse_organisation(organisation),
        section=_train_section(opened.config.train, workers, sharded, storage),
    )
    labels = {language: opened.label(language) for language in opened.config.languages}
    if record.evaluations:
        console.print(trained_table(record, place, labels))
    if record.status != "ok":
        raise UserError(record.spec.run_id, f"diverged ({record.note})", "lower the learning rates in study.yaml")


def _train_section(
    section: TrainSection, workers: str | None, sharded: bool | None, storage: str | None
) -> TrainSection:
    """``section`` of study.yaml with what the command line changes."""
    from codescale.study.train import worker_range

    given: dict[str, Any] = {"workers": workers, "sharded": sharded, "storage": storage}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        if workers is not None:
            changes["workers"] = worker_range(workers)
        return type(section).model_validate(section.model_dump() | changes)
    except ValueError:
        hint = "give a number of 1 or more, or the fewest and the most, such as 1-4"
        raise UserError(
            "--workers" if workers else "--storage", f"{workers or storage!r} cannot be taken", hint
        ) from None


@app.command()
def report(study: StudyArgument) -> None:
    """Write report.html: one self-contained page with every figure, its units and how to read it."""
    console.print(f"Wrote {existing_study(study).report()}")


@app.command()
def demo(
    folder: Annotated[
        str | None, typer.Argument(help="The study's folder, or s3://bucket/study (default: demo, or demo-quick).")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Three languages, about five minutes.")] = False,
) -> None:
    """Run a whole small study on real code: fetch, sweep, fit, optimize, search, compare, report.

    Two cores and 8 GB are enough. Interrupted or killed, the same command goes
    on where it was.
    """
    from codescale.report.terminal.summary import summary_table
    from codescale.stages.study import open_study

    target = folder or ("demo-quick" if quick else "demo")
    study = open_study(target, "quick" if quick else "demo", terminal_progress())
    study.run()
    console.print(summary_table(study.config, study.folder))
