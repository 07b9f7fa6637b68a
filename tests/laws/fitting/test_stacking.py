"""The weights of a stack: the least squared error on held-out runs, by hand and over all other weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.laws.fitting.stacking import stack_weights

PULL = 0.1


def gram(residuals: list[np.ndarray]) -> np.ndarray:
    """The error of a stack is w' G w: mean products of residuals, which count up to six medians of the best law's, and
    the pull towards equal weights.
    """
    stacked = np.stack([one.ravel() for one in residuals])
    most = 6.0 * np.median(np.abs(stacked), axis=1).min()
    stacked = np.clip(stacked, -most, most)
    products = stacked @ stacked.T / stacked.shape[1]
    return products + PULL * np.diag(products).min() * np.eye(len(residuals))


def test_two_laws_are_weighted_by_the_closed_form() -> None:
    generator = np.random.default_rng(0)
    first, second = 0.01 * generator.standard_normal((500, 1)), 0.015 * generator.standard_normal((500, 1))
    g = gram([first, second])
    expected = (g[1, 1] - g[0, 1]) / (g[0, 0] + g[1, 1] - 2 * g[0, 1])
    assert stack_weights([[first], [second]], ["mixtures"]) == pytest.approx([expected, 1 - expected], abs=1e-4)


def test_laws_without_any_error_share_the_weight() -> None:
    exact, wrong = np.zeros((20, 2)), np.full((20, 2), 0.01)
    assert stack_weights([[exact], [wrong], [exact]], ["mixtures"]) == pytest.approx([0.5, 0.0, 0.5])
    nearly = np.where(np.arange(40).reshape(20, 2) == 7, 0.5, 0.0)  # its median error is 0 too
    assert stack_weights([[nearly], [wrong]], ["mixtures"])[1] > 0.9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_no_other_weights_have_a_smaller_error(seed: int) -> None:
    generator = np.random.default_rng(seed)
    shared = generator.standard_normal((200, 2))
    residuals = [0.01 * (shared + scale * generator.standard_normal((200, 2))) for scale in (0.5, 1.0, 2.0)]
    found = stack_weights([[one] for one in residuals], ["mixtures"])
    assert found.sum() == pytest.approx(1.0, abs=1e-5)
    assert found.min() >= 0.0
    g = gram(residuals)
    others = generator.dirichlet(np.ones(3), size=300)
    assert found @ g @ found <= np.einsum("ni,ij,nj->n", others, g, others).min() * 1.001


def test_weights_follow_held_out_errors() -> None:
    generator = np.random.default_rng(0)
    good, bad = 0.01 * generator.standard_normal((2, 400, 1))
    weights = stack_weights([[good], [10.0 * bad], [good]], ["mixtures"])
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] == pytest.approx(weights[2], abs=1e-4)
    assert weights[1] < 0.06


def test_kinds_of_hold_out_count_alike_however_many_rows_they_have() -> None:
    generator = np.random.default_rng(1)
    many, few = generator.standard_normal((2000, 1)), generator.standard_normal((20, 1))
    inside = [[0.01 * many, 0.03 * few], [0.03 * many, 0.01 * few]]
    weights = stack_weights(inside, ["mixtures", "largest"])
    assert weights == pytest.approx([0.5, 0.5], abs=0.2)
    assert stack_weights(inside, ["mixtures", "mixtures"])[0] > 0.9


def test_a_few_odd_runs_do_not_choose_the_weights() -> None:
    generator = np.random.default_rng(2)
    first, second = 0.01 * generator.standard_normal((400, 1)), 0.02 * generator.standard_normal((400, 1))
    before = stack_weights([[first], [second]], ["mixtures"])
    spoilt = first.copy()
    spoilt[:3] = 5.0
    after = stack_weights([[spoilt], [second]], ["mixtures"])
    assert after == pytest.approx(before, abs=0.05)


def test_rows_that_one_law_could_not_predict_count_for_none() -> None:
    generator = np.random.default_rng(3)
    first, second = 0.01 * generator.standard_normal((2, 300, 1))
    gaps = second.copy()
    gaps[::3] = np.nan
    kept = np.arange(300) % 3 != 0
    assert stack_weights([[first], [gaps]], ["mixtures"]) == pytest.approx(
        stack_weights([[first[kept]], [second[kept]]], ["mixtures"])
    )


def test_a_law_of_less_than_a_fiftieth_is_dropped_and_the_others_share_its_weight() -> None:
    """The third law errs as the first does, and more by itself: the less of it the more they have in common."""
    basis = np.linalg.qr(np.random.default_rng(4).standard_normal((600, 3)))[0]
    kept = []
    for common in np.linspace(0.5, 1.6, 121):
        residuals = [0.01 * basis[:, [0]], 0.012 * basis[:, [1]], 0.01 * (common * basis[:, [0]] + basis[:, [2]])]
        free = np.linalg.solve(gram(residuals), np.ones(3))
        free /= free.sum()
        if free.min() < 0.001 or abs(free[2] - 0.02) < 0.0005:
            continue
        kept.append(bool(free[2] > 0.02))
        expected = np.where(free < 0.02, 0.0, free)
        found = stack_weights([[one] for one in residuals], ["mixtures"])
        assert found == pytest.approx(expected / expected.sum(), abs=2e-4)
        assert found.tolist() == np.round(found, 6).tolist()
    assert kept.count(False) >= 2
    assert kept.count(True) >= 2
