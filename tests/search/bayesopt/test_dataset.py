"""Rows of a search: what is measured, at which scale, and which runs of a sweep become rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.search.bayesopt.dataset import (
    Dataset,
    LogScale,
    dataset_of_runs,
    empty_dataset,
    points_at_scale,
    trained_with,
)
from codescale.search.space.points import Points
from tests.search.planted_landscape import LANGUAGES, D, N, landscape, sweep


def test_runs_of_a_sweep_are_rows_at_their_own_scale() -> None:
    runs = sweep(landscape(), np.array([D / 10, D]))
    weights = dict(zip(LANGUAGES, (2.0, 1.0, 1.0, 0.0), strict=True))
    found = dataset_of_runs(runs, LANGUAGES, weights, np.array([0.5]), one_target=False)
    assert found.points.log_params == pytest.approx(np.log([N, N]))
    assert found.points.log_tokens == pytest.approx(np.log([D / 10, D]))
    assert found.points.hyper.tolist() == [[0.5], [0.5]]
    assert np.exp(found.values) == pytest.approx(runs.losses)
    assert found.objective == pytest.approx(runs.losses @ np.array([0.5, 0.25, 0.25, 0.0]))
    whole = dataset_of_runs(runs, LANGUAGES, weights, np.array([0.5]), one_target=True)
    assert np.exp(whole.values[:, 0]) == pytest.approx(found.objective)


def test_runs_that_lack_a_loss_or_train_on_something_else_are_left_out() -> None:
    runs = sweep(landscape(), np.full(3, D))
    losses = runs.losses.copy()
    losses[1, 0] = np.nan
    weights = {"python": 1.0}
    kept = dataset_of_runs(replace(runs, losses=losses), LANGUAGES, weights, np.empty(0), one_target=False)
    assert kept.points.shares.tolist() == runs.proportions[[0, 2]].tolist()
    assert len(dataset_of_runs(runs, LANGUAGES[:3], weights, np.empty(0), one_target=False)) == 0


def test_what_a_row_says_of_its_hyperparameters_is_read() -> None:
    runs = sweep(landscape(), np.full(3, D))
    rows = len(runs)
    factors = np.full(rows, np.nan)
    factors[1] = 2.0
    named = replace(runs, hyper={"learning_rate_factor": factors, "batch": np.full(rows, 4.0)})
    assert trained_with(named, ["learning_rate_factor"])[:2] == [{}, {"learning_rate_factor": 2.0}]
    words = np.array(["paired", "shuffled", "", *[""] * (rows - 3)], dtype=object)
    organised = trained_with(replace(named, organisation=words), ["organisation"])
    assert organised[:3] == [{"organisation": 1.0}, {"organisation": 0.0}, {}]
    assert trained_with(runs, ["learning_rate_factor"]) == [{}] * rows


def test_rows_are_selected_and_joined_with_all_that_belongs_to_them() -> None:
    points = points_at_scale(LogScale(1.0, 2.0), Points(np.eye(3), np.arange(3.0)[:, None]))
    data = Dataset(points, np.arange(6.0).reshape(3, 2), np.arange(3.0), np.array([1.0, 2.0, 1.0]))
    assert data.finished.objective.tolist() == [0.0, 2.0]
    back = data.select(np.array([2])).concatenate(data.select(np.array([0, 1])))
    assert back.points.hyper[:, 0].tolist() == back.objective.tolist() == [2.0, 0.0, 1.0]
    assert back.points.shares.tolist() == np.eye(3)[[2, 0, 1]].tolist()
    assert len(empty_dataset(3, 1, 2).concatenate(data)) == 3


def test_a_hyperparameters_range_is_as_wide_to_the_kernel_as_it_is_told_to_be() -> None:
    points = points_at_scale(LogScale(1.0, 2.0), Points(np.array([[0.125, 0.875]]), np.array([[0.5]])))
    assert points.kernel_inputs(3.0)[0] == pytest.approx([1.0, 2.0, 0.5, np.cbrt(0.875), 1.5])


def test_laws_take_every_trial_as_a_run_of_its_own_whose_tokens_never_run_out() -> None:
    points = points_at_scale(LogScale(1.0, 2.0), Points(np.eye(3), np.empty((3, 0))))
    data = Dataset(points, np.arange(3.0)[:, None], np.arange(3.0), np.ones(3))
    found = data.observations(("a", "b", "c"), ("x",))
    assert found.trunk.tolist() == [0, 1, 2]
    assert found.usable.all()
    assert np.isinf(found.unique_tokens).all()
    assert found.unique_tokens.shape == (3, 3)
    assert found.log_losses.tolist() == data.values.tolist()
