"""What ``auto`` chooses among: each law's residuals are of held-out rows, and poor ones have no place in a stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codescale.laws.fitting.candidates import (
    Candidate,
    clearly_better,
    fit_form,
    least_error,
    stack_candidates,
    with_process,
)
from codescale.laws.fitting.holdout import Split, make_splits
from codescale.laws.forms.registry import find_form
from codescale.laws.observations import Observations, narrow, observe
from tests.laws.synthetic_runs import SIZES, TOKENS, TableMaker, make_truth


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Observations:
    return made(tmp_path_factory.mktemp("candidates"), 0.001)


def made(folder: Path, noise: float) -> Observations:
    maker = TableMaker(make_truth(3), ["a", "b", "c"], noise)
    maker.grid()
    maker.mixtures(12, sizes=SIZES, tokens=TOKENS)
    return observe(narrow(maker.table(folder)))


@pytest.fixture(scope="module")
def splits(data: Observations) -> list[Split]:
    return make_splits(data, 0)


@pytest.fixture(scope="module")
def laws(data: Observations, splits: list[Split]) -> list[Candidate]:
    return [fit_form(find_form(name), data, splits, [], 1) for name in ("effective-data", "additive")]


def test_residuals_are_predictions_by_the_hold_outs_own_values_minus_what_was_measured(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    law = laws[0]
    for k, split in enumerate(splits):
        at = (data.log_params[split.test], data.log_tokens[split.test], data.shares[split.test])
        by_hand = np.column_stack(
            [law.form.log_losses(own[None], data.domains, *at)[0] for own in law.held_out_values[k]]
        )
        np.testing.assert_allclose(law.predicted[k], by_hand)
        np.testing.assert_allclose(law.residuals[k], by_hand - data.log_losses[split.test])
    assert law.held_out is not None
    assert law.held_out.error < 0.01


def test_held_out_losses_do_not_reach_the_values_that_predict_them(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    law = laws[0]
    trained = np.array([split.train for split in splits], dtype=float)
    np.testing.assert_array_equal(law.held_out_values, law.form.near(data, law.values, trained, 1))
    spoilt = replace(data, log_losses=np.where(splits[0].test[:, None], data.log_losses + 0.2, data.log_losses))
    again = law.form.near(spoilt, law.values, trained[:1], 1)
    np.testing.assert_array_equal(again, law.form.near(data, law.values, trained[:1], 1))
    np.testing.assert_allclose(again[0], law.held_out_values[0], rtol=1e-3)
    other = law.form.near(spoilt, law.values, trained[1:2], 1)
    assert np.abs(other[0] - law.held_out_values[1]).max() > 1e-3


def test_without_hold_outs_nothing_is_judged_or_stacked(data: Observations) -> None:
    laws = [fit_form(find_form(name), data, [], [], 1) for name in ("effective-data", "additive")]
    assert [law.held_out for law in laws] == [None, None]
    assert stack_candidates(data, [], laws) is None


def test_a_stack_joins_its_members_predictions_by_their_weights(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    members = [laws[0], replace(laws[1], held_out=laws[0].held_out)]
    stack = stack_candidates(data, splits, members)
    assert stack is not None
    weights = stack.form.weights  # type: ignore[attr-defined]
    for k in range(len(splits)):
        expected = sum(weight * law.predicted[k] for weight, law in zip(weights, laws, strict=True))
        np.testing.assert_allclose(stack.predicted[k], expected, rtol=1e-9)


def test_a_law_three_times_as_wrong_as_the_best_is_no_member(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    best = laws[0].held_out
    assert best is not None
    poor = replace(laws[1], held_out=best.model_copy(update={"error": 3.01 * best.error}))
    assert stack_candidates(data, splits, [laws[0], poor]) is None
    fair = replace(laws[1], held_out=best.model_copy(update={"error": 2.99 * best.error}))
    assert stack_candidates(data, splits, [laws[0], fair]) is not None


def test_a_process_takes_forty_rows(data: Observations, laws: list[Candidate], splits: list[Split]) -> None:
    few = replace(data, usable=np.arange(len(data)) < 39)
    assert with_process(laws[0], few, splits, np.zeros(3), 0, 1) is None


def test_of_candidates_that_differ_by_chance_few_are_clearly_better(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    """A difference of one standard error: one pair in six, and of the two orders of a pair never both."""
    generator = np.random.default_rng(0)
    better = []
    for _ in range(60):
        trunks = 0.01 * generator.standard_normal((2, int(data.trunk.max()) + 1, 3))
        first, second = (
            replace(laws[0], residuals=[own[data.trunk[split.test]] for split in splits]) for own in trunks
        )
        ahead, behind = clearly_better(first, second, data, splits), clearly_better(second, first, data, splits)
        assert not (ahead and behind)
        better.append(ahead)
    assert np.mean(better) < 0.3


def test_a_candidate_that_is_better_everywhere_is_clearly_better(
    data: Observations, splits: list[Split], laws: list[Candidate]
) -> None:
    law = laws[0]
    closer = replace(law, residuals=[0.8 * one for one in law.residuals])
    assert clearly_better(closer, law, data, splits)
    assert not clearly_better(law, closer, data, splits)
    assert not clearly_better(law, law, data, splits)


def test_the_rows_of_a_trunk_are_one_witness(data: Observations, splits: list[Split], laws: list[Candidate]) -> None:
    """Gains and losses that cancel over trunks, though by rows there are many more of them."""
    generator = np.random.default_rng(1)
    gains = 0.002 * generator.standard_normal(int(data.trunk.max()) + 1)
    gains -= gains.mean()
    plain = [np.full(one.shape, 0.01) for one in laws[0].residuals]
    other = [
        np.full(one.shape, 0.01) + gains[data.trunk[split.test], None] for one, split in zip(plain, splits, strict=True)
    ]
    first, second = replace(laws[0], residuals=plain), replace(laws[0], residuals=other)
    apart = replace(data, trunk=np.arange(len(data)))
    errors = [trunk_error(first, second, one, splits) for one in (data, apart)]
    assert errors[0] > 1.3 * errors[1]


def trunk_error(first: Candidate, second: Candidate, data: Observations, splits: list[Split]) -> float:
    """The least advantage, in nats, from which ``first`` is clearly better than ``second``."""
    low, high = -0.01, 0.01
    for _ in range(40):
        middle = (low + high) / 2
        moved = replace(first, residuals=[one - middle for one in first.residuals])
        low, high = (low, middle) if clearly_better(moved, second, data, splits) else (middle, high)
    return high


def test_least_error_leaves_out_baselines(laws: list[Candidate]) -> None:
    best = laws[0].held_out
    assert best is not None
    baseline = replace(laws[0], name="linear", held_out=best.model_copy(update={"error": 0.0}))
    assert least_error([baseline, laws[1], laws[0]]) is laws[0]
    unjudged = [replace(one, held_out=None) for one in laws]
    assert least_error(unjudged) is unjudged[0]
