"""A search's metrics are set again and again while nothing ends, and no more often than they have to be."""

from __future__ import annotations

import pytest

from codescale.search.tune import metrics_refresh
from codescale.search.tune.metrics_refresh import REFRESH_SECONDS, MetricsRefresh


def test_metrics_are_set_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now, shown = [1_000.0], list[float]()
    monkeypatch.setattr(metrics_refresh.time, "monotonic", lambda: now[0])
    refresh = MetricsRefresh(lambda: shown.append(now[0]))
    for step in range(101):
        now[0] = 1_000.0 + step / 5
        refresh.on_step_end(step, [])
    assert shown == [1_000.0 + k * REFRESH_SECONDS for k in range(5)]
