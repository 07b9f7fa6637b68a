"""Names from files act on no terminal: escape sequences are written out, brackets are no markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Group
from rich.table import Table
from rich.text import Text

from codescale.errors import UserError, visible
from codescale.terminal import PlainConsole, TerminalProgress, plain

EVIL = "\x1b[31m[red]rüst[/red]\x9b0m\u202e\x07"
SUPPORTED = r"\x1b[31m[red]rüst[/red]\x9b0m\u202e\x07"


@pytest.fixture
def console() -> PlainConsole:
    made = PlainConsole()
    made.file = io.StringIO()
    return made


def shown(console: PlainConsole) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (EVIL, SUPPORTED),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("naïve 语言 👩\u200d💻", "naïve 语言 👩\u200d💻"),
        ("\udcff", r"\udcff"),
        ("", ""),
    ],
)
def test_what_would_act_is_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_an_error_is_one_line_whatever_its_names_hold() -> None:
    message = str(UserError(Path(f"a\n{EVIL}.yaml"), f"{EVIL} is\n   wrong", "correct\nit"))
    assert message == rf"a\n{SUPPORTED}.yaml: {SUPPORTED} is wrong; correct it"


@pytest.mark.parametrize("name", [EVIL, plain(EVIL)])
def test_no_name_acts_on_the_terminal(console: PlainConsole, name: str | Text) -> None:
    table = Table(title=name)
    table.add_column(name, no_wrap=True)
    table.add_row("x" * 60)
    console.print(Group(table, name), name)
    text = shown(console)
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert text.count(SUPPORTED) == 4


def test_a_text_that_nobody_made_plain_does_not_act_either(console: PlainConsole) -> None:
    console.print(Text(EVIL))
    assert r"\x1b[31m[red]rüst[/red]\x9b0m" in shown(console)


def test_a_column_is_as_wide_as_what_is_seen(console: PlainConsole) -> None:
    table = Table()
    table.add_column("language", no_wrap=True)
    table.add_row(plain(EVIL))
    console.print(table)
    assert len({len(line) for line in shown(console).splitlines()}) == 1
    assert SUPPORTED in shown(console)


def test_progress_says_names_as_they_are(console: PlainConsole) -> None:
    TerminalProgress(console).say(EVIL)
    assert shown(console) == SUPPORTED + "\n"
