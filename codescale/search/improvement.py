"""When to end a search: where all that more trials are expected to gain is less than what seeds change by chance."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from codescale.search.remaining import Remaining

PATIENCE = 3
"""Trials in a row of which too little is expected; one alone may be the surrogate's whim."""


@runtime_checkable
class KnowsImprovement(Protocol):
    """A sampler that can say what it expects of the trial that it suggested last."""

    def expected_improvement(self) -> float | None:
        """E[max(best - y, 0)] in the objective's units (nats per token); None where it cannot be told yet."""
        ...


@runtime_checkable
class KnowsRemaining(Protocol):
    """A sampler that can also say what all further trials together may gain."""

    def remaining(self) -> Remaining | None:
        """In the objective's units (nats per token); None where it cannot be told yet."""
        ...


class Patience:
    """Asks a sampler after every suggestion and counts how often in a row it expected less than ``noise``. Then it asks
    what is left for all further trials together, and once more after as many trials where that is more.

    ``noise``: the standard deviation of the objective between seeds; None: not measured, so nothing is ended.
    """

    def __init__(self, noise: float | None) -> None:
        self.noise = noise
        self.verdict = ""
        """Why the search ends; empty while it goes on."""
        self._poor = 0

    def heard(self, sampler: KnowsImprovement) -> None:
        """``sampler`` has suggested another trial."""
        if self.noise is None or self.verdict:
            return
        improvement = sampler.expected_improvement()
        if improvement is None or improvement >= self.noise:
            self._poor = 0
            return
        self._poor += 1
        if self._poor >= PATIENCE:
            self._poor = 0
            self._judge(sampler, improvement, self.noise)

    def _judge(self, sampler: KnowsImprovement, improvement: float, noise: float) -> None:
        left = sampler.remaining() if isinstance(sampler, KnowsRemaining) else None
        if left is not None and left.expected >= noise:
            return
        further = f", all further ones together {left}" if left is not None else ""
        self.verdict = (
            f"another trial is expected to gain {improvement:.2g} nats per token{further}; "
            f"seeds alone change {noise:.2g}"
        )
