"""How trials fit on a cluster: what Tune reserves for each, and how many go at once."""

from __future__ import annotations

import pytest

from codescale.cluster.ray_cluster import Workers
from codescale.errors import UserError
from codescale.search.tune.run import TrialPlacement, placement
from tests.search.synthetic_trials import study


@pytest.mark.parametrize(
    ("workers", "section", "expected"),
    [
        (Workers(4, 1, 0.0), {"concurrency": None}, TrialPlacement(4, {"cpu": 1}, warm=True)),
        (Workers(4, 2, 0.25), {"concurrency": None}, TrialPlacement(4, {"cpu": 2, "gpu": 0.25}, warm=True)),
        (Workers(4, 2, 1.0), {"concurrency": 3}, TrialPlacement(3, {"cpu": 2, "gpu": 1.0}, warm=True)),
        (
            Workers(5, 2, 0.5),
            {"concurrency": None, "workers_per_trial": 2},
            TrialPlacement(2, {"cpu": 0.0, "memory": 1}, warm=False),
        ),
        (Workers(2, 1, 0.0), {"workers_per_trial": 2}, TrialPlacement(1, {"cpu": 0.0, "memory": 1}, warm=False)),
    ],
)
def test_a_trial_reserves_what_its_worker_uses(workers: Workers, section: dict, expected: TrialPlacement) -> None:
    assert placement(study(**section), workers) == expected


@pytest.mark.parametrize(("section", "at_once"), [({}, 4), ({"workers_per_trial": 30}, 3), ({"concurrency": 9}, 9)])
def test_on_a_cluster_that_grows_a_quarter_of_the_trials_is_under_way(section: dict, at_once: int) -> None:
    config = study(trials=16)
    search = config.search.model_copy(update={"concurrency": None} | section)
    changed = config.model_copy(update={"search": search})
    assert placement(changed, Workers(100, 1, 0.0, grows=True)).at_once == at_once


@pytest.mark.parametrize(
    ("count", "section", "workers", "at_once"),
    [
        (2, {}, None, 4),
        (9, {}, None, 9),
        (2, {}, 2, 2),
        (2, {"concurrency": 3}, None, 3),
        (4, {"workers_per_trial": 2}, None, 2),
    ],
)
def test_where_machines_may_join_there_is_room_for_more_trials(
    monkeypatch: pytest.MonkeyPatch, count: int, section: dict, workers: int | None, at_once: int
) -> None:
    """Up to a quarter of them, where the study says of neither how many there are."""
    monkeypatch.setenv("RAY_ADDRESS", "the cluster's")
    config = study(trials=16)
    search = config.search.model_copy(update={"concurrency": None} | section)
    ray = config.ray.model_copy(update={"workers": workers})
    changed = config.model_copy(update={"search": search, "ray": ray})
    assert placement(changed, Workers(count, 1, 0.0)).at_once == at_once


def test_too_few_workers_for_one_trial_are_refused() -> None:
    config = study()
    search = config.search.model_copy(update={"workers_per_trial": 3})
    with pytest.raises(UserError, match=r"search.workers_per_trial: a trial is to have 3 workers, and there are 2"):
        placement(config.model_copy(update={"search": search}), Workers(2, 1, 0.0))
