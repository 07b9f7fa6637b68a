"""How many trials are under way on a cluster that grows, and whose fault it is that one was lost."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from codescale.cluster.autoscaling import ClusterState
from codescale.search.tune import growing
from codescale.search.tune.growing import GrowingConcurrency, LostMachines

DEMAND = {"CPU": 2.0}


@pytest.mark.parametrize(
    ("state", "trials"),
    [
        (ClusterState((), grows=True), 1),
        (ClusterState(({"CPU": 4.0},), grows=True), 5),
        (ClusterState(({"CPU": 4.0},), grows=True, unmet=(DEMAND,), coming=1), 5),
        (ClusterState(({"CPU": 4.0},), grows=True, unmet=(DEMAND,)), 2),
        (ClusterState((), grows=True, unmet=(DEMAND,)), 1),
        (ClusterState(({"CPU": 400.0},), grows=True), 20),
        (ClusterState(()), 1),
        (ClusterState(({"CPU": 4.0}, {"CPU": 2.0})), 3),
        (ClusterState(({"CPU": 400.0},)), 20),
    ],
)
def test_trials_follow_the_machines(state: ClusterState, trials: int) -> None:
    assert GrowingConcurrency({**DEMAND, "GPU": 0.0}, 20).within(state) == trials


def test_the_cluster_is_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter([ClusterState(({"CPU": 2.0},), grows=True), ClusterState(({"CPU": 4.0},), grows=True)])
    clock = [100.0]
    monkeypatch.setattr(growing, "cluster_state", lambda: next(states))
    monkeypatch.setattr(growing.time, "monotonic", lambda: clock[0])
    allowed = GrowingConcurrency(DEMAND, 20)
    assert [allowed(), allowed()] == [3, 3]
    clock[0] += growing.LOOK_SECONDS
    assert allowed() == 5


@pytest.mark.parametrize(
    ("said", "lives", "excused"),
    [
        ("The actor died because its node has died. Node Id: 0a1b\n", False, ["trial"]),
        ("The actor died because its node has died. Node Id: 0a1b\n", True, []),
        ("The actor is dead because its worker process has died.", False, []),
        (None, False, []),
    ],
)
def test_a_lost_machine_excuses_its_trial(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str | None, lives: bool, excused: list[str]
) -> None:
    monkeypatch.setattr(growing, "node_alive", lambda node: lives if node == "0a1b" else None)
    error = tmp_path / "error.txt"
    if said is not None:
        error.write_text(said)
    told: list[str] = []
    LostMachines(told.append).on_trial_error(1, [], SimpleNamespace(error_file=error, trial_id="trial"))
    assert told == excused
