"""The command export: a mixture in a trainer's own format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import check_counts, check_output
from codescale.errors import UserError
from codescale.mixtures.smallest_share import SEQUENCE_LENGTH
from codescale.organisation import PAIRED


@app.command()
def export(
    mixture: Annotated[Path, typer.Argument(metavar="MIXTURE", help="A mixture (YAML).")],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="[b]megatron[/b], [b]torchtitan[/b], [b]nanotron[/b], [b]datasets[/b], [b]levanter[/b], "
            "[b]olmo-core[/b], [b]streaming[/b] or [b]litdata[/b].",
        ),
    ],
    paths: Annotated[
        Path, typer.Option(help="paths.yaml: {python: /data/python, java: {path: …, tokens_per_row: 800, tokens: 3e9}}")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where it goes.")],
    seed: Annotated[
        int | None, typer.Option(help="Seed of the trainer's draws, where its file has one; default: 0.", min=0)
    ] = None,
    tokens: Annotated[
        float | None, typer.Option(help="D: training tokens; default: n_tokens of the mixture's file.")
    ] = None,
    sequence_length: Annotated[
        int | None, typer.Option(help=f"Tokens of a training sequence; default: {SEQUENCE_LENGTH}.", min=1)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Sequences of a global batch (olmo-core; default: 512).", min=1)
    ] = None,
) -> None:
    """Write a mixture in the form that a trainer reads: Megatron-LM data arguments, YAML, probabilities.

    A share that buys less than a sequence of D becomes 0, and what the trainer's
    sampler makes of the file that it does not say is said.

    Example: codescale export mixture.yaml --format megatron --paths paths.yaml
    --output data_args.txt
    """
    from codescale.files import write_text
    from codescale.mixtures.files import read_mixture, read_organisation, read_target_tokens
    from codescale.mixtures.trainer_formats import FORMATS, export_mixture, read_sources

    check_output(output, mixture, paths)
    check_counts(None, tokens)
    chosen = next((one for one in FORMATS if one == form), None)
    if chosen is None:
        raise UserError("--format", f"{form!r} is not a form", f"use one of {', '.join(FORMATS)}")
    n_tokens = read_target_tokens(mixture) if tokens is None else tokens
    _check_heard(chosen, n_tokens, seed, sequence_length, batch_size)
    text = export_mixture(
        read_mixture(mixture),
        read_sources(paths),
        chosen,
        seed or 0,
        n_tokens=n_tokens,
        sequence_length=sequence_length or SEQUENCE_LENGTH,
        batch_size=batch_size,
    )
    write_text(output, text)
    console.print(f"Wrote {output}")
    if read_organisation(mixture) == PAIRED:
        console.print(
            f"This mixture was found with translations in one document, for which {chosen} has no word: join the pairs "
            "where the data is prepared (docs/export.md)"
        )


def _check_heard(
    form: str, n_tokens: float | None, seed: int | None, sequence_length: int | None, batch_size: int | None
) -> None:
    """Raises :class:`UserError` for an option that would change nothing."""
    if batch_size is not None and form != "olmo-core":
        raise UserError("--batch-size", f"is given for {form}, whose file has no batch in it", "leave it out")
    if seed is not None and (form in ("megatron", "levanter") or (form == "olmo-core" and n_tokens is None)):
        raise UserError("--seed", f"is given for {form}, whose file has no seed in it", "give it to the trainer")
    for option, value in (("--sequence-length", sequence_length), ("--batch-size", batch_size)):
        if value is not None and n_tokens is None:
            problem = "changes nothing where nobody says D, the training's tokens"
            raise UserError(option, problem, "give --tokens too, or leave it out")
