"""What ``auto`` chooses among: each law's residuals are of held-out rows, and poor ones have no place in a stack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codescale.laws.fitting.candidates import Candidate, fit_form, stack_candidates, with_process
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
    again = law.form.near(spoilt, law.values, trained, 1)
    np.testing.assert_array_equal(again[0], law.held_out_values[0])
    assert np.abs(again[1] - law.held_out_values[1]).max() > 1e-3


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
