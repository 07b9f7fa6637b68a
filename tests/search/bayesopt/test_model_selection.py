"""Which surrogate is believed, and which rows it rests on: other scales are heeded unless they mislead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.laws.law import Law
from codescale.search.bayesopt.dataset import Dataset, LogScale, SearchData, empty_dataset, points_at_scale
from codescale.search.bayesopt.model_selection import ModelSelector, refit_schedule, subset_of_data
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.space.points import Points
from tests.search.bayesopt.planted_search import mixtures, ours, regret, search
from tests.search.planted_landscape import LANGUAGES, D, N, effective_data_law, landscape, space, sweep, wrong_for


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


def rows_of(shares: Array, scale: LogScale, losses: Array) -> Dataset:
    """Trials at ``scale`` whose every language has the loss ``losses`` (n,)."""
    points = points_at_scale(scale, Points(shares, np.empty((len(shares), 0))))
    return Dataset(points, np.tile(np.log(losses)[:, None], (1, 4)), losses, np.ones(len(losses)))


LAW = effective_data_law((0.16, 0.2, 0.25, 0.3))
HERE, SMALLER = LogScale(np.log(N), np.log(D)), LogScale(np.log(N), np.log(D / 100))


def selector(law: Law | None, earlier: Dataset) -> ModelSelector:
    return ModelSelector(LANGUAGES, dict.fromkeys(LANGUAGES, 1.0), HERE, earlier, law)


def known(rows: Dataset) -> SearchData:
    return SearchData(rows, rows, Points.empty(4, 0))


def test_a_law_is_refuted_by_trials_that_it_ranks_the_wrong_way_round_by_far() -> None:
    """Of two trials the law's better one is the worse one by a fifth; a law of the right order stays."""
    shares = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]])
    earlier = rows_of(np.full((1, 4), 0.25), SMALLER, np.array([3.0]))
    points = points_at_scale(HERE, Points(shares, np.empty((2, 0))))
    right = np.exp(LAW.surface().log_losses(points.log_params, points.log_tokens, shares)).mean(axis=1)
    wrong = right[::-1] * np.where(right[::-1] == right.max(), 1.2, 1.0)
    for losses, refuted in ((right, False), (wrong, True)):
        fitted, rows = selector(LAW, earlier).select(known(rows_of(shares, HERE, losses)))
        assert (fitted is None) == refuted
        assert len(rows) == (2 if refuted else 3)


def test_too_few_rows_are_no_model_without_a_law_and_one_with_it() -> None:
    none, shares = empty_dataset(4, 0, 4), np.random.default_rng(0).dirichlet(np.ones(4), size=4)
    four = rows_of(shares, HERE, np.array([2.0, 2.1, 2.2, 2.3]))
    assert selector(None, none).select(known(four))[0] is None
    assert selector(LAW, none).select(known(empty_dataset(4, 0, 4)))[0] is not None


def test_which_rows_were_measured_at_the_scale_searched_for() -> None:
    models = selector(None, empty_dataset(4, 0, 4))
    shares = np.full((1, 4), 0.25)
    for params, tokens, own in (
        (0.0, 0.0, True),
        (0.009, -0.009, True),
        (0.011, 0.0, False),
        (-0.011, 0.0, False),
        (0.0, 0.011, False),
        (0.0, -0.011, False),
    ):
        scale = LogScale(HERE.log_params + params, HERE.log_tokens + tokens)
        assert models.own_scale(rows_of(shares, scale, np.array([2.0]))).tolist() == [own]


def test_known_noise_between_seeds_is_believed_of_one_objective() -> None:
    none, shares = empty_dataset(4, 0, 4), np.random.default_rng(0).dirichlet(np.ones(4), size=4)
    rows = rows_of(shares, HERE, np.array([2.0, 2.1, 2.2, 2.3]))
    plain, noisy, several = (
        replace(selector(LAW, none), objective_noise=noise, objectives=count).select(known(rows))[0]
        for noise, count in ((None, 1), (0.5, 1), (0.5, 2))
    )
    assert plain is not None
    assert noisy is not None
    assert several is not None
    assert noisy.targets[0].process.noise > 2 * plain.targets[0].process.noise
    assert several.targets[0].process.noise == plain.targets[0].process.noise


def test_where_each_targets_noise_is_known_what_residuals_show_stays_as_it_is() -> None:
    none, shares = empty_dataset(4, 0, 4), np.random.default_rng(0).dirichlet(np.ones(4), size=4)
    rows, told = rows_of(shares, HERE, np.array([2.0, 2.1, 2.2, 2.3])), TargetNoise(dict.fromkeys(LANGUAGES, 0.1), 0.2)
    plain, told_too = (
        replace(selector(LAW, none), target_noise=noise, objective_noise=objective).select(known(rows))[0]
        for noise, objective in ((None, None), (told, 0.15))
    )
    assert plain is not None
    assert told_too is not None
    assert plain.seeds is None
    assert told_too.seeds is not None
    assert told_too.seeds.deviation.tolist() == [0.1] * 4
    assert told_too.seeds.shared == 0.2
    parts = 0.25 * np.exp(rows.values.mean(axis=0)) * 0.1
    assert np.sqrt(parts @ told_too.correlation @ parts) == pytest.approx(0.15)
    np.testing.assert_array_equal(told_too.shown_noise, plain.shown_noise)
    in_values = replace(selector(None, none), target_noise=told, log_losses=False)
    fitted, _ = in_values.select(known(rows.select(np.array([0, 1, 2, 3, 0, 1]))))
    assert fitted is not None
    assert fitted.seeds is None, "a log loss's noise says nothing of values that are none"
