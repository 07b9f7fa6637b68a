"""The commands on optima: what weighs nothing by default is printed once, units do not mix, a sequence's
length is heard."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from codescale.cli import main
from codescale.laws.law import save_law
from codescale.runs.units import LossUnit
from tests.allocation.made_law import LANGUAGES, made_law

LINE = "text weighs nothing by default"


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str | Path
) -> tuple[int, str, str]:
    """Exit code, output and errors of the command, each on one line."""
    monkeypatch.setattr(sys, "argv", ["codescale", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), " ".join(out.split()), " ".join(err.split())


def test_what_weighs_nothing_is_printed_once_wherever_an_optimum_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_law(made_law(), tmp_path / "law.json")
    (tmp_path / "weights.yaml").write_text("{go: 1, text: 1}")
    scale, law = ("--params", "1e6", "--tokens", "1e8"), tmp_path / "law.json"
    wanted = ("optimize", law, *scale, "-o", tmp_path / "mixture.yaml")
    for command in (
        wanted,
        ("forecast", law, "--budget", "6e14"),
        ("simulate", law, "--trials", "5", "--seeds", "1", "--sampler", "random"),
    ):
        code, out, err = run(capsys, monkeypatch, *command)
        assert (code, out.count(LINE), err.count(LINE)) == (0, 1, 0)
        assert "--weights gives it weight" in out
        assert LINE not in run(capsys, monkeypatch, *command, "--weights", tmp_path / "weights.yaml")[1]
    front = ("front", law, "--first", "go", "--second", "rust", *scale, "-o", tmp_path / "front.yaml", "--points", "2")
    assert "of no weight: python, java, text" in run(capsys, monkeypatch, *front)[1]


def test_runs_in_another_unit_than_the_laws_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_law(made_law().model_copy(update={"loss_unit": LossUnit.BITS_PER_BYTE}), tmp_path / "law.json")
    names = [*(f"proportion.{name}" for name in LANGUAGES), "loss.go"]
    rows = [f"run_id,n_params,n_tokens,{','.join(names)}", "a,1e6,1e8,0.2,0.2,0.2,0.2,0.2,3.1"]
    (tmp_path / "runs.csv").write_text("\n".join(rows) + "\n")
    for command, output in (("predict", "predictions.csv"), ("laws plot", "law.svg")):
        words = (*command.split(), tmp_path / "law.json", tmp_path / "runs.csv", "-o", tmp_path / output)
        code, _, err = run(capsys, monkeypatch, *words)
        assert (code, err.count("its losses are nats per token, the law's are bits per byte")) == (2, 1)
        assert not (tmp_path / output).exists()


@pytest.mark.parametrize(("length", "lost"), [("1", False), ("8192", True)])
def test_a_share_below_a_sequence_becomes_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, length: str, lost: bool
) -> None:
    law, weights, mixture = (tmp_path / name for name in ("law.json", "weights.yaml", "mixture.yaml"))
    save_law(made_law("joint", samples=0, seed=3), law)
    weights.write_text("{python: 3, java: 0.02, go: 0.001, rust: 0.0001}")
    given = ("--params", "1e6", "--tokens", "1e8", "--weights", weights, "-o", mixture, "--sequence-length", length)
    code, _, err = run(capsys, monkeypatch, "optimize", law, *given)
    assert code == 0
    assert ("java" in err and "less than one sequence of 8192 tokens" in err) == lost
    assert (yaml.safe_load(mixture.read_text())["proportions"]["java"] == 0) == lost


def test_a_rule_of_no_harm_is_heard_and_its_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_law(made_law(), tmp_path / "law.json")
    (tmp_path / "available.yaml").write_text(f"tokens: {dict.fromkeys(LANGUAGES, 1e9)}")
    asked = ("optimize", tmp_path / "law.json", "--params", "1e6", "--tokens", "1e8", "-o", tmp_path / "mixture.yaml")
    for options, line in (
        (("--margin", "2%"), "--margin: is given without a reference; name what losses are held beside"),
        (("--no-harm-reference", "uniform", "--margin", "two"), "--margin: 'two' is no margin"),
        (("--no-harm", "--no-harm-reference", "uniform"), "--no-harm: is given beside --no-harm-reference"),
        (("--no-harm-reference", "natural"), "nobody named those of python"),
    ):
        code, _, err = run(capsys, monkeypatch, *asked, *options)
        assert code == 2
        assert line in err
        assert not (tmp_path / "mixture.yaml").exists()
    ruled = ("--no-harm-reference", "natural", "--margin", "2%", "--available", tmp_path / "available.yaml")
    code, out, _ = run(capsys, monkeypatch, *asked, *ruled)
    assert code == 0
    assert "No language is predicted above its loss under natural by more than 2 % under the law" in out
