"""Which surrogate is believed, and which rows it rests on: other scales are heeded unless they mislead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.search.bayesopt.dataset import Dataset, LogScale, points_at_scale
from codescale.search.bayesopt.model_selection import refit_schedule, subset_of_data
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.space.points import Points
from tests.search.bayesopt.planted_search import mixtures, ours, regret, search
from tests.search.planted_landscape import LANGUAGES, D, landscape, space, sweep, wrong_for


@pytest.mark.parametrize("order", [LANGUAGES, LANGUAGES[::-1]])
def test_small_runs_are_heeded_unless_they_mislead(order: tuple[str, ...]) -> None:
    """Sixty runs of a hundredth of the tokens know the truth, or say that the languages which need most need least."""
    runs = sweep(wrong_for(order), np.full(60, D / 100))
    sampler = ours(space(), runs=runs)
    study = search(sampler, 16, landscape(), space())
    assert regret(study, sampler, landscape(), space()) < 0.1
    data, optimizer = sampler._data(study)
    assert len(optimizer.models.select(data)[1]) == (76 if order == LANGUAGES else 16)


@pytest.mark.parametrize("order", [LANGUAGES, LANGUAGES[::-1]])
def test_two_trials_tell_whether_small_runs_mislead(order: tuple[str, ...]) -> None:
    """The second is the middle, which no law has chosen. Refuted, the search begins as one that knows nothing."""
    runs = sweep(wrong_for(order), np.full(60, D / 100))
    sampler = ours(space(), runs=runs)
    study = search(sampler, 2, landscape(), space())
    assert mixtures(study, space())[1].array(LANGUAGES) == pytest.approx(0.25, abs=1e-6)
    data, optimizer = sampler._data(study)
    fitted, rows = optimizer.models.select(data)
    assert (fitted is None, len(rows)) == ((False, 62) if order == LANGUAGES else (True, 2))


def test_what_only_shifts_all_losses_misleads_nobody() -> None:
    """Small runs of which all losses lie a fifth too high still say where the optimum is."""
    runs = sweep(landscape(), np.full(60, D / 100))
    shifted = replace(runs, losses=1.2 * runs.losses)
    sampler = ours(space(), runs=shifted)
    study = search(sampler, 3, landscape(), space())
    data, optimizer = sampler._data(study)
    assert len(optimizer.models.select(data)[1]) == 63


def test_bad_trials_beside_good_ones_are_remembered() -> None:
    """Of more trials than are learned from, those about the best stay, whatever they were worth."""
    generator = np.random.default_rng(0)
    far, near = generator.dirichlet(np.ones(4), size=400), np.array([0.7, 0.1, 0.1, 0.1])
    about = generator.dirichlet(200 * near, size=40)
    shares = np.vstack([far, near[None], about])
    objective = np.concatenate([2 + generator.random(400), [1.0], 3 + generator.random(40)])
    scale = LogScale(0.0, 0.0)
    points = points_at_scale(scale, Points(shares, np.empty((441, 0))))
    rows = Dataset(points, objective[:, None], objective, np.ones(441))
    kept = subset_of_data(rows, DEFAULT_SETTINGS)
    assert len(kept) == DEFAULT_SETTINGS.most_rows
    told = {tuple(row) for row in kept.points.shares}
    assert sum(tuple(row) in told for row in about) > 35
    assert kept.objective.max() > 2.9


def test_few_rows_are_all_learned_from() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=DEFAULT_SETTINGS.most_rows)
    points = points_at_scale(LogScale(0.0, 0.0), Points(shares, np.empty((len(shares), 0))))
    rows = Dataset(points, shares[:, :1], shares[:, 0], np.ones(len(shares)))
    assert subset_of_data(rows, DEFAULT_SETTINGS) is rows


def test_everything_is_fitted_anew_at_every_trial_first_and_then_after_ever_more() -> None:
    refits = sorted({refit_schedule(rows, DEFAULT_SETTINGS) for rows in range(60)})
    assert refits == [0, 1, 2, 3, 4, 5, 8, 11, 14, 17, 20, 23, 27, 32, 37, 43, 50, 58]
    assert all(refit_schedule(rows, DEFAULT_SETTINGS) <= rows for rows in range(200))
