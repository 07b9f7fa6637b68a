"""Arguments and options that several commands share, and what is checked of them before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from codescale.cli.app import console
from codescale.errors import UserError
from codescale.organisation import ORGANISATIONS, Organisation
from codescale.terminal import TerminalProgress

MOST = 1e30
"""More parameters or tokens than there will ever be."""
StudyArgument = Annotated[
    Path, typer.Argument(metavar="STUDY", help="The study's folder, made by [b]codescale init[/b].")
]


def terminal_progress() -> TerminalProgress:
    return TerminalProgress(console)


def existing_study(folder: Path) -> Any:
    from codescale.stages.study import Study

    return Study(folder, terminal_progress())


def check_output(output: Path | None, *inputs: Path | None) -> None:
    """Raises :class:`UserError` where ``output`` can be no file, or would replace one of ``inputs`` by whatever path or
    link. Every command that writes a file calls it before it does any work.
    """
    from codescale.files import check_replaceable

    refuse_input_as_output(output, *inputs)
    if output:
        check_replaceable(output)


def refuse_input_as_output(output: Path | None, *inputs: Path | None) -> None:
    if output and any(one and one.exists() and output.exists() and output.samefile(one) for one in inputs):
        raise UserError("--output", f"{output} is an input of this command", "name another file")


def parse_hyper(pairs: list[str]) -> dict[str, float]:
    result = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            result[name] = float(value)
        except ValueError:
            raise UserError(f"--hyper {pair}", "is not NAME=NUMBER", "write for example weight_decay=0.1") from None
    return result


WeightsOption = Annotated[Path | None, typer.Option(help="weights.yaml: {python: 2, typescript: 1}")]
BoundsOption = Annotated[Path | None, typer.Option(help="bounds.yaml: {python: \\[0.1, 0.5], text: 0.1}")]
AvailableOption = Annotated[Path | None, typer.Option(help="available.yaml: {max_epochs: 4, tokens: {java: 30e9}}")]


def split_names(listed: str | None) -> list[str] | None:
    return None if listed is None else [name.strip() for name in listed.split(",") if name.strip()]


def required_target(params: float | None, tokens: float | None, output: Path | None) -> tuple[float, float, Path]:
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
                option.opts[0], "is given beside a study's folder, which has a study.yaml and files of its own",
                "leave it out, or name a file instead of the folder",
            )  # fmt: skip


def check_counts(params: float | None, tokens: float | None) -> None:
    for name, value in (("--params", params), ("--tokens", tokens)):
        if value is not None and not 1 <= value < MOST:
            raise UserError(name, f"{value:g} is not a count", f"give a number of 1 or more, below {MOST:g}")


def parse_organisation(given: str | None) -> Organisation | None:
    """``given`` where it is a data organisation, None where nothing is given."""
    known = next((one for one in ORGANISATIONS if one == given), None)
    if given is not None and known is None:
        raise UserError("--organisation", f"{given!r} is not one", f"use {' or '.join(ORGANISATIONS)}")
    return known
