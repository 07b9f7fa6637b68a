"""The command export: a mixture in a trainer's own format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import check_output
from codescale.errors import UserError
from codescale.organisation import PAIRED


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
    from codescale.files import write_text
    from codescale.mixtures.files import read_mixture, read_organisation
    from codescale.mixtures.trainer_formats import FORMATS, export_mixture, read_sources

    check_output(output, mixture, paths)
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
