"""The command line as a test calls it: in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codescale.cli import main


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """The exit code of ``codescale`` with these words."""
    monkeypatch.setattr(sys, "argv", ["codescale", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """The one line with which ``codescale`` refuses these words."""
    assert run(monkeypatch, *words) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert error.count("\n") == 1
    return error
