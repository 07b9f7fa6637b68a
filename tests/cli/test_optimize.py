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


def test_the_gain_over_each_baseline_is_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    law, available = tmp_path / "law.json", tmp_path / "available.yaml"
    save_law(made_law(), law)
    available.write_text("{tokens: {python: 4e7, java: 3e7, go: 2e7, rust: 1e7, text: 9e7}}")
    scale = ("--params", "1e6", "--tokens", "1e8")
    more = ("--available", available, "--baseline", "natural", "--baseline", "temperature:0.3")
    simulate = ("simulate", law, "--trials", "5", "--seeds", "1", "--sampler", "random", "-o", tmp_path / "regret.csv")
    for command, file, words in (
        (("optimize", law, *scale), "mixture.yaml", "natural: 2.5"),
        (
            ("front", law, "--first", "go", "--second", "rust", *scale, "--points", "2"),
            "front.yaml",
            "gains over natural",
        ),
        (simulate[:-2], "regret.csv", "natural: 2."),
    ):
        code, out, err = run(capsys, monkeypatch, *command, *more, "-o", tmp_path / file)
        assert code == 0, err
        assert words in out
        assert words.replace("natural", "temperature:0.3").split(".")[0] in out
        assert "natural" in (tmp_path / file).read_text()
    header, row = (tmp_path / "regret.csv").read_text().splitlines()[:2]
    assert header == "sampler,seed,flops,regret,regret_of_lowest,gain_over_natural,gain_over_temperature:0.3"
    assert len(row.split(",")) == 7
    code, out, err = run(capsys, monkeypatch, *simulate, "--available", available)
    assert (code, "--available: is given without --baseline" in err) == (2, True)
    run(capsys, monkeypatch, *simulate)
    assert (tmp_path / "regret.csv").read_text().startswith("sampler,seed,flops,regret,regret_of_lowest\n")
    for bad, message in (
        ("unimax", "--baseline, unimax: needs the tokens that there are of python"),
        ("file:none.yaml", "none.yaml: no such file"),
        ("natural,weights", "--baseline: 'natural,weights' is no baseline"),
    ):
        code, _, err = run(capsys, monkeypatch, "optimize", law, *scale, "--baseline", bad, "-o", tmp_path / "new.yaml")
        assert (code, message in err) == (2, True), err
        assert not (tmp_path / "new.yaml").exists()


def test_a_rule_of_no_harm_is_heard_and_its_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_law(made_law(), tmp_path / "law.json")
    (tmp_path / "available.yaml").write_text(f"tokens: {dict.fromkeys(LANGUAGES, 1e9)}")
    asked = ("optimize", tmp_path / "law.json", "--params", "1e6", "--tokens", "1e8", "-o", tmp_path / "mixture.yaml")
    for options, line in (
        (("--margin", "2%"), "--margin: is given without a reference; name what losses are held beside"),
        (("--no-harm-reference", "uniform", "--margin", "two"), "--margin: margin is 'two', where nats per token"),
        (("--no-harm-reference", "uniform", "--margin", ""), "--margin: margin is '', where nats per token"),
        (("--no-harm-reference", "temperature"), "temperature names no number: an exponent from 0 to 1"),
        (("--no-harm", "--no-harm-reference", "uniform"), "--no-harm: is given beside --no-harm-reference"),
        (("--no-harm-reference", "natural"), "needs the tokens that there are of python"),
        (("--no-harm-languages", "go"), "--no-harm-languages: is given without a rule; add --no-harm"),
        (("--no-harm", "--no-harm-languages", ","), "--no-harm-languages: names none"),
        (("--no-harm", "--no-harm-languages", "go,cobol"), "'cobol' is no language whose loss is known; name some of"),
    ):
        code, _, err = run(capsys, monkeypatch, *asked, *options)
        assert code == 2
        assert line in err
        assert not (tmp_path / "mixture.yaml").exists()
    ruled = ("--no-harm-reference", "natural", "--margin", "2%", "--available", tmp_path / "available.yaml")
    code, out, _ = run(capsys, monkeypatch, *asked, *ruled)
    assert code == 0
    assert "No language is predicted above its loss under natural by more than 2 % under the law" in out
    code, out, _ = run(capsys, monkeypatch, *asked, *ruled, "--no-harm-languages", "go, rust")
    assert code == 0
    assert "None of go, rust is predicted above its loss under natural by more than 2 % under the law" in out
