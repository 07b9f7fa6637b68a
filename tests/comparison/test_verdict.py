"""Paired differences and the sentence that is said about them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs, comparison_seeds
from codescale.comparison.result import BaselineVerdict, Harm, HarmWord, LanguageHarm, MixtureDifference
from codescale.comparison.statistics import paired_difference, summary
from codescale.comparison.verdict import beats, of_harm, of_two_things, statement
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.search.objective.objective import Objective
from codescale.study.config import StudyConfig
from codescale.sweeps.plan import plan_sweep
from tests.comparison.differences import difference

losses = st.lists(st.floats(1, 6), min_size=3, max_size=8)


@settings(deadline=None)
@given(losses, st.integers(0, 1000))
def test_the_interval_is_that_of_the_paired_t_test(values: list[float], seed: int) -> None:
    other = np.array(values) + np.random.default_rng(seed).normal(0.1, 0.05, len(values))
    interval = ttest_rel(values, other).confidence_interval(0.9)
    difference = paired_difference(values, other.tolist())
    assert difference.low == pytest.approx(interval.low, abs=1e-9)
    assert difference.high == pytest.approx(interval.high, abs=1e-9)


def test_summary_is_mean_and_standard_error() -> None:
    assert summary([1.0, 2.0, 3.0]).content() == {
        "mean": 2.0,
        "standard_error": pytest.approx(3**-0.5),
        "values": [1.0, 2.0, 3.0],
    }


def test_the_objective_scales_its_weights() -> None:
    assert Objective.of({"a": 2.0, "b": 1.0, "c": 0.0}, 100).value({"a": 1.0, "b": 4.0}) == pytest.approx(2.0)


def verdict(low: float, high: float, beats_it: bool | None) -> BaselineVerdict:
    return BaselineVerdict(
        difference=MixtureDifference(objective=difference(low, high)), better=0.5, worse=0.5, beats=beats_it
    )


def harm(words: dict[str, HarmWord], margin: float = 0.0, relative: bool = False) -> Harm:
    one = difference(0.01, 0.02)
    languages = {
        name: LanguageHarm(difference=one, margin=0.0, beyond=one, harmed=0.5, not_harmed=0.5, verdict=word)
        for name, word in words.items()
    }
    return Harm(reference="natural", margin=margin, relative=relative, languages=languages)


@pytest.mark.parametrize(
    ("low", "high", "expected", "words"),
    [
        (-0.05, -0.01, True, "The measured best mixture beats uniform: -0.0300"),
        (0.01, 0.05, False, "worse than uniform: +0.0300"),
        (-0.01, 0.02, None, "A null result"),
    ],
)
def test_the_verdict_says_no_more_than_the_interval(low: float, high: float, expected: bool | None, words: str) -> None:
    assert beats(difference(low, high)) is expected
    said = statement({UNIFORM: verdict(low, high, expected)}, UNIFORM, named=False, seeds=3)
    assert words in said
    assert "Holm" not in said


def test_every_baseline_is_told_and_the_correction_stands_over_the_interval() -> None:
    verdicts = {
        UNIFORM: verdict(-0.06, -0.01, None),
        "natural": verdict(-0.05, -0.01, True),
        "weights": verdict(-0.04, -0.02, True),
        "unimax": verdict(0.01, 0.02, False),
    }
    said = statement(verdicts, "natural", named=False, seeds=3)
    assert said.startswith("The measured best mixture beats natural (the best of 4 baselines on validation): -0.0300")
    assert said.endswith(
        "It beats weights, is worse than unimax, cannot be told from uniform (Holm's correction for 4 mixtures)."
    )
    twins = {UNIFORM: verdict(-0.05, -0.01, True), "weights": verdict(-0.05, -0.01, True)}
    assert statement(twins, UNIFORM, named=True, seeds=3).endswith("It beats weights (the same mixture).")
    assert "cannot be told from uniform (named beforehand)" in statement(verdicts, UNIFORM, named=True, seeds=3)


def test_harm_is_told_in_three_words_and_without_a_rule_as_noise() -> None:
    words: dict[str, HarmWord] = {"rust": "harmed", "go": "cannot be told", "java": "not harmed within the margin"}
    assert "It harms Rust: higher loss than under natural" in of_harm(harm(words), rule=None, labels={"rust": "Rust"})
    assert of_harm(harm(words, 0.02, relative=True), NoHarmRule("natural", 0.02, True), labels={"rust": "Rust"}) == (
        "By the margin of 2 % against natural: harmed: Rust; cannot be told: go; not harmed within the margin: java."
    )
    untold: dict[str, HarmWord] = {"go": "cannot be told"}
    assert of_harm(harm(untold), rule=None, labels={}) == "No language is harmed beyond the noise."
    kept: dict[str, HarmWord] = {"java": "not harmed within the margin"}
    assert of_harm(harm(kept, 0.01), NoHarmRule("natural", 0.01), labels={}) == (
        "No language is harmed within the margin of 0.01 nats per token against natural."
    )
    assert "No language" not in of_harm(harm(kept | untold, 0.01), NoHarmRule("natural", 0.01), labels={})
    named = NoHarmRule("natural", 0.01, languages=("java",))
    assert of_harm(harm(kept, 0.01), named, labels={"java": "Java"}) == (
        "None of Java is harmed within the margin of 0.01 nats per token against natural."
    )


def test_the_proof_uses_seeds_that_chose_nothing_and_shares_the_runs_of_equal_mixtures(config: StudyConfig) -> None:
    mixtures = {
        UNIFORM: config.uniform(),
        PREDICTED: Mixture({"python": 0.5, "java": 0.5}),
        MEASURED: Mixture({"python": 0.5, "java": 0.5, "rust": 0.0}),
    }
    runs = comparison_runs(config, config.comparison, mixtures, 500, {"learning_rate_factor": 0.7})
    swept = {run.seed for run in plan_sweep(config, None)}
    assert len(swept) > 1, "the sweep has seeds besides the study's own"
    assert swept.isdisjoint(comparison_seeds(config, config.comparison))
    assert [run.seed for run in runs[UNIFORM]] == [run.seed for run in runs[MEASURED]]
    assert runs[PREDICTED] == runs[MEASURED]
    assert {run.run_id for run in runs[UNIFORM]}.isdisjoint({run.run_id for run in runs[MEASURED]})
    named = comparison_runs(config, config.comparison, {"file:my mixes/ours.yaml": config.uniform()}, 500, {})
    assert [run.run_id.rpartition("-s")[0][:32] for run in named["file:my mixes/ours.yaml"]] == [
        "comparison-file-my-mixes-ours.ya"
    ] * 3
    assert all(run.hyper == {"learning_rate_factor": 0.7} for role in runs for run in runs[role])


def test_the_verdict_says_so_where_organisation_differed_beside_the_mixture() -> None:
    """Else a mixture would be said to beat uniform by what pairing did."""
    added = of_two_things("paired", "shuffled")
    assert "in one document under the measured best and apart under uniform" in added
    assert added.startswith(" ")
    assert added.endswith(".")
    assert of_two_things("paired", "paired") == of_two_things("shuffled", "shuffled") == ""
    assert "apart under the measured best and in one document under uniform" in of_two_things("shuffled", "paired")
