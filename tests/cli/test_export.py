"""The command export: what it says, what it refuses, and where D comes from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from codescale.cli import main

SHARES = {"python": 0.7499984, "java": 0.25, "cobol": 1.6e-6}


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a mixture that says D, and paths."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mixture.yaml").write_text(yaml.safe_dump({"proportions": SHARES, "n_tokens": 1e9}))
    (tmp_path / "paths.yaml").write_text("{python: /data/python, java: /data/java, cobol: /data/cobol}")
    return tmp_path


def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str, form: str = "megatron"
) -> tuple[int, str]:
    """Exit code and all that is printed, on one line."""
    arguments = ["mixture.yaml", "--format", form, "--paths", "paths.yaml", "--output", "out", *options]
    monkeypatch.setattr(sys, "argv", ["codescale", "export", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), " ".join((printed.out + printed.err).split())


def test_a_share_below_a_sequence_becomes_0_with_a_line(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, words = told(monkeypatch, capsys)
    assert code == 0
    assert "cobol (1.6e-06): less than one sequence of 2048 tokens at D = 1e+09, so its share is 0" in words
    assert "cobol" not in (given / "out").read_text()


@pytest.mark.parametrize("options", [["--tokens", "1e10"], ["--sequence-length", "1024"]])
def test_tokens_and_sequence_length_are_heard(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    code, words = told(monkeypatch, capsys, *options)
    assert code == 0
    assert "less than" not in words
    assert "0.0000016" in (given / "out").read_text()


@pytest.mark.parametrize(
    ("form", "options", "problem"),
    [
        ("megatrn", [], "--format: 'megatrn' is not a form; use one of megatron,"),
        ("megatron", ["--tokens", "-5"], "--tokens: -5 is not a count"),
        ("megatron", ["--tokens", "nan"], "--tokens: nan is not a count"),
        ("megatron", ["--tokens", "100"], "--tokens: 100 tokens buy no sequence"),
        ("megatron", ["--sequence-length", "0"], "--sequence-length"),
        ("megatron", ["--batch-size", "4"], "--batch-size: is given for megatron, whose file has no batch in it"),
        ("megatron", ["--seed", "0"], "--seed: is given for megatron, whose file has no seed in it; give it to the"),
        ("levanter", ["--seed", "3"], "--seed: is given for levanter, whose file has no seed in it"),
        ("olmo-core", ["--tokens", "1e6", "--batch-size", "4096"], "--batch-size: a global batch of 4096"),
    ],
)
def test_wrong_options_end_with_a_line_and_write_nothing(
    given: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
    options: list[str],
    problem: str,
) -> None:
    code, words = told(monkeypatch, capsys, *options, form=form)
    assert code == 2
    assert problem in words
    assert not (given / "out").exists()


@pytest.mark.parametrize(
    ("form", "option"),
    [("megatron", "--sequence-length"), ("olmo-core", "--batch-size"), ("olmo-core", "--seed")],
)
def test_an_option_that_would_change_nothing_without_d_is_refused(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str, option: str
) -> None:
    (given / "mixture.yaml").write_text(yaml.safe_dump({"proportions": SHARES}))
    code, words = told(monkeypatch, capsys, option, "64", form=form)
    assert code == 2
    assert f"error: {option}: " in words
    assert not (given / "out").exists()
    assert told(monkeypatch, capsys, option, "64", "--tokens", "1e9", form=form)[0] == 0


@pytest.mark.parametrize(
    ("mixture", "problem"),
    [
        ("name: effective-data", "mixture.yaml, proportions: is missing"),
        ("proportions: {python: 1.0}\nn_tokens: many", "mixture.yaml, n_tokens"),
        ("proportions: {python: 1.0}\nn_tokens: 0", "mixture.yaml, n_tokens"),
        ("proportions: {python: 1.0, rust: 0.5}", "the shares sum to 1.5"),
        ("proportions: {python: 0.5, rust: 0.5}", "rust has a share and no path"),
    ],
)
def test_a_wrong_mixture_ends_with_a_line(
    given: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mixture: str, problem: str
) -> None:
    (given / "mixture.yaml").write_text(mixture)
    code, words = told(monkeypatch, capsys)
    assert code == 2
    assert problem in words


@pytest.mark.parametrize(("organisation", "said"), [("paired", True), ("shuffled", False), (None, False)])
def test_it_says_where_a_mixture_was_found_with_translations_in_one_document(
    given: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    organisation: str | None,
    said: bool,
) -> None:
    content = {"proportions": {"python": 1.0}} | ({"organisation": organisation} if organisation else {})
    (given / "mixture.yaml").write_text(yaml.safe_dump(content))
    code, words = told(monkeypatch, capsys)
    assert code == 0
    assert (given / "out").exists()
    assert ("found with translations in one document" in words) == said
