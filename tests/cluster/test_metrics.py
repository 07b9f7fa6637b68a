"""The metrics of a stage as Ray is given them; that its agent exports them is tested with a real one."""

from __future__ import annotations

from typing import Any

import pytest

from codescale.cluster import metrics
from codescale.cluster.metrics import StageMetrics

SET: dict[tuple[str, str], float] = {}


class Recorded:
    """A gauge or a counter that keeps what it is given, by its name and the label that is not the stage's."""

    def __init__(self, name: str, description: str, tag_keys: tuple[str, ...]) -> None:
        self.name, self.keys, self.tags = name, tag_keys, dict[str, str]()

    def set_default_tags(self, tags: dict[str, str]) -> Recorded:
        self.tags = tags
        return self

    def set(self, value: float, tags: dict[str, str] | None = None) -> None:
        assert set(self.tags | (tags or {})) == set(self.keys)
        SET[self.name, next(iter((tags or {}).values()), "")] = value

    def inc(self, value: float, tags: dict[str, str]) -> None:
        self.set(SET.get((self.name, next(iter(tags.values()))), 0.0) + value, tags)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Any]:
    SET.clear()
    monkeypatch.setattr(metrics, "Gauge", Recorded)
    monkeypatch.setattr(metrics, "Counter", Recorded)
    return SET


def test_every_state_has_a_number_and_restarts_add_up(given: dict[tuple[str, str], Any]) -> None:
    shown = StageMetrics("web", "sweep")
    shown.set_progress({"done": 3, "ok": 2, "failed": 1, "waiting": 4}, tokens=700.0, flops=1e12)
    assert {state: given["codescale_runs", state] for state in metrics.STATES} == {
        "done": 3, "running": 0, "waiting": 4, "failed": 1, "diverged": 0, "pruned": 0,
    }  # fmt: skip
    assert (given["codescale_tokens_trained", ""], given["codescale_flops_trained", ""]) == (700.0, 1e12)
    shown.set_progress({"done": 7}, tokens=900.0, flops=2e12)
    assert (given["codescale_runs", "waiting"], given["codescale_runs", "failed"]) == (0, 0)
    shown.count_restarts("machine", 2)
    shown.count_restarts("machine")
    shown.count_restarts("crash", 0)
    assert given["codescale_restarts", "machine"] == 3
    assert ("codescale_restarts", "crash") not in given
    shown.set_best(1.93)
    assert given["codescale_best_objective", ""] == 1.93
