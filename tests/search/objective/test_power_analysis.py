"""How much the objective varies between seeds, and by runs that differ in nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.search.objective.objective import Objective
from codescale.search.objective.power_analysis import (
    objective_noise,
    recipes_of,
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


def test_recipes_hold_their_seeds_and_their_mixture() -> None:
    mixture = {"python": 0.5, "java": 0.5}
    records = [swept_record(f"o{k}", mixture, k, shift) for k, shift in ((4, 0.0), (2, 0.01))]
    objective = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS)
    [recipe] = recipes_of(records, objective, 2608)
    assert recipe.seeds == (4, 2)
    assert recipe.values[1] - recipe.values[0] == pytest.approx(0.01)
    assert dict(recipe.mixture) == mixture
    assert recipes_of(records, objective, 9) == []
