"""Learning curves whose ends are known."""

from __future__ import annotations

import numpy as np

from codescale.search.pruning.curve import LearningCurve


def curve(level: float, noise: float = 0.0, *, finished: bool = True, evaluations: int = 4) -> LearningCurve:
    """A power law in tokens plus ``level``; the cooldown takes off 0.3 nats."""
    tokens = [100_000 * (k + 1) for k in range(evaluations)]
    points = tuple((n, level + 3 * (n / 100_000) ** -0.5) for n in tokens)
    return LearningCurve(points, level + 1.2 + noise if finished else None)


def finished_curves() -> list[LearningCurve]:
    random = np.random.default_rng(0)
    return [curve(level, random.normal(0, 0.005)) for level in (2.0, 2.05, 2.1, 2.2, 2.3)]


def rate_curve(
    level: float, rate: float, noise: float = 0.0, *, finished: bool = True, evaluations: int = 5
) -> LearningCurve:
    """A trunk that a higher learning rate (logarithm, -1 to 1) keeps 0.15 nats higher, and a cooldown that takes off
    0.1 nats more than that: it wins only in the end.
    """
    tokens = [100_000 * (k + 1) for k in range(evaluations)]
    points = tuple((n, level + 0.15 * rate + 3 * (n / 100_000) ** -0.5) for n in tokens)
    final = level + 1.0 - 0.1 * rate + noise
    return LearningCurve(points, final if finished else None, (rate,))


def searched(count: int, seed: int) -> list[LearningCurve]:
    random = np.random.default_rng(seed)
    levels, rates = random.uniform(2.0, 2.1, count), random.uniform(-1, 1, count)
    return [rate_curve(a, b, c) for a, b, c in zip(levels, rates, random.normal(0, 0.003, count), strict=True)]
