"""How sure an optimum is: the spread of its shares and its gain over the law's bootstrap samples, how flat it is, and
what more tokens of a language would be worth.
"""

from __future__ import annotations

import numpy as np

from codescale.allocation.goals import Array, Goal, Limits, Point
from codescale.allocation.minimise import Problem, extreme_share, minimise
from codescale.laws.law import Law

MOST_SAMPLES = 100
"""Bootstrap samples that an optimum is computed for: ends of 90 % intervals hardly move beyond."""
FEWER_SAMPLES = 30
"""The same for a goal of several pieces, whose optimum takes ten times as long."""

_MORE_TOKENS = 0.01


def sample_points(law: Law, log_params: float, log_tokens: float, most: int = MOST_SAMPLES) -> list[Point]:
    """The law's bootstrap samples, the first ``most`` of them, at N and D."""
    return [Point(law.surface(k), log_params, log_tokens) for k in range(min(len(law.samples), most))]


def sample_optima(problem: Problem, samples: list[Point], best: Array) -> Array:
    """(samples, domains): the optimum under each sample, from ``best``; limits are the middle law's."""
    found = [minimise(problem.under(point), [best]) for point in samples]
    return np.array(found).reshape(len(found), len(best))


def middle_90(values: Array) -> tuple[float, float]:
    """The 5th and 95th percentile of ``values`` (samples,); NaN where there are none."""
    if len(values) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [0.05, 0.95])
    return float(low), float(high)


def difference(goal: Goal, samples: list[Point], first: Array, second: Array) -> Array:
    """(samples,): the goal under the mixture ``first`` less that under ``second``."""
    both = np.stack([first, second])
    return np.array([float(-np.diff(goal.values(point.losses(both)))[0]) for point in samples])


def standard_error(problem: Problem, samples: list[Point], optima: Array, best: Array) -> float:
    """The root mean square, over samples, of what ``best`` loses against the sample's own optimum; NaN without samples.

    In the goal's unit: what not knowing the law better may cost.
    """
    if len(samples) == 0:
        return float("nan")
    lost = [
        float(np.ptp(problem.under(p).values(np.stack([best, own])))) for p, own in zip(samples, optima, strict=True)
    ]
    return float(np.sqrt(np.mean(np.square(lost))))


def flatness(problem: Problem, best: Array, error: float) -> dict[str, tuple[float, float]]:
    """Per domain the smallest and largest share among feasible mixtures whose goal is within ``error`` of ``best``'s.

    NaN where the error is not known. Limits are kept.
    """
    domains = problem.feasible.domains
    if not np.isfinite(error):
        return dict.fromkeys(domains, (float("nan"), float("nan")))
    pieces = problem.goal.pieces
    ceiling = float(problem.goal.values(problem.point.losses(best[None]))[0]) + max(error, 1e-9)
    limits = Limits(
        np.vstack([problem.limits.matrix, pieces]),
        np.concatenate([problem.limits.ceiling, np.full(len(pieces), ceiling)]),
    )
    reached = {}
    for k, name in enumerate(domains):
        low, high = (extreme_share(problem, limits, best, k, sign) for sign in (1.0, -1.0))
        reached[name] = (min(low, float(best[k])), max(high, float(best[k])))
    return reached


def marginal_values(
    law: Law, goal: Goal, n_params: float, n_tokens: float, best: Array, most: int = MOST_SAMPLES
) -> dict[str, tuple[float, float, float]]:
    """Per domain what 1 % more tokens, all of that domain, change the goal by: value and middle 90 % over samples.

    The budget grows to 1.01 D and the shares with it; negative is a gain. NaN where the law cannot know another D.
    """
    count = len(best)
    more = (best + _MORE_TOKENS * np.eye(count)) / (1.0 + _MORE_TOKENS)
    at = np.full(count, n_params), np.full(count, (1.0 + _MORE_TOKENS) * n_tokens)
    nan = float("nan")
    least, largest = law.fitted_range.n_tokens
    if largest < 1.01 * least:
        return dict.fromkeys(law.domains, (nan, nan, nan))

    def changes(sample: int | None) -> Array:
        surface = law.surface(sample)
        shares = np.vstack([best, more])
        tokens = np.log(np.concatenate([[n_tokens], at[1]]))
        losses = np.exp(surface.log_losses(np.full(count + 1, np.log(n_params)), tokens, shares))
        values = goal.values(losses)
        return np.asarray(values[1:] - values[0])

    middle = changes(None)
    drawn = np.array([changes(k) for k in range(min(len(law.samples), most))]).reshape(-1, count)
    return {name: (float(middle[k]), *middle_90(drawn[:, k])) for k, name in enumerate(law.domains)}
