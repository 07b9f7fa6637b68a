"""What a search and its proof cost, before anything is spent."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.runs.seed_noise import SeedNoise
from codescale.search.cost import Speed, recorded_speed, search_cost
from codescale.search.trials.spec import run_cost
from tests.search.synthetic_trials import LANGUAGES, TOKENS, study, swept_record


def test_a_cost_counts_what_the_budget_allows() -> None:
    config = study(trials=20, check_pruned=2, budget={"tokens": 5 * TOKENS})
    each = run_cost(config, "tiny", TOKENS)
    speed = Speed(each / 3600, 2, "by hand")  # a run takes a worker an hour
    found = search_cost(config, SeedNoise(np.array([0.01]), 0.01, 4, np.array([4.0])), speed)
    assert [(one.name[:6], one.runs, one.hours) for one in found.costs] == [
        ("trials", 5, pytest.approx(2.5)), ("stoppe", 2, pytest.approx(1.0)), ("compar", 9, pytest.approx(4.5))
    ]  # fmt: skip
    assert found.costs[0].tokens == 5 * TOKENS
    few = study(trials=20, check_pruned=9, budget={"tokens": 5 * TOKENS})
    assert [cost.runs for cost in search_cost(few, None, None).costs] == [5, 5, 9]
    hours = study(trials=20, budget={"hours": 4})
    assert search_cost(hours, None, speed).costs[0].runs == 8
    assert search_cost(hours, None, None).resolutions == ()
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    known = recorded_speed([done], "tiny", 2)
    assert known is not None
    assert known.flops_per_second == done.flops / done.seconds
    assert recorded_speed([done], "small", 2) is None


def test_more_baselines_cost_runs_and_leave_less_to_each_test() -> None:
    config = study(trials=20)
    several = config.model_copy(
        update={"comparison": config.comparison.model_copy(update={"baselines": ("natural", "weights", "unimax")})}
    )
    noise = SeedNoise(np.array([0.01]), 0.01, 4, np.array([4.0]))
    one, four = (search_cost(study, noise, None) for study in (config, several))
    assert (one.costs[-1].runs, four.costs[-1].runs) == (9, 18)
    assert (one.baselines, four.baselines) == (1, 4)
    for less, more in zip(one.resolutions, four.resolutions, strict=True):
        assert less.difference < more.difference
    # Three seeds leave 4 degrees of freedom: t quantiles 2.776 at 0.975 and 4.315 at 0.99375; 0.941 for the power.
    three = [next(step for step in found.resolutions if step.seeds == 3).difference for found in (one, four)]
    assert three == pytest.approx(
        [0.01 * (2.776 + 0.941) * (2 / 3) ** 0.5, 0.01 * (4.315 + 0.941) * (2 / 3) ** 0.5], rel=1e-3
    )
