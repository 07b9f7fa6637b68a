"""How much the objective varies between seeds, and what differences that lets a budget resolve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from codescale.search.objective.objective import Objective
from codescale.search.objective.power_analysis import (
    minimum_detectable_difference,
    objective_noise,
    seeds_needed,
    sweep_noise,
)
from tests.search.synthetic_trials import LANGUAGES, TOKENS, swept_record


def test_the_noise_of_seeds_is_pooled_over_runs_that_differ_in_nothing_else() -> None:
    uniform, other = dict.fromkeys(LANGUAGES, 1 / 3), {"python": 0.5, "java": 0.5}
    records = [swept_record(f"u{k}", uniform, k, shift) for k, shift in enumerate((0.0, 0.02, 0.04))]
    records += [swept_record(f"o{k}", other, k, shift) for k, shift in enumerate((0.0, 0.01))]
    records += [swept_record("alone", {"java": 1.0})]
    objective = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS)
    noise = objective_noise(records, objective, 2608)
    assert noise is not None
    assert noise.degrees_of_freedom == 3
    assert noise.pooled == pytest.approx(np.sqrt((2 * 0.02**2 + 0.01**2 / 2) / 3))
    assert noise.interval[0] < noise.pooled < noise.interval[1]
    assert objective_noise(records, objective, 9) is None
    assert objective_noise(records[-1:], objective, 2608) is None
    later = [
        one.model_copy(update={"spec": one.spec.model_copy(update={"stage": "comparison"})}) for one in records[3:]
    ]
    begun = sweep_noise([*records[:3], *later], objective, 2608)
    assert begun is not None
    assert (begun.degrees_of_freedom, begun.pooled) == (2, pytest.approx(0.02))


def test_what_is_resolved_is_found_in_four_of_five_repetitions() -> None:
    random = np.random.default_rng(0)
    for seeds in (3, 8):
        gap = minimum_detectable_difference(0.01, seeds)
        first = random.normal(0, 0.01, (4000, seeds))
        second = random.normal(gap, 0.01, (4000, seeds))
        found = stats.ttest_ind(first, second, axis=1).pvalue < 0.05
        assert found.mean() == pytest.approx(0.8, abs=0.04)
    assert minimum_detectable_difference(0.01, 1) == float("inf")
    needed = seeds_needed(0.01, 0.015)
    assert needed is not None
    assert minimum_detectable_difference(0.01, needed) <= 0.015 < minimum_detectable_difference(0.01, needed - 1)
    assert seeds_needed(0.01, 1e-6) is None
