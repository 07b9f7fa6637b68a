"""The program: the order of its commands, and how warnings, errors and Ctrl-C end it."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.text import Text

from codescale import __version__
from codescale.cli import (  # noqa: F401  (each defines its commands)
    design,
    export,
    laws,
    optimize,
    plan,
    search,
    status,
    study,
    suggest,
    trainer,
)
from codescale.cli.app import app, console, errors, laws_app, search_app
from codescale.errors import UserError, on_one_line, visible
from codescale.laws.warning import DefaultWeightWarning, LawWarning
from codescale.validation import first_mistake

USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""What typer raises for options and arguments that it cannot take; it has no public name of its own."""
INTERRUPTED = 130
"""What typer makes of Ctrl-C."""
_COMMAND_ORDER = (
    "init",
    "corpus",
    "check-trainer",
    "sweep",
    "fit",
    "import",
    "predict",
    "optimize",
    "front",
    "forecast",
    "design",
    "suggest",
    "simulate",
    "plan",
    "export",
    "compare",
    "evaluate",
    "train",
    "report",
    "status",
    "demo",
)
"""The commands as --help lists them: a study from its beginning to its end."""
app.registered_commands.sort(
    key=lambda command: _COMMAND_ORDER.index(command.name or getattr(command.callback, "__name__", ""))
)
app.add_typer(laws_app, name="laws")
app.add_typer(search_app, name="search")


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"codescale {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def codescale(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Find the best split of a code model's token budget across programming languages, and prove it.

    CodeScale trains many small models, measures how each language scales and
    which languages help each other, fits laws to those runs, computes the
    mixture that the laws prefer, searches around it with real runs, and
    compares the result with a uniform split on data that nothing was chosen by.

    [b]A study in one command[/b]

      codescale demo               everything on a small scale, half an hour

    [b]Stage by stage[/b]

      codescale init my-study      a folder with study.yaml, which you edit
      codescale corpus my-study    fetch code, clean it, tokenize it
      codescale sweep my-study     train the grid, the pairs and the mixtures
      codescale fit my-study       fit the laws and the synergy matrix
      codescale optimize my-study  compute the law's best mixture
      codescale plan my-study      what a search may cost, and can tell
      codescale search my-study    search around it with real runs
      codescale compare my-study   prove it against uniform, with seeds
      codescale evaluate my-study  what its models write and translate
      codescale report my-study    one self-contained page
      codescale train my-study     one model on a mixture, for transformers
      codescale status my-study    what is done, runs, waits and failed

    [b]With your own runs[/b] (docs/runs-table.md)

      codescale design space.yaml --params 1e7 --tokens 1e9 --output runs.csv
      codescale fit runs.csv --output law.json
      codescale predict law.json more-runs.csv --output predictions.csv
      codescale optimize law.json --params 1e9 --tokens 1e11 --output mixture.yaml
      codescale suggest runs.csv --space space.yaml --output next.csv
      codescale export mixture.yaml --format megatron --paths paths.yaml -o data.txt

    Every command may be interrupted or killed and given again: it goes on where
    it was. Bad input ends with one line and exit code 2.
    """


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _print_labelled("warning:", "yellow", on_one_line(str(message)))


def _print_error(message: str) -> None:
    _print_labelled("error:", "red", message)


def _print_labelled(word: str, colour: str, message: str) -> None:
    errors.print(Text.assemble((word, colour), " ", message), soft_wrap=True)


def _usage_message(error: Any) -> str:
    """What is wrong with an option or argument, on one line. Typer has pydantic check values; its words stay there."""
    if isinstance(error.__cause__, ValidationError):
        return on_one_line(f"{error.param.opts[0]} {first_mistake(error.__cause__, None).problem}")
    return on_one_line(error.format_message()).rstrip(".")


def run_program() -> None:
    """Runs the command line: exit code 0 if done, 2 for bad input (one line, no traceback), 130 for Ctrl-C."""
    warnings.showwarning = _show_warning
    warnings.simplefilter("once", LawWarning)
    warnings.simplefilter("ignore", DefaultWeightWarning)
    try:
        code = app(standalone_mode=False) or 0
        if code == INTERRUPTED:
            _print_error("interrupted; the same command goes on from here")
        sys.exit(code)
    except UserError as error:
        _print_error(str(error))
        sys.exit(2)
    except USAGE_ERROR as error:
        message = _usage_message(error)
        if message:  # where no command was named its help is what was shown
            _print_error(f"{message}. Give --help to see what there is.")
        sys.exit(2)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        _print_error(
            f"{visible(str(error.filename or 'the disk'))}: {os.strerror(error.errno)}; mend it and give the same "
            "command again"
        )
        sys.exit(2)
