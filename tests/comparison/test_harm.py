"""Non-inferiority for each language: three words, and none that the correction does not hold."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.comparison.harm import harm_of
from codescale.comparison.result import JudgedSplit
from codescale.comparison.statistics import paired_difference, summary
from codescale.mixtures.no_harm import NoHarmRule

LANGUAGES = ("python", "java", "go", "rust", "csharp", "typescript", "javascript")
SEEDS = 3


def split(losses: dict[str, list[float]]) -> JudgedSplit:
    return JudgedSplit(
        objective=summary([float(np.mean(seed)) for seed in zip(*losses.values(), strict=True)]),
        losses={name: summary(values) for name, values in losses.items()},
    )


REFERENCE = split({"up": [2.0, 2.1, 2.2], "even": [2.0, 2.1, 2.2], "noisy": [2.0, 2.1, 2.2]})
MEASURED = split({"up": [2.1, 2.201, 2.3], "even": [2.0, 2.101, 2.2], "noisy": [1.8, 2.3, 2.3]})


def test_each_language_gets_one_of_three_words() -> None:
    harm = harm_of(MEASURED, REFERENCE, NoHarmRule("natural", 0.02))
    assert harm.told("harmed") == ("up",)
    assert harm.told("not harmed within the margin") == ("even",)
    assert harm.told("cannot be told") == ("noisy",)
    assert harm.languages["up"].margin == pytest.approx(0.02)
    assert harm.languages["up"].difference == paired_difference([2.1, 2.201, 2.3], [2.0, 2.1, 2.2])
    assert harm.languages["up"].beyond.mean == pytest.approx(harm.languages["up"].difference.mean - 0.02)
    wider = harm_of(MEASURED, REFERENCE, NoHarmRule("natural", 0.2))
    assert wider.told("harmed") == ()
    assert set(wider.told("not harmed within the margin")) == {"up", "even"}


def test_only_the_languages_that_a_rule_names_are_judged_and_corrected_for() -> None:
    every = harm_of(MEASURED, REFERENCE, NoHarmRule("natural", 0.02))
    named = harm_of(MEASURED, REFERENCE, NoHarmRule("natural", 0.02, languages=("noisy", "up")))
    assert list(named.languages) == ["up", "noisy"]
    assert named.languages["up"].harmed == pytest.approx(every.languages["up"].harmed * 2 / 3)


def test_a_relative_margin_is_of_each_seeds_own_loss() -> None:
    """Exactly 5 % above in each seed: no noise in the ratio, though there is in the difference."""
    measured = split({"up": [2.1, 2.31, 2.52]})
    reference = split({"up": [2.0, 2.2, 2.4]})
    assert harm_of(measured, reference, NoHarmRule("natural", 0.049, relative=True)).told("harmed") == ("up",)
    kept = harm_of(measured, reference, NoHarmRule("natural", 0.051, relative=True))
    assert kept.told("not harmed within the margin") == ("up",)
    assert kept.languages["up"].margin == pytest.approx(0.051 * 2.2)
    in_nats = NoHarmRule("natural", 0.049 * 2.2)
    assert harm_of(measured, reference, in_nats).told("cannot be told") == ("up",)


def test_without_a_margin_and_without_a_difference_some_language_is_called_harmed_seldom() -> None:
    random, one_by_one, said = np.random.default_rng(0), 0, 0
    for _ in range(400):
        pair = [split({name: list(random.normal(2.0, 0.01, SEEDS)) for name in LANGUAGES}) for _ in range(2)]
        harm = harm_of(pair[0], pair[1], NoHarmRule("uniform", 0.0))
        said += bool(harm.told("harmed"))
        one_by_one += any((one.difference.low or 0) > 0 for one in harm.languages.values())
    assert said / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
    assert one_by_one / 400 > 0.15, "the correction would not be needed"
