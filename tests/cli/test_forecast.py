"""The command forecast: tokens that run out, as `optimize` takes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codescale.cli import main
from codescale.laws.law import save_law
from tests.allocation.made_law import made_law


@pytest.mark.parametrize("scale", [("--params", "1e6", "--tokens", "1e8"), ("--budget", "6e14")])
def test_tokens_that_run_out_are_counted_and_said(
    scale: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    law, available = tmp_path / "law.json", tmp_path / "available.yaml"
    save_law(made_law("chinchilla").model_copy(update={"half_life": 3.0}), law)
    available.write_text("{max_epochs: 50, tokens: {go: 1e6}}")

    def printed(*more: str) -> str:
        monkeypatch.setattr(sys, "argv", ["codescale", "forecast", str(law), *scale, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return " ".join(capsys.readouterr().out.split())

    fresh, limited = printed(), printed("--available", str(available))
    assert "All tokens count as fresh" in fresh
    assert "Epochs over the tokens available: go " in limited
    assert fresh.split("Objective: ")[1].split()[0] < limited.split("Objective: ")[1].split()[0]
