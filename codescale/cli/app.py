"""The Typer application, its groups of commands, and the consoles that everything is printed on."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from codescale.terminal import PlainConsole

app = typer.Typer(
    name="codescale",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
laws_app = typer.Typer(no_args_is_help=True, help="Laws side by side, and drawn.")


class _RunsByDefault(TyperGroup):
    """A group of which `run` is meant where no command is named: `codescale search STUDY`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = next((word for word in args if not word.startswith("-")), None)
        return super().parse_args(ctx, args if named is None or named in self.commands else ["run", *args])


search_app = typer.Typer(
    cls=_RunsByDefault, no_args_is_help=True, help="Search around the law's optimum with real runs; or write a space."
)
console = PlainConsole()
errors = PlainConsole(stderr=True)
