"""A trial's learning curve: the losses that it reported, by the tokens it had seen."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import log
from typing import NamedTuple


class CurvePoint(NamedTuple):
    """An evaluation on the trunk: tokens, and what each language adds to the objective (nats per token)."""

    n_tokens: int
    parts: tuple[float, ...]


@dataclass(frozen=True)
class LearningCurve:
    """A trial's objective on the trunk, before any cooldown, and where it ended.

    Parameters
    ----------
    points
        Training tokens, rising, with the objective there, nats per token.
    final
        The annealed end; None of a trial that has not finished.
    settings
        The hyperparameters that vary, on the scale on which they are searched, in one order for all trials.
    parts
        For each point what every language adds to the objective; empty where nobody knows.
    """

    points: tuple[tuple[int, float], ...]
    final: float | None = None
    settings: tuple[float, ...] = ()
    parts: tuple[tuple[float, ...], ...] = ()

    def at(self, n_tokens: float) -> float | None:
        """The trunk's objective at ``n_tokens``, linear in the logarithm of tokens between evaluations.

        None outside the evaluations: nothing is extrapolated.
        """
        points = self.points
        if not points or not points[0][0] <= n_tokens <= points[-1][0]:
            return None
        k = bisect_left(points, n_tokens, key=lambda point: point[0])
        (last, upper), (first, lower) = points[k], points[max(k - 1, 0)]
        if last == n_tokens or k == 0:
            return upper
        part = log(n_tokens / first) / log(last / first)
        return lower + part * (upper - lower)

    def until(self, n_tokens: float) -> list[CurvePoint]:
        """The evaluations at up to ``n_tokens`` tokens, with their parts (or the objective itself, as one part)."""
        parts = self.parts or tuple((value,) for _, value in self.points)
        reported = zip(self.points, parts, strict=True)
        return [CurvePoint(tokens, part) for (tokens, _), part in reported if tokens <= n_tokens]
