"""No command writes over what it reads, however the path is spelt."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from codescale.cli import main
from codescale.cli.entry_point import app

N_AND_D = ("--params", "1e6", "--tokens", "1e6")

COMMANDS: dict[str, list[tuple[str, ...]]] = {
    "fit": [("IN",)],
    "import": [("IN", "a", *N_AND_D), ("a", "b", *N_AND_D, "--columns", "IN"), ("a", *N_AND_D, "--runs", "IN")],
    "laws plot": [("IN", "a"), ("a", "IN")],
    "predict": [("IN", "a"), ("a", "IN")],
    "optimize": [
        ("IN", *N_AND_D),
        *(("a", *N_AND_D, f"--{name}", "IN") for name in ("weights", "bounds", "available", "reference", "earlier")),
    ],
    "front": [
        ("IN", "--first", "a", "--second", "b", *N_AND_D),
        *(("a", "--first", "a", "--second", "b", *N_AND_D, f"--{name}", "IN") for name in ("bounds", "available")),
    ],
    "design": [("IN",), *(("a", f"--{name}", "IN") for name in ("table", "weights"))],
    "suggest": [("IN",), *(("a", f"--{name}", "IN") for name in ("space", "weights", "law"))],
    "simulate": [("IN",), *(("a", f"--{name}", "IN") for name in ("known", "weights", "space"))],
    "export": [("IN", "--format", "megatron", "--paths", "a"), ("a", "--format", "megatron", "--paths", "IN")],
    "plan": [("IN", "--cluster", "a"), ("a", "--cluster", "IN"), ("a", "--cluster", "b", "--prices", "IN")],
    "train": [("a", "--mixture", "IN")],
}
"""Of every command that writes to --output: its arguments, each of its inputs once as IN."""

CASES = [(name, arguments) for name, several in COMMANDS.items() for arguments in several]


def writing_commands(group: object, before: str = "") -> Iterator[str]:
    for name, one in group.commands.items():  # type: ignore[attr-defined]
        if hasattr(one, "commands"):
            yield from writing_commands(one, f"{before}{name} ")
        elif any("--output" in option.opts for option in one.params):
            yield f"{before}{name}"


def test_every_command_that_writes_is_tried() -> None:
    assert set(writing_commands(get_command(app))) == set(COMMANDS)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("in.yaml", "a", "b"):
        (tmp_path / name).write_text("kept")
    (tmp_path / "link.yaml").symlink_to("in.yaml")
    os.link(tmp_path / "in.yaml", tmp_path / "hard.yaml")
    return tmp_path


def refused(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["codescale", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "is an input of this command; name another file" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_an_input_is_never_the_output(name: str, arguments: tuple[str, ...], place: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    given = ["in.yaml" if word == "IN" else word for word in arguments]
    for spelt in ("in.yaml", "./in.yaml", f"../{place.name}/in.yaml", "link.yaml", "hard.yaml"):
        refused([*name.split(), *given, "--output", spelt], capsys, monkeypatch)
    assert (place / "in.yaml").read_text() == "kept"


@pytest.mark.parametrize(("name", "arguments"), [case for case in CASES if case[0] != "train"])
def test_a_folder_as_output_is_refused_before_anything_is_read(
    name: str,
    arguments: tuple[str, ...],
    place: Path,
    capsys,  # type: ignore[no-untyped-def]
    monkeypatch,  # type: ignore[no-untyped-def]
) -> None:
    given = ["in.yaml" if word == "IN" else word for word in arguments]
    monkeypatch.setattr(sys, "argv", ["codescale", *name.split(), *given, "--output", str(place)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"{place}: is a folder; name a file in it" in capsys.readouterr().err


def test_a_file_of_a_folder_that_is_imported_is_an_input(place: Path, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (place / "results").mkdir()
    (place / "results" / "metrics.csv").write_text("kept")
    refused(["import", "results", *N_AND_D, "--output", "results/metrics.csv"], capsys, monkeypatch)
