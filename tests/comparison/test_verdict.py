"""Paired differences and the sentence that is said about them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs, comparison_seeds
from codescale.comparison.statistics import paired_difference, summary
from codescale.comparison.verdict import beats, harmed_languages, of_two_things, statement
from codescale.mixtures.mixture import Mixture
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
    assert words in statement(difference(low, high), [], 3, {})


def test_a_harmed_language_is_named() -> None:
    harmed = harmed_languages({"rust": difference(0.01, 0.02), "go": difference(-0.01, 0.02)})
    assert harmed == ["rust"]
    assert "harms Rust" in statement(difference(-0.2, -0.1), harmed, 3, {"rust": "Rust"})


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
    assert all(run.hyper == {"learning_rate_factor": 0.7} for role in runs for run in runs[role])


def test_the_verdict_says_so_where_organisation_differed_beside_the_mixture() -> None:
    """Else a mixture would be said to beat uniform by what pairing did."""
    added = of_two_things("paired", "shuffled")
    assert "in one document under the measured best and apart under uniform" in added
    assert added.startswith(" ")
    assert added.endswith(".")
    assert of_two_things("paired", "paired") == of_two_things("shuffled", "shuffled") == ""
    assert "apart under the measured best and in one document under uniform" in of_two_things("shuffled", "paired")
