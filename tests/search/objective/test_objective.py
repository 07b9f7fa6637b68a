"""What a search minimises."""

from __future__ import annotations

import pytest

from codescale.search.objective.objective import Objective
from codescale.search.space.schema import ObjectiveSpec
from tests.search.synthetic_trials import LANGUAGES, TOKENS, swept_record


def test_a_metric_that_nobody_measures_is_named() -> None:
    objective = Objective.aimed(ObjectiveSpec(weights={"java": 1}, metrics={"pass_at_1": -1}), TOKENS)
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    lost = objective.missing(done, done.evaluations[-1])
    assert lost is not None
    assert "objective.metrics.pass_at_1" in str(lost)
    assert objective.curve(done).final is None
    measured = done.model_copy(update={"metrics": {"pass_at_1": 0.5}})
    plain = Objective.aimed(ObjectiveSpec(weights={"java": 1}), TOKENS).curve(done).final
    assert plain is not None
    assert objective.curve(measured).final == pytest.approx(plain - 0.5)
