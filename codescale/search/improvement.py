"""When to end a search: where what another trial is expected to gain is less than what seeds change by chance."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

PATIENCE = 3
"""Trials in a row of which too little is expected; one alone may be the surrogate's whim."""


@runtime_checkable
class KnowsImprovement(Protocol):
    """A sampler that can say what it expects of the trial that it suggested last."""

    def expected_improvement(self) -> float | None:
        """E[max(best - y, 0)] in the objective's units (nats per token); None where it cannot be told yet."""
        ...


class Patience:
    """Asks a sampler after every suggestion and counts how often in a row it expected less than ``noise``.

    ``noise``: the standard deviation of the objective between seeds; None: not measured, so nothing is ended.
    """

    def __init__(self, noise: float | None) -> None:
        self.noise = noise
        self._poor = 0
        self._last = 0.0

    def heard(self, improvement: float | None) -> None:
        """The sampler expects ``improvement`` of its latest suggestion."""
        if improvement is None or self.noise is None or improvement >= self.noise:
            self._poor = 0
            return
        self._poor, self._last = self._poor + 1, improvement

    @property
    def verdict(self) -> str:
        """Why the search ends; empty while it goes on."""
        if self._poor < PATIENCE or self.noise is None:
            return ""
        return (
            f"the expected improvement, {self._last:.2g} nats per token, stayed below what seeds change by chance, "
            f"{self.noise:.2g}, for {PATIENCE} trials"
        )
