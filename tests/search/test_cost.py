"""What a search and its proof cost, before anything is spent."""

from __future__ import annotations

import pytest

from codescale.search.cost import Speed, recorded_speed, search_cost
from codescale.search.trials.spec import run_cost
from codescale.study.comparison import Scale
from tests.search.synthetic_trials import LANGUAGES, TOKENS, study, swept_record


def test_a_cost_counts_what_the_budget_allows() -> None:
    config = study(trials=20, check_pruned=2, budget={"tokens": 5 * TOKENS})
    each = run_cost(config, "tiny", TOKENS)
    speed = Speed(each / 3600, 2, "by hand")  # a run takes a worker an hour
    found = search_cost(config, speed)
    assert [(one.name[:6], one.runs, one.hours) for one in found.costs] == [
        ("trials", 5, pytest.approx(2.5)), ("stoppe", 2, pytest.approx(1.0)), ("compar", 9, pytest.approx(4.5))
    ]  # fmt: skip
    assert found.costs[0].tokens == 5 * TOKENS
    few = study(trials=20, check_pruned=9, budget={"tokens": 5 * TOKENS})
    assert [cost.runs for cost in search_cost(few, None).costs] == [5, 5, 9]
    hours = study(trials=20, budget={"hours": 4})
    assert search_cost(hours, speed).costs[0].runs == 8
    assert search_cost(hours, None, seeds=7).costs[-1].runs == 21
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    known = recorded_speed([done], "tiny", 2)
    assert known is not None
    assert known.flops_per_second == done.flops / done.seconds
    assert recorded_speed([done], "small", 2) is None


def test_more_baselines_cost_runs() -> None:
    config = study(trials=20)
    several = config.model_copy(
        update={"comparison": config.comparison.model_copy(update={"baselines": ("natural", "weights", "unimax")})}
    )
    one, four = (search_cost(study, None) for study in (config, several))
    assert (one.costs[-1].runs, four.costs[-1].runs) == (9, 18)


def test_a_larger_scale_is_counted_beside_the_proof() -> None:
    config = study(trials=20)
    larger = Scale(size="tiny", tokens=2 * TOKENS, seeds=4)
    with_it = config.model_copy(update={"comparison": config.comparison.model_copy(update={"larger": larger})})
    added = search_cost(with_it, None).costs[-1]
    assert (added.name, added.runs, added.tokens) == ("comparison, larger", 12, 24 * TOKENS)
