"""Baselines: hand-worked shares, the published rule at its edges, and words that are refused by field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.baselines import (
    Baseline,
    baseline_mixture,
    parse_baseline,
    parse_baselines,
    unimax,
)
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture

LANGUAGES = ("python", "java", "rust")
AVAILABLE = AvailableTokens(max_epochs=4, tokens={"python": 800.0, "java": 150.0, "rust": 50.0})
counts = st.builds(lambda first, others: [*others, first], st.floats(2, 1e9), st.lists(st.floats(0, 1e9), max_size=7))


def shares(word: str, **given: object) -> list[float]:
    settings = {"available": AVAILABLE, "weights": {"python": 3, "rust": 1.0}, "n_tokens": 600.0} | given
    return list(baseline_mixture(parse_baseline(word), LANGUAGES, **settings).array(LANGUAGES))  # type: ignore[arg-type]


def test_each_baseline_by_hand() -> None:
    assert shares("uniform", available=None) == pytest.approx([1 / 3] * 3)
    assert shares("natural") == pytest.approx([0.8, 0.15, 0.05])
    assert shares("weights", available=None) == pytest.approx([0.75, 0, 0.25])
    # 800, 150 and 50 to the power 0.5: 28.28, 12.25, 7.07, of 47.60.
    assert shares("temperature:0.5") == pytest.approx([0.5942, 0.2573, 0.1485], abs=1e-4)
    assert shares("temperature:1") == pytest.approx(shares("natural"))
    assert shares("temperature:0") == pytest.approx(shares("uniform"))
    # 600 tokens, one epoch: Rust gets its 50 of 200; Java its 150 of (600 - 50) / 2 = 275; Python the other 400.
    assert shares("unimax:1") == pytest.approx([400 / 600, 150 / 600, 50 / 600])
    # Four epochs, as the tokens may be read: all can fill their 200.
    assert shares("unimax") == pytest.approx([1 / 3] * 3)


def test_mt5s_exponent() -> None:
    """arXiv 2010.11934, alpha = 0.3: a corpus ten times as large gets 10^0.3 = 2 times the share."""
    two = AvailableTokens(tokens={"large": 10e9, "small": 1e9})
    mixture = baseline_mixture(Baseline("temperature", 0.3), ["large", "small"], two)
    assert mixture["large"] / mixture["small"] == pytest.approx(10**0.3)


def test_unimax_is_the_published_algorithm() -> None:
    """Chung et al. 2023, algorithm 1, by hand: tokens 10, 30, 100 and 400, a budget of 300, two epochs.

    75 each would be four equal parts; the smallest has 20 in two epochs, so 280 is left for three: 93.3 each, of which
    the second has 60; 220 for two: 110 each, below the 200 and 800 that two epochs of the others hold.
    """
    tokens = np.array([100.0, 10.0, 400.0, 30.0])
    assert unimax(tokens, 300, 2) == pytest.approx(np.array([110, 20, 110, 60]) / 300)
    assert unimax(tokens, 300, 1) == pytest.approx(np.array([100, 10, 160, 30]) / 300), "one epoch holds three of them"
    assert unimax(tokens, 2000, 2) == pytest.approx(np.array([200, 20, 800, 60]) / 1080), "920 of 2,000 stay unspent"


def test_unimax_at_its_edges() -> None:
    tokens = np.array([1000.0, 10.0, 100.0])
    assert unimax(tokens, 30, 1) == pytest.approx([1 / 3] * 3), "no language smaller than its share: uniform"
    assert unimax(tokens, 90, 1) == pytest.approx([40 / 90, 10 / 90, 40 / 90]), "one smaller than its share"
    assert unimax(tokens, 1110, 1) == pytest.approx(tokens / 1110), "all of everything once"
    assert unimax(tokens, 1e6, 2) == pytest.approx(tokens / 1110), "a budget above all epochs: as the tokens are"
    assert unimax(np.array([0.0, 5.0]), 4, 1) == pytest.approx([0, 1]), "nothing there is of it"
    assert unimax(np.array([7.0]), 100, 1) == pytest.approx([1.0])


@given(counts, st.floats(1, 1e10), st.floats(0.01, 100))
def test_unimax_is_as_equal_as_the_cap_allows(values: list[float], budget: float, epochs: float) -> None:
    """Within the budget no language is above its cap, and whoever is below it has the largest share of all."""
    tokens = np.array(values)
    found = unimax(tokens, budget, epochs)
    assert found.sum() == pytest.approx(1)
    spent = min(budget, epochs * tokens.sum())
    assert (found * spent <= epochs * tokens * (1 + 1e-6) + 1e-6).all()
    below = found * spent < epochs * tokens * (1 - 1e-6) - 1e-6
    assert (found[below] >= found.max() * (1 - 1e-6)).all()
    larger = np.argsort(tokens, kind="stable")
    assert (np.diff(found[larger]) >= -1e-9).all(), "more tokens never make a smaller share"


@given(counts, st.floats(0, 1))
def test_a_temperature_lies_between_equal_and_natural_shares(values: list[float], exponent: float) -> None:
    tokens = {str(k): value for k, value in enumerate(values)}
    available = AvailableTokens(tokens=tokens)
    natural, tempered = (
        baseline_mixture(one, list(tokens), available).array(tokens)
        for one in (Baseline("natural"), Baseline("temperature", exponent))
    )
    assert (tempered[np.array(values) == 0] == 0).all(), "what there is nothing of has no share"
    assert tempered.max() <= natural.max() + 1e-9
    assert (np.diff(tempered[np.argsort(natural, kind="stable")]) >= -1e-12).all()


def test_a_file_is_a_baseline(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("proportions: {python: 0.6, rust: 0.4}")
    assert shares(f"file:{path}") == pytest.approx([0.6, 0, 0.4])
    inside = parse_baseline("file:ours.yaml").within(tmp_path)
    assert baseline_mixture(inside, LANGUAGES) == Mixture({"python": 0.6, "rust": 0.4})
    with pytest.raises(UserError, match=r"ours.yaml: rust is in the mixture but not among python, java"):
        baseline_mixture(inside, ("python", "java"))
    with pytest.raises(UserError, match=r"none.yaml"):
        shares("file:none.yaml")


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("uniform", "uniform"),
        ("temperature:0.3", "temperature:0.3"),
        ("temperature: .30", "temperature:0.3"),
        ({"temperature": 0.3}, "temperature:0.3"),
        ("unimax", "unimax"),
        ({"unimax": 4}, "unimax:4"),
        ({"file": "a:b.yaml"}, "file:a:b.yaml"),
        ("file:a:b.yaml", "file:a:b.yaml"),
    ],
)
def test_words_and_mappings_name_the_same(given: object, word: str) -> None:
    baseline = parse_baseline(given)  # type: ignore[arg-type]
    assert str(baseline) == word
    assert parse_baseline(str(baseline)) == baseline


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("naturel", "'naturel' is no baseline"),
        (3, "'3' is no baseline"),
        ({"temperature": 0.3, "unimax": 1}, "is no baseline"),
        ("temperature", "temperature names no number: an exponent from 0 to 1"),
        ("temperature:5", "temperature is '5', where an exponent from 0 to 1 \\(T = 5 is 0.2\\) is wanted"),
        ("temperature:nan", "where an exponent"),
        ({"unimax": 0}, "where a number of epochs above 0"),
        ({"unimax": True}, "where a number of epochs above 0"),
        ("unimax:x", "where a number of epochs above 0"),
        ("natural:2", "natural takes no number or file"),
        ("file:", "file names no file"),
    ],
)
def test_what_is_no_baseline_is_refused(given: object, problem: str) -> None:
    with pytest.raises(UserError, match=f"--baseline: .*{problem}.*; write uniform, natural"):
        parse_baseline(given)  # type: ignore[arg-type]


def test_one_baseline_twice_is_refused() -> None:
    with pytest.raises(UserError, match=r"--baseline: temperature:0.3 is named twice"):
        parse_baselines(["temperature:0.3", "uniform", "temperature:0.30"])


@pytest.mark.parametrize("word", ["natural", "temperature:0.3", "unimax", "unimax:2"])
def test_tokens_that_nobody_named_are_asked_for(word: str) -> None:
    with pytest.raises(UserError, match=f"--baseline, {word}: needs the tokens that there are of python, java, rust"):
        shares(word, available=None)
    with pytest.raises(UserError, match=r"of java, which nobody named; name them in available\.yaml"):
        shares(word, available=AvailableTokens(tokens={"python": 1, "rust": 1}))
    with pytest.raises(UserError, match="there are no tokens of any language"):
        shares(word, available=AvailableTokens(tokens=dict.fromkeys(LANGUAGES, 0.0)))


def test_a_budget_and_weights_that_are_missing_are_asked_for() -> None:
    with pytest.raises(UserError, match=r"--baseline, unimax: needs the budget in tokens; give D"):
        shares("unimax", n_tokens=None)
    for none in (None, {}, {"python": 0.0}):
        with pytest.raises(UserError, match=r"--baseline, weights: the weights leave every language at 0"):
            shares("weights", weights=none)
    with pytest.raises(UserError, match=r"weights: humaneval weighs and is no language"):
        shares("weights", weights={"python": 1.0, "humaneval": 1.0})
