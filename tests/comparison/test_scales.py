"""The proof once more at a larger scale: which runs, and what is said about them."""

from __future__ import annotations

import pytest

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs
from codescale.comparison.result import (
    BaselineVerdict,
    ComparedMixture,
    ComparisonVerdict,
    JudgedSplit,
    MixtureDifference,
    ScaleComparison,
    SeedMean,
)
from codescale.comparison.scales import both_scales, rank_correlation
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.study.comparison import ComparisonSection, Scale
from codescale.study.config import StudyConfig, parse_study
from codescale.sweeps.plan import plan_sweep
from tests.comparison.differences import difference

MIXTURES = {
    UNIFORM: Mixture({"python": 1 / 3, "java": 1 / 3, "rust": 1 / 3}),
    PREDICTED: Mixture({"python": 0.5, "java": 0.5}),
    MEASURED: Mixture({"python": 0.6, "java": 0.4}),
}


def with_larger(config: StudyConfig, **larger: object) -> StudyConfig:
    content = config.model_dump()
    content["comparison"]["larger"] = larger
    return parse_study(content, "study.yaml")


def test_a_larger_scale_has_runs_of_its_own_with_seeds_that_chose_nothing(config: StudyConfig) -> None:
    config = with_larger(config, size="small", tokens=1280, seeds=4)
    first, larger = config.comparison.scales
    small = comparison_runs(config, first, MIXTURES, None, {})
    large = comparison_runs(config, larger, MIXTURES, None, {})
    ids = [{run.run_id for runs in plan.values() for run in runs} for plan in (small, large)]
    assert ids[0].isdisjoint(ids[1])
    for role, runs in large.items():
        assert [run.n_params for run in runs] == [config.sizes["small"].n_params] * 4
        assert {run.token_points for run in runs} == {(1280,)}
        assert {run.mixture for run in runs} == {MIXTURES[role]}
        assert {run.seed for run in runs}.isdisjoint(run.seed for run in plan_sweep(config, None))
        assert len({run.seed for run in runs}) == 4


def test_a_larger_scale_that_is_not_is_refused(config: StudyConfig) -> None:
    with pytest.raises(UserError, match=r"comparison.larger.size: tiny has .* less than 4 times the .* search's tiny"):
        with_larger(config, size="tiny", tokens=1280)
    with pytest.raises(UserError, match=r"comparison.larger.size: 'huge' is not among sizes"):
        with_larger(config, size="huge", tokens=1280)
    with pytest.raises(UserError, match=r"comparison.larger.tokens: 8 tokens are less than one batch"):
        with_larger(config, size="small", tokens=8)
    with pytest.raises(UserError, match=r"comparison.larger.seeds"):
        with_larger(config, size="small", tokens=1280, seeds=2)
    assert ComparisonSection(size="tiny", tokens=640).scales == (ComparisonSection(size="tiny", tokens=640),)
    assert Scale(size="tiny", tokens=640).seeds == 3


def against(low: float, high: float, beats: bool | None) -> BaselineVerdict:
    return BaselineVerdict(
        difference=MixtureDifference(objective=difference(low, high)), better=0.5, worse=0.5, beats=beats
    )


def judged(objectives: tuple[float, float, float], low: float, high: float, beats: bool | None) -> ScaleComparison:
    mixtures = {
        role: ComparedMixture(
            proportions=dict(mixture), measured=JudgedSplit(objective=SeedMean(mean=value, values=(value,)))
        )
        for (role, mixture), value in zip(MIXTURES.items(), objectives, strict=True)
    }
    return ScaleComparison(
        n_params=800,
        seeds=(1, 2, 3),
        mixtures=mixtures,
        differences={MEASURED: MixtureDifference(objective=difference(low, high))},
        baselines={UNIFORM: against(low, high, beats), "natural": against(low, high, None)},
        verdict=ComparisonVerdict(statement="", beats_uniform=beats),
    )


def with_shares(comparison: ScaleComparison, shares: dict[str, dict[str, float]]) -> ScaleComparison:
    mixtures = {
        role: entry.model_copy(update={"proportions": shares.get(role, entry.proportions)})
        for role, entry in comparison.mixtures.items()
    }
    return comparison.model_copy(update={"mixtures": mixtures})


@pytest.mark.parametrize(
    ("low", "high", "beats", "words"),
    [
        (-0.3, -0.1, True, "At 8.0 times the search's N the optimum holds: -0.2000"),
        (0.1, 0.3, False, "At 8.0 times the search's N the optimum does not hold: +0.2000"),
        (-0.1, 0.2, None, "At 8.0 times the search's N the measured best cannot be told from uniform: +0.0500"),
    ],
)
def test_the_verdict_at_scale_says_no_more_than_its_interval(
    low: float, high: float, beats: bool | None, words: str
) -> None:
    first = judged((2.0, 1.9, 1.8), -0.3, -0.1, True)
    larger = judged((1.5, 1.4, 1.6), low, high, beats)
    told = both_scales(first, larger, proxy=100).larger
    assert told
    assert told.verdict
    assert words in told.verdict.statement
    assert told.verdict.holds is beats
    assert told.verdict.times_the_search == 8
    assert both_scales(first, None, proxy=100).larger is None
    other = both_scales(first, larger.model_copy(update={"yardstick": "natural"}), proxy=100).larger
    assert other
    assert other.verdict
    assert other.verdict.holds is None
    assert "cannot be told from natural" in other.verdict.statement


def test_mixtures_are_ranked_over_scales_and_equal_ones_count_once() -> None:
    first = judged((2.0, 1.9, 1.8), -0.3, -0.1, True)
    assert rank_correlation(first, judged((1.5, 1.4, 1.3), -0.3, -0.1, True)) == pytest.approx(1)
    assert rank_correlation(first, judged((1.3, 1.4, 1.5), 0.1, 0.3, False)) == pytest.approx(-1)
    assert rank_correlation(first, judged((1.4, 1.3, 1.5), 0.1, 0.3, False)) == pytest.approx(-0.5)
    same = judged((2.0, 1.9, 1.9), -0.3, -0.1, True)
    same = with_shares(same, {PREDICTED: same.mixtures[MEASURED].proportions})
    assert rank_correlation(same, first) == pytest.approx(1)
    alike = with_shares(same, {role: {"python": 1.0} for role in MIXTURES})
    assert rank_correlation(alike, first) is None
