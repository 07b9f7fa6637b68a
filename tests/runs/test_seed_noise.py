"""The noise between seeds, pooled over recipes, against its definition."""

import math

import numpy as np
import pytest

from codescale.runs.seed_noise import PRIOR_FREEDOM, RecipeSpread, moderate, pooled_noise


def spread(values: list[list[float]]) -> RecipeSpread:
    """Of runs (rows) that measure some columns; NaN where one does not."""
    array = np.array(values)
    known = np.isfinite(array).sum(axis=0)
    return RecipeSpread(np.nansum((array - np.nanmean(array, axis=0)) ** 2, axis=0), known)


def test_it_is_the_pooled_deviation_with_a_degree_of_freedom_less_for_each_recipe() -> None:
    recipes = [spread([[1.0, 5.0], [1.2, 5.1], [1.1, 5.5]]), spread([[3.0, 9.0], [3.4, 8.0]]), spread([[7.0, 7.0]])]
    noise = pooled_noise(recipes, 2)
    assert noise.degrees_of_freedom == 3
    first, second = (0.02 + 0.08) / 3, ((0.2**2 + 0.1**2 + 0.3**2) + 0.5) / 3
    assert noise.per_column == pytest.approx([math.sqrt(first), math.sqrt(second)])
    assert noise.pooled == pytest.approx(math.sqrt((first + second) / 2))
    assert noise.column_freedom.tolist() == [3.0, 3.0]


def test_a_column_that_was_measured_once_tells_nothing() -> None:
    noise = pooled_noise([spread([[1.0, 5.0], [1.2, math.nan]])], 2)
    assert noise.per_column[0] == pytest.approx(math.sqrt(0.02))
    assert math.isnan(noise.per_column[1])
    assert noise.pooled == pytest.approx(math.sqrt(0.02))
    assert pooled_noise([spread([[1.0]])], 1).degrees_of_freedom == 0


def test_its_interval_holds_the_deviation_nine_times_in_ten() -> None:
    random, held = np.random.default_rng(0), 0
    for _ in range(400):
        low, high = pooled_noise([spread(random.normal(0, 0.1, (4, 1)).tolist()) for _ in range(3)], 1).interval
        held += low < 0.1 < high
    assert held / 400 == pytest.approx(0.9, abs=0.04)


def test_a_columns_noise_is_drawn_to_the_pools_the_more_the_fewer_runs_it_has() -> None:
    squares, freedom = np.array([9.0 * 4, 1.0 * 20, 0.0]), np.array([4.0, 20.0, 0.0])
    found = moderate(squares, freedom, 100.0)
    pool = 56.0 / 24
    wanted = [
        (PRIOR_FREEDOM * pool + square) / (PRIOR_FREEDOM + own) for square, own in zip(squares, freedom, strict=True)
    ]
    assert found.deviation == pytest.approx(np.sqrt(wanted))
    assert wanted[2] == pytest.approx(pool)
    assert found.freedom.tolist() == [PRIOR_FREEDOM + 4, PRIOR_FREEDOM + 20, PRIOR_FREEDOM]


def test_no_column_has_more_freedom_than_the_runs_behind_all_of_them() -> None:
    """The columns of one run may all be one luck."""
    noise = pooled_noise([spread([[1.0, 5.0], [1.2, 5.1], [1.1, 5.5]])], 2)
    assert noise.moderated.freedom.tolist() == [2.0, 2.0]
    nothing = pooled_noise([spread([[1.0, 2.0]])], 2).moderated
    assert np.isnan(nothing.deviation).all()
    assert nothing.freedom.tolist() == [0.0, 0.0]
