"""Noise between seeds: planted, found within recipes, and asked of the mixtures that are most like those predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.laws.replicates import between_seeds, log_loss_noise, mixture_noise, shared_part, trunk_luck
from codescale.runs.table import RunsTable
from tests.laws.synthetic_runs import SIZES, TOKENS, TableMaker, make_truth


def replicated(folder: Path, noise: float, seeds: int, recipes: int = 60) -> RunsTable:
    """Mixtures of three languages at one N and D, each with ``seeds`` seeds."""
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise)
    for k, shares in enumerate(np.random.default_rng(0).dirichlet(np.ones(3), size=recipes)):
        for seed in range(seeds):
            maker.add(f"m{k}-s{seed}", SIZES[0], TOKENS[0], shares, seed)
    return maker.table(folder)


def test_planted_noise_is_found_however_far_apart_the_recipes_are(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.004, 3)
    found = log_loss_noise(table, table.targets)
    assert found.pooled == pytest.approx(0.004, rel=0.1)
    assert found.per_column == pytest.approx([0.004] * 3, rel=0.2)
    assert found.degrees_of_freedom == 60 * 2


def test_two_runs_by_hand(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.01, 2, recipes=1)
    found = log_loss_noise(table, table.targets)
    differences = np.log(table.losses[0] / table.losses[1])
    np.testing.assert_allclose(found.per_column, np.abs(differences) / np.sqrt(2))
    assert found.degrees_of_freedom == 1


def test_rows_of_one_recipe_and_seed_are_one_draw(tmp_path: Path) -> None:
    """Each run once more under another id, as where a table holds a run and its copy: nothing is known better."""
    table = replicated(tmp_path, 0.004, 2, recipes=10)
    again = np.concatenate([np.arange(len(table))] * 2)
    twice = table.select(again)
    twice.run_id[len(table) :] += "-again"
    found, once = log_loss_noise(twice, table.targets), log_loss_noise(table, table.targets)
    assert found.degrees_of_freedom == once.degrees_of_freedom == 10
    assert found.per_column == pytest.approx(once.per_column)


def test_the_branches_of_a_trunk_share_its_luck_and_count_once(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], 0.004)
    for seed in range(4):
        for tokens in TOKENS:
            maker.add(f"m-s{seed}", SIZES[0], tokens, np.full(3, 1 / 3), seed)
    table = maker.table(tmp_path)
    found = log_loss_noise(table, table.targets)
    assert (found.degrees_of_freedom, found.column_freedom.tolist()) == (3, [3.0] * 3)
    variances = [np.log(table.losses[table.n_tokens == tokens]).var(axis=0, ddof=1) for tokens in TOKENS]
    assert found.per_column == pytest.approx(np.sqrt(np.mean(variances, axis=0)))


def test_a_languages_noise_is_that_of_runs_which_train_on_it(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(2), ["a", "b"], 0.0)
    for seed in range(30):
        for shares, deviation in ((np.array([0.5, 0.5]), 0.003), (np.array([0.0, 1.0]), 0.05)):
            maker.noise = deviation
            maker.add(f"{deviation}-{seed}", SIZES[0], TOKENS[0], shares, seed)
    table = maker.table(tmp_path)
    found = log_loss_noise(table, table.targets)
    assert found.per_column[0] == pytest.approx(0.003, rel=0.4)
    assert found.per_column[1] > 0.02
    assert found.column_freedom.tolist() == [29.0, 58.0]


def test_without_replicates_the_noise_is_not_known(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.004, 1)
    found = log_loss_noise(table, table.targets)
    assert found.degrees_of_freedom == 0
    assert np.isnan(found.pooled)
    np.testing.assert_array_equal(between_seeds(table, table.targets), 0.0)


def test_a_sweep_whose_rows_have_many_seeds_shows_the_noise_itself(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.004, 3)
    np.testing.assert_array_equal(between_seeds(table, table.targets), 0.0)


def test_a_sweep_of_one_seed_takes_the_noise_of_the_widest_mixtures_that_were_repeated(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], 0.0)
    maker.mixtures(40)
    wide, narrow = np.full(3, 1 / 3), np.array([1.0, 0.0, 0.0])
    for seed in range(6):
        for shares, deviation in ((wide, 0.003), (narrow, 0.05)):
            maker.noise = deviation
            maker.add(f"uniform-{deviation}-{seed}", SIZES[0], TOKENS[0], shares, seed)
    table = maker.table(tmp_path)
    found = between_seeds(table, table.targets)
    assert found == pytest.approx([0.003] * 3, rel=0.6)


def test_the_luck_of_a_trunk_is_told_by_replicates_and_by_two_degrees_at_least(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.004, 3)
    assert trunk_luck(table, table.targets) == pytest.approx([0.004] * 3, rel=0.2)
    for seeds, recipes, known in ((1, 60, False), (2, 1, False), (2, 2, True), (3, 1, True)):
        few = replicated(tmp_path, 0.004, seeds, recipes)
        assert (trunk_luck(few, few.targets) > 0).all() == known, (seeds, recipes)


def test_the_noise_of_mixtures_is_that_of_the_widest_recipes_that_were_repeated(tmp_path: Path) -> None:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], 0.0)
    for seed in range(30):
        for shares, deviation in ((np.array([0.5, 0.5, 0.0]), 0.05), (np.full(3, 1 / 3), 0.003)):
            maker.noise = deviation
            maker.add(f"{deviation}-{seed}", SIZES[0], TOKENS[0], shares, seed)
    table = maker.table(tmp_path)
    found = mixture_noise(table, table.targets)
    assert found is not None
    assert found.per_column == pytest.approx([0.003] * 3, rel=0.4)
    assert mixture_noise(table.select(table.seed == 0), table.targets) is None


def test_what_all_mixtures_of_a_seed_have_in_common_is_told_apart_from_their_own(tmp_path: Path) -> None:
    table = replicated(tmp_path, 0.003, 4, recipes=30)
    assert shared_part(table, table.targets, log_loss_noise(table, table.targets)) < 0.1
    table.losses[:] = table.losses * np.exp(0.004 * (2 * (table.seed % 2) - 1))[:, None]
    common, own = 0.004**2 * 4 / 3, 0.003**2
    found = shared_part(table, table.targets, log_loss_noise(table, table.targets))
    assert found == pytest.approx(common / (common + own), abs=0.06)
    one = table.select(table.proportions[:, 0] == table.proportions[0, 0])
    assert shared_part(one, one.targets, log_loss_noise(one, one.targets)) == 0.0
    two = table.select(np.isin(table.proportions[:, 0], np.unique(table.proportions[:, 0])[:2]))
    assert 0.1 < shared_part(two, two.targets, log_loss_noise(two, two.targets)) < found, "shrunk to none"
