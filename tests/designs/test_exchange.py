"""The exchange against all subsets, and within its budget."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from codescale.designs.exchange import chosen_runs
from codescale.designs.information import Criterion, Posterior


def problem(seed: int, candidates: int = 11) -> tuple[np.ndarray, Criterion, Posterior]:
    generator = np.random.default_rng(seed)
    tangents = 2.0 * generator.normal(size=(2, candidates, 3))
    return tangents, Criterion.over(tangents, np.array([0.5, 0.5])), Posterior.given(tangents[:, :0])


@pytest.mark.parametrize("seed", range(8))
def test_it_is_near_the_best_of_all_subsets(seed: int) -> None:
    tangents, criterion, nothing = problem(seed)
    found, posterior = chosen_runs(tangents, np.ones(11), criterion, nothing, 4, np.inf)
    values = [criterion.value(Posterior.given(tangents[:, list(one)])) for one in combinations(range(11), 4)]
    assert len(set(found.tolist())) == 4
    assert criterion.value(posterior) == pytest.approx(criterion.value(Posterior.given(tangents[:, found])), rel=1e-6)
    assert criterion.value(posterior) <= 1.15 * min(values)  # an exchange ends where no single one improves
    assert criterion.value(posterior) < np.quantile(values, 0.05)


def test_a_budget_is_kept_and_spent_where_it_tells_most() -> None:
    tangents, criterion, nothing = problem(0, 40)
    costs = np.random.default_rng(1).uniform(1.0, 10.0, 40)
    found, posterior = chosen_runs(tangents, costs, criterion, nothing, 40, 30.0)
    assert costs[found].sum() <= 30.0 * (1 + 1e-9)
    assert costs[found].sum() > 25.0
    drawn = np.random.default_rng(2)
    others = []
    for _ in range(200):
        order = drawn.permutation(40)
        kept = order[np.cumsum(costs[order]) <= 30.0]
        others.append(criterion.value(Posterior.given(tangents[:, kept])))
    assert criterion.value(posterior) < min(others)


def test_nothing_affordable_is_nothing_chosen() -> None:
    tangents, criterion, nothing = problem(0)
    found, _ = chosen_runs(tangents, np.full(11, 5.0), criterion, nothing, 4, 1.0)
    assert len(found) == 0
