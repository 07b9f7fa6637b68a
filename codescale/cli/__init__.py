"""The command line: parses and prints, decides nothing. It may import every room below it, and no room imports it."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Runs the command line: exit code 0 if done, 2 for bad input (one line, no traceback), 130 for Ctrl-C."""
    from codescale.cli.entry_point import run_program

    run_program()
