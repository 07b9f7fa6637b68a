"""Suggestions and recommendations, without Optuna: how a search begins, what pending trials change, what is best."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.search.bayesopt.dataset import Dataset, LogScale, SearchData, empty_dataset, points_at_scale
from codescale.search.bayesopt.model_selection import ModelSelector
from codescale.search.bayesopt.optimizer import BayesianOptimizer
from codescale.search.bayesopt.termination import expected_regret
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.points import Points
from codescale.search.space.space import SearchSpace

DOMAINS = ("a", "b", "c")
SCALE, SMALL = LogScale(20.0, 20.0), LogScale(20.0, 15.0)
REGION = FeasibleRegion(SearchSpace("three", dict.fromkeys(DOMAINS, (0.0, 1.0)), {}), DOMAINS)
NONE = Points.empty(3, 0)
BEST = np.array([0.5, 0.3, 0.2])


def objective(shares: Array) -> Array:
    return np.asarray(2.0 + ((shares - BEST) ** 2).sum(axis=1))


def measured(shares: Array, scale: LogScale = SCALE, noise_scale: float = 1.0) -> Dataset:
    values = objective(shares)
    points = points_at_scale(scale, Points(shares, np.empty((len(shares), 0))))
    return Dataset(points, values[:, None], values, np.full(len(shares), noise_scale))


def random_shares(count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).dirichlet(np.ones(3), size=count)


def data_of(rows: Dataset, diverged: Points = NONE) -> SearchData:
    return SearchData(rows, rows, diverged)


def optimizer(earlier: Dataset | None = None) -> BayesianOptimizer:
    earlier = empty_dataset(3, 0, 1) if earlier is None else earlier
    models = ModelSelector(DOMAINS, {"objective": 1.0}, SCALE, earlier, seed=1, log_losses=False)
    return BayesianOptimizer(REGION, models, seed=1)


def test_the_first_trial_is_the_centre_and_the_next_ones_lie_far_from_it_and_each_other() -> None:
    one = optimizer()
    first = one.suggest(data_of(empty_dataset(3, 0, 1)), NONE, 0)
    assert first.shares[0] == pytest.approx(1 / 3)
    tried = first
    for number in (1, 2, 3):
        point = one.suggest(data_of(empty_dataset(3, 0, 1)), tried, number)
        assert np.abs(tried.shares - point.shares).max(axis=1).min() > 0.2
        tried = Points.concatenate([tried, point])


def test_the_second_trial_of_a_search_with_earlier_runs_is_the_centre() -> None:
    """No law has chosen it, so that it tells whether other scales mislead."""
    earlier = measured(random_shares(12), SMALL)
    first = measured(BEST[None])
    assert optimizer(earlier).suggest(data_of(first), NONE, 1).shares[0] == pytest.approx(1 / 3)
    begun = data_of(empty_dataset(3, 0, 1))
    assert optimizer(earlier).suggest(begun, first.points.points, 1).shares[0] == pytest.approx(1 / 3)
    assert optimizer().suggest(data_of(first), NONE, 1).shares[0] != pytest.approx(1 / 3, abs=0.05)
    centre = measured(np.full((1, 3), 1 / 3))
    assert optimizer(earlier).suggest(data_of(centre), NONE, 1).shares[0] != pytest.approx(1 / 3, abs=1e-3)


def test_no_suggestion_repeats_what_was_tried_is_under_way_or_diverged() -> None:
    one, data = optimizer(), data_of(measured(random_shares(12)))
    for number in (9, 11):  # a Thompson sample, and expected improvement
        free = one.suggest(data, NONE, number)
        again = one.suggest(data, free, number)
        assert np.abs(again.shares - free.shares).max() > one.settings.repeat_radius
        away = one.suggest(data_of(data.latest, diverged=free), NONE, number)
        assert np.abs(away.shares - free.shares).max() > one.settings.diverged_radius


def test_expected_improvement_counts_a_pending_trial_as_if_it_had_ended() -> None:
    """So two trials in parallel look at different places, though each alone would go to the same one."""
    one, data = optimizer(), data_of(measured(random_shares(16, 2)))
    first = one.suggest(data, NONE, 11)
    gain = one.expected_improvement(data, first)
    second = one.suggest(data, first, 11)
    assert gain is not None
    assert gain > 0
    assert np.abs(second.shares - first.shares).max() > 0.1


def test_the_same_rows_number_and_seed_give_the_same_point() -> None:
    data = data_of(measured(random_shares(8)))
    points = [optimizer().suggest(data, NONE, number).shares.tolist() for number in (4, 4, 5)]
    assert points[0] == points[1] != points[2]


def test_what_is_recommended_has_the_best_expectation() -> None:
    rows = measured(random_shares(24))
    one, data = optimizer(), data_of(rows)
    point, value = one.recommend(data)
    assert point.shares[0] == pytest.approx(BEST, abs=0.06)
    assert value == pytest.approx(2.0, abs=0.01)
    among, _ = one.recommend(data, anywhere=False)
    means = one.posterior(data).mean(rows.points.points)
    assert among.shares[0].tolist() == rows.points.shares[int(np.argmin(means))].tolist()


def test_a_pruned_trial_is_never_recommended() -> None:
    pruned = measured(BEST[None], noise_scale=3.0)
    data = data_of(measured(random_shares(10)).concatenate(pruned))
    among, _ = optimizer().recommend(data, anywhere=False)
    assert among.shares[0].tolist() != BEST.tolist()


def test_before_a_surrogate_can_be_fitted_the_best_measurement_is_recommended() -> None:
    rows = measured(random_shares(3))
    point, value = optimizer().recommend(data_of(rows))
    assert value == rows.objective.min()
    assert point.shares[0].tolist() == rows.points.shares[int(np.argmin(rows.objective))].tolist()
    nothing = data_of(empty_dataset(3, 0, 1))
    with pytest.raises(ValueError, match="nothing has been measured"):
        optimizer().recommend(nothing)
    with pytest.raises(ValueError, match="before 5 trials"):
        optimizer().posterior(data_of(rows))
    assert optimizer().expected_improvement(data_of(rows), point) is None
    assert optimizer().expected_regret(nothing) is None


def test_a_suggestion_looks_at_the_fewer_points_the_more_trials_there_are() -> None:
    one = optimizer()
    budgets = [
        one._evaluation_budget(number, rows) for number, rows in ((0, 5), (500, 150), (5_000, 150), (10**6, 150))
    ]
    assert budgets[0] == one.settings.most_evaluations
    assert budgets[-1] == one.settings.fewest_evaluations
    assert budgets == sorted(budgets, reverse=True)


def test_the_budget_is_shared_between_trials_so_far_and_the_rows_and_targets_of_each_question() -> None:
    one = optimizer()
    number, rows = 20_000, 60
    affordable = one.settings.suggestion_budget / (20_001 * (60 + 2 * 3))
    assert one.settings.fewest_evaluations < affordable < one.settings.most_evaluations
    assert one._evaluation_budget(number, rows) == pytest.approx(affordable)
    one.models.weights = {"a": 1.0, "b": 1.0}
    assert one._evaluation_budget(number // 2, rows) == pytest.approx(affordable * 20_001 / 10_001 / 2)


def test_the_best_measured_points_come_first_as_starts() -> None:
    one, rows = optimizer(), measured(random_shares(40))
    starts = one._best(rows)
    order = np.argsort(rows.objective)[: one.settings.most_measured_starts]
    assert starts.shares.tolist() == rows.points.shares[order].tolist()


def test_an_expected_improvement_is_that_of_the_posterior_over_the_least_expectation_of_a_finished_trial() -> None:
    from scipy.stats import norm

    pruned = measured(BEST[None], noise_scale=3.0)
    one, data = optimizer(), data_of(measured(random_shares(16, 2)).concatenate(pruned))
    asked = Points(np.array([[0.45, 0.3, 0.25]]), np.empty((1, 0)))
    posterior = one.posterior(data)
    best = posterior.mean(data.latest.finished.points.points).min()
    mean, std = (float(part[0]) for part in posterior.mean_and_std(asked))
    z = (best - mean) / std
    assert one.expected_improvement(data, asked) == pytest.approx(std * (norm.pdf(z) + z * norm.cdf(z)), rel=1e-6)


def test_what_more_trials_may_gain_is_asked_of_the_recommended_measured_point_from_the_best_ones() -> None:
    one, data = optimizer(), data_of(measured(random_shares(10)))
    found = one.expected_regret(data)
    recommended, _ = one.recommend(data, anywhere=False)
    starts = one._best(data.latest.finished)
    assert found == expected_regret(one.posterior(data), REGION, recommended, starts, one.seed)
    assert found is not None
    assert found.expected > 0
