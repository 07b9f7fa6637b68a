"""Arguments and options that several commands share, and what is checked of them before any work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codescale.cli.app import console
from codescale.errors import UserError
from codescale.organisation import ORGANISATIONS, Organisation
from codescale.terminal import TerminalProgress

if TYPE_CHECKING:
    from codescale.stages.study import Study

LARGEST_COUNT = 1e30
"""More parameters or tokens than there will ever be."""

StudyArgument = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="The study's folder, made by [b]codescale init[/b], or s3://bucket/study."),
]
LawArgument = Annotated[Path, typer.Argument(metavar="LAW", help="A fitted law (JSON).")]
ParamsOption = Annotated[float | None, typer.Option(help="N: non-embedding parameters of the target model.")]
TokensOption = Annotated[float | None, typer.Option(help="D: training tokens of the target model.")]
WeightsOption = Annotated[Path | None, typer.Option(help="weights.yaml: {python: 2, typescript: 1}")]
BoundsOption = Annotated[Path | None, typer.Option(help="bounds.yaml: {python: \\[0.1, 0.5], text: 0.1}")]
AvailableOption = Annotated[Path | None, typer.Option(help="available.yaml: {max_epochs: 4, tokens: {java: 30e9}}")]
BaselineOption = Annotated[
    list[str] | None,
    typer.Option(
        help="What to tell the gain over, once or more: uniform, natural, temperature:0.3, unimax, unimax:4, weights, "
        "file:mixture.yaml."
    ),
]
CorpusIdOption = Annotated[str | None, typer.Option(help="Take only the runs of this corpus.")]
OrganisationOption = Annotated[str | None, typer.Option(help="Take only the runs of this data organisation.")]
HyperOption = Annotated[
    list[str] | None, typer.Option(help="Take only the runs with this hyperparameter, NAME=NUMBER.")
]


def terminal_progress() -> TerminalProgress:
    """Progress bars on the console that commands print on."""
    return TerminalProgress(console)


def existing_study(place: str) -> Study:
    """The study in a folder or at an address, with progress bars."""
    from codescale.stages.study import Study

    return Study(place, terminal_progress())


def printed_json(content: object) -> None:
    """Prints ``content`` as JSON as it is, for another program: neither wrapped nor coloured."""
    import json

    typer.echo(json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False))


def is_study(place: str) -> bool:
    """Whether ``place``, which may be a file too, is a study's folder or address."""
    from codescale.storage.address import is_address

    return is_address(place) or Path(place).is_dir()


def check_output(output: Path | None, *inputs: Path | None) -> None:
    """Raises :class:`UserError` where ``output`` can be no file, or would replace one of ``inputs`` by whatever path or
    link. Every command that writes a file calls it before it does any work.
    """
    from codescale.files import check_replaceable

    refuse_input_as_output(output, *inputs)
    if output:
        check_replaceable(output)


def refuse_input_as_output(output: Path | None, *inputs: Path | None) -> None:
    """Raises :class:`UserError` where ``output`` is one of ``inputs``, by whatever path or link."""
    if output and any(one and one.exists() and output.exists() and output.samefile(one) for one in inputs):
        raise UserError("--output", f"{output} is an input of this command", "name another file")


def parse_hyper(pairs: list[str] | None) -> dict[str, float] | None:
    """Hyperparameters by name, of words NAME=NUMBER; None where there are none."""
    result = {}
    for pair in pairs or []:
        name, _, value = pair.partition("=")
        try:
            result[name] = float(value)
        except ValueError:
            raise UserError(f"--hyper {pair}", "is not NAME=NUMBER", "write for example weight_decay=0.1") from None
    return result or None


def split_names(listed: str | None) -> list[str] | None:
    """The names in ``a,b``; None where nothing is given."""
    return None if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def required_target(params: float | None, tokens: float | None, output: Path | None) -> tuple[float, float, Path]:
    """N, D and the file to write, all of them given. Raises :class:`UserError` for one that is missing or no count."""
    for name, value in (("--params", params), ("--tokens", tokens), ("--output", output)):
        if value is None:
            raise UserError(name, "is missing", "give --params N --tokens D --output FILE")
    assert params is not None
    assert tokens is not None
    assert output is not None
    check_counts(params, tokens)
    return params, tokens, output


def refuse_options(context: typer.Context) -> None:
    """Raises :class:`UserError` for an option that is given beside a study's folder, where it would do nothing."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.opts[0].startswith("-") and source is not None and source.name == "COMMANDLINE":
            raise UserError(
                option.opts[0],
                "is given beside a study's folder, which has a study.yaml and files of its own",
                "leave it out, or name a file instead of the folder",
            )


def check_counts(params: float | None, tokens: float | None) -> None:
    """Raises :class:`UserError` for an N or a D that is given and is no count."""
    for name, value in (("--params", params), ("--tokens", tokens)):
        if value is not None and not 1 <= value < LARGEST_COUNT:
            raise UserError(name, f"{value:g} is not a count", f"give a number of 1 or more, below {LARGEST_COUNT:g}")


def parse_organisation(given: str | None) -> Organisation | None:
    """The data organisation of that name; None where nothing is given."""
    known = next((one for one in ORGANISATIONS if one == given), None)
    if given is not None and known is None:
        raise UserError("--organisation", f"{given!r} is not one", f"use {' or '.join(ORGANISATIONS)}")
    return known
