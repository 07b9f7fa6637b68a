"""Keeps a search's metrics alive while its trials train: Ray drops a gauge that has not been set for twenty seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ray.tune import Callback

REFRESH_SECONDS = 5.0


class MetricsRefresh(Callback):
    """Calls ``show`` every few seconds while Tune runs; Tune tells it of its steps, several a second."""

    def __init__(self, show: Callable[[], None]) -> None:
        self._show = show
        self._shown = -REFRESH_SECONDS

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Called after each look of Tune at its trials."""
        now = time.monotonic()
        if now - self._shown >= REFRESH_SECONDS:
            self._shown = now
            self._show()
