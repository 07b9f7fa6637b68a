"""The pruning rule, on curves whose ends are known and on recorded ones."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.rule import MOST_CURVES, PruningRule, chance_below
from tests.search.pruning.planted_curves import curve, finished_curves, rate_curve, searched


def test_a_trial_that_cannot_win_is_pruned_at_its_first_evaluation() -> None:
    rule = PruningRule()
    assert rule.should_prune(curve(2.4, finished=False, evaluations=1), finished_curves())


def test_a_trial_that_may_win_goes_on() -> None:
    rule = PruningRule()
    for level in (1.9, 1.99, 2.0, 2.005):
        assert not rule.should_prune(curve(level, finished=False, evaluations=2), finished_curves())


def test_the_trunk_is_not_compared_with_annealed_ends() -> None:
    """Every trunk loss lies far above the best annealed one, and still a better trial goes on."""
    better = curve(1.95, finished=False, evaluations=1)
    finished = finished_curves()
    assert better.points[-1][1] > max(other.final for other in finished if other.final is not None)
    assert not PruningRule().should_prune(better, finished)


def test_too_few_finished_curves_prune_nothing() -> None:
    assert PruningRule(minimum=6).chance(curve(9.0, finished=False), finished_curves()) is None
    assert not PruningRule(minimum=6).should_prune(curve(9.0, finished=False), finished_curves())
    unfinished = [LearningCurve(other.points) for other in finished_curves()]
    assert not PruningRule().should_prune(curve(9.0, finished=False), unfinished)


def test_a_higher_learning_rate_that_wins_only_after_its_cooldown_goes_on() -> None:
    """At every evaluation it lies above trials that it beats in the end; one as high for its mixture is pruned."""
    finished = searched(16, 0)
    best = min(curve.final for curve in finished if curve.final is not None)
    for evaluations in (1, 3, 5):
        winner = rate_curve(1.99, 1.0, finished=False, evaluations=evaluations)
        assert rate_curve(1.99, 1.0).final < best  # type: ignore[operator]
        better_now = [other for other in finished if other.points[evaluations - 1][1] < winner.points[-1][1]]
        assert better_now
        assert not PruningRule().should_prune(winner, finished)
        as_high = LearningCurve(winner.points, None, (-1.0,))
        assert PruningRule().should_prune(as_high, finished)


def test_a_loose_relation_prunes_less() -> None:
    early = np.array([1.0, 1.1, 1.2, 1.3, 1.4])
    seen = np.array([1.25, *early])
    tight = chance_below(2.0, seen, early + 1 + np.array([0, 0.01, -0.01, 0.01, 0]))
    loose = chance_below(2.0, seen, early + 1 + np.array([0, 0.3, -0.3, 0.3, 0]))
    assert tight < 0.01
    assert 0.1 < loose < 0.5


def test_the_chance_is_that_of_a_new_observation() -> None:
    """Frequencies of planted cases agree with the chance: a calibrated rule."""
    random = np.random.default_rng(3)
    chances, wins = [], []
    for _ in range(4000):
        early = random.normal(0, 1, 7)
        final = 0.8 * early + random.normal(0, 0.5, 7)
        chances.append(chance_below(-0.5, early, final[1:]))
        wins.append(final[0] < -0.5)
    told, won = np.array(chances), np.array(wins)
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.9)):
        inside = (told >= low) & (told < high)
        assert won[inside].mean() == pytest.approx(told[inside].mean(), abs=0.04)


def test_without_spread_the_mean_is_used() -> None:
    same = np.array([5.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert chance_below(1.0, same, np.array([1.0, 1.1, 0.9, 1.0, 1.0])) == pytest.approx(0.5, abs=1e-9)
    assert chance_below(1.0, same, np.full(5, 2.0)) < 1e-9


def test_chances_are_calibrated_where_the_drop_depends_on_the_learning_rate() -> None:
    random = np.random.default_rng(5)
    told, won = [], []
    for _ in range(1500):
        early, rate = random.normal(0, 1, 11), random.uniform(-1, 1, (11, 1))
        final = 0.9 * early + 0.6 * rate[:, 0] - 0.5 * rate[:, 0] ** 2 + random.normal(0, 0.3, 11)
        told.append(chance_below(-0.5, early, final[1:], rate))
        won.append(final[0] < -0.5)
    chances, wins = np.array(told), np.array(won)
    for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.9)):
        inside = (chances >= low) & (chances < high)
        assert wins[inside].mean() == pytest.approx(chances[inside].mean(), abs=0.06)


def test_real_curves_half_of_the_tokens_are_saved_and_the_best_is_kept() -> None:
    """Recorded training (scripts/record_curves.py), replayed in twenty orders."""
    sys.path.insert(0, str(Path(__file__).parents[3] / "scripts"))
    from bench_pruning import recorded, replays

    data = recorded(Path(__file__).with_name("real_curves.csv"))
    found = replays(data, lambda: PruningRule().should_prune, 20)
    assert 1 - np.mean([one.spent for one in found]) > 0.5
    assert np.mean([one.regret for one in found]) < data.noise
    stopped = sum(one.stopped for one in found)
    assert sum(one.won for one in found) <= 0.05 * stopped


@pytest.mark.parametrize(("threshold", "minimum"), [(0.0, 4), (1.0, 4), (1.5, 4), (0.05, 2)])
def test_a_rule_outside_of_its_ranges_is_refused(threshold: float, minimum: int) -> None:
    with pytest.raises(ValueError, match=r"^the threshold lies between 0 and 1, the minimum is 3 or more$"):
        PruningRule(threshold, minimum)


def test_three_finished_curves_may_be_enough_and_none_are_asked_before_the_first_evaluation() -> None:
    rule = PruningRule(minimum=3)
    assert rule.chance(curve(2.1, finished=False, evaluations=1), finished_curves()[:3]) is not None
    assert rule.chance(LearningCurve(()), finished_curves()) is None


def test_a_trial_of_just_the_threshold_goes_on() -> None:
    trial, finished = curve(2.1, finished=False, evaluations=1), finished_curves()
    chance = PruningRule().chance(trial, finished)
    assert chance is not None
    assert 0 < chance < 1
    assert not PruningRule(threshold=chance).should_prune(trial, finished)
    assert PruningRule(threshold=1.001 * chance).should_prune(trial, finished)


def test_curves_that_cannot_be_extrapolated_are_compared_as_they_stand() -> None:
    """Two evaluations are too few for a power law."""
    levels = (2.0, 2.02, 2.05, 2.11, 2.13)
    ends = np.array([3.21, 3.2, 3.26, 3.3, 3.32])
    finished = [
        LearningCurve(curve(level, evaluations=2).points, float(end)) for level, end in zip(levels, ends, strict=True)
    ]
    trial = curve(2.04, finished=False, evaluations=1)
    early = 3.0 + np.array([2.04, *levels])
    assert PruningRule().chance(trial, finished) == pytest.approx(chance_below(3.2, early, ends), rel=1e-9)


def test_of_more_curves_than_are_used_the_nearest_tell() -> None:
    """Fifty whose losses now are far lower ended anywhere, and still change nothing."""
    random = np.random.default_rng(0)
    near = [curve(level, random.normal(0, 0.05), evaluations=2) for level in random.uniform(2, 3, MOST_CURVES)]
    far = [LearningCurve(curve(level, evaluations=2).points, 9.0 + level) for level in random.uniform(0, 1, 50)]
    trial = curve(2.03, finished=False, evaluations=1)
    rule = PruningRule()
    alone = rule.chance(trial, near)
    assert alone is not None
    assert alone > 0.01
    assert rule.chance(trial, far + near) == pytest.approx(alone, rel=1e-6)


def test_curves_of_other_settings_or_other_tokens_are_not_compared() -> None:
    trial, finished = curve(2.1, finished=False, evaluations=1), finished_curves()
    others = [rate_curve(3.0, 0.5), LearningCurve(((50_000, 1.0),), 9.0)]
    assert PruningRule().chance(trial, [*others, *finished]) == PruningRule().chance(trial, finished)
    better = [*finished, LearningCurve(((50_000, 1.0),), 0.1)]  # but that it is the best now counts
    assert PruningRule().chance(trial, better) == pytest.approx(0.0, abs=1e-3)
