"""The command optimize: its option of the sequence length is heard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from codescale.cli import main
from codescale.laws.law import save_law
from tests.allocation.made_law import made_law


@pytest.mark.parametrize(("length", "lost"), [("1", False), ("8192", True)])
def test_a_share_below_a_sequence_becomes_0(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    length: str,
    lost: bool,
) -> None:
    save_law(made_law("joint", samples=0, seed=3), tmp_path / "law.json")
    (tmp_path / "weights.yaml").write_text("{python: 3, java: 0.02, go: 0.001, rust: 0.0001}")
    monkeypatch.chdir(tmp_path)
    arguments = "optimize law.json --params 1e6 --tokens 1e8 --weights weights.yaml --output mixture.yaml"
    monkeypatch.setattr(sys, "argv", ["codescale", *arguments.split(), "--sequence-length", length])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    printed = capsys.readouterr()
    assert ("java" in printed.err and "less than one sequence of 8192 tokens" in printed.err) == lost
    assert (yaml.safe_load((tmp_path / "mixture.yaml").read_text())["proportions"]["java"] == 0) == lost
