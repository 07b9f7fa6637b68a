"""Several objectives: a search for each way to weigh them, and the front of what they found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem
from codescale.search.objective.weights import scalarized
from codescale.search.pareto import directions, front_of, refuse_too_few
from codescale.search.space.schema import ObjectiveSpec
from codescale.search.space.space import load_space
from tests.search.synthetic_trials import LANGUAGES, TOKENS, study, swept_record


@pytest.mark.parametrize(
    ("budget", "field"), [({"trials": 2}, "search.trials"), ({"trials": 40, "tokens": 2 * TOKENS}, "search.budget")]
)
def test_a_front_without_a_trial_for_each_search_is_refused(budget: dict[str, int], field: str) -> None:
    space = load_space("all_languages", LANGUAGES)
    aims = tuple(ObjectiveSpec(name=name, weights={name: 1.0}) for name in LANGUAGES)
    with pytest.raises(UserError, match=field):
        refuse_too_few(SearchProblem.of(study(budget=budget), replace(space, aims=aims)))
    refuse_too_few(SearchProblem.of(study(budget=budget), space))
    refuse_too_few(SearchProblem.of(study(budget={"trials": 4}), replace(space, aims=aims)))


def test_several_objectives_have_a_front() -> None:
    aims = (
        ObjectiveSpec(name="web", weights={"python": 2, "java": 2}),
        ObjectiveSpec(name="systems", weights={"rust": 1}),
    )
    assert directions(2, 10).tolist() == [[0.5, 0.5], [1, 0], [0, 1]]
    assert len(directions(2, 40)) == 5
    assert len(directions(3, 40)) == 4
    assert scalarized(aims, (0.5, 0.5)).weights == {"python": 0.25, "java": 0.25, "rust": 0.5}
    assert scalarized(aims, (0.0, 1.0)).weights == {"rust": 1.0}
    random = np.random.default_rng(0)
    records = [
        swept_record(f"run-{k}", dict(zip(LANGUAGES, map(float, random.dirichlet([1, 1, 1])), strict=True)))
        for k in range(30)
    ]
    front = front_of(records, aims, TOKENS)
    web, systems = ([one.objectives[name] for one in front] for name in ("web", "systems"))
    assert 1 < len(front) < 30
    assert web == sorted(web)
    assert systems == sorted(systems, reverse=True)
    kept = {one.run_id for one in front}
    twins = [one.model_copy(update={"spec": one.spec.model_copy(update={"run_id": "twin"})}) for one in records]
    assert front_of([*records, *twins], aims, TOKENS) == front
    for other in records:
        if other.spec.run_id not in kept:
            values = [Objective.aimed(aim, TOKENS).curve(other).final or 0.0 for aim in aims]
            assert any(a <= values[0] and b <= values[1] for a, b in zip(web, systems, strict=True))
