"""The best feasible mixture: sequential quadratic programming (SLSQP) from many feasible starts, with exact bounds.

The largest of several pieces is minimised through its epigraph: one more variable t, and a constraint piece <= t each.
The forms that laws are made of are convex in the shares, so there every start ends in one optimum; the starts are for
what a Gaussian process adds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codescale.allocation.feasible import Feasible
from codescale.allocation.goals import Array, Goal, Limits, Point, Pull

_RANDOM_STARTS = 6
_SCREENED = 2_000
_TOLERANCE = 1e-6
"""Relative excess over a limit that still counts as keeping it."""


@dataclass(frozen=True)
class Problem:
    """Minimise ``goal`` (plus ``pull``) of the losses at ``point`` over ``feasible`` mixtures that keep ``limits``."""

    point: Point
    goal: Goal
    feasible: Feasible
    limits: Limits
    pull: Pull | None = None

    def under(self, point: Point) -> Problem:
        """The same under another sample of the law."""
        return replace(self, point=point)

    def values(self, shares: Array) -> Array:
        """(rows,): the goal, pull included, at ``shares`` (rows, domains)."""
        values = self.goal.values(self.point.losses(shares))
        return values if self.pull is None else values + self.pull.values(shares)

    def ranked(self, shares: Array) -> Array:
        """(rows,): the goal, and a penalty above all else where a limit is not kept."""
        losses = self.point.losses(shares)
        excess = np.maximum(self.limits.excess(losses) - _TOLERANCE, 0.0)
        values = self.goal.values(losses) + (0.0 if self.pull is None else self.pull.values(shares))
        return np.asarray(values + np.where(excess > 0, 1e6 * (1.0 + excess), 0.0))


def starts(problem: Problem, generator: np.random.Generator) -> list[Array]:
    """Uniform, the best of many random mixtures, and some of the worst; all feasible."""
    count = len(problem.feasible.domains)
    drawn = problem.feasible.random(_SCREENED, generator)
    order = np.argsort(problem.ranked(drawn), kind="stable")
    half = _RANDOM_STARTS // 2
    chosen = np.concatenate([order[:half], order[: -half - 1 : -1]])
    return [problem.feasible.project(np.full(count, 1.0 / count)), *drawn[chosen]]


def minimise(problem: Problem, begin: list[Array]) -> Array:
    """The best feasible mixture (domains,) that SLSQP reaches from ``begin``, none of which is ever lost."""
    ends = [problem.feasible.project(np.nan_to_num(_from(problem, start))) for start in begin]
    tried = np.array([*begin, *ends])
    return np.asarray(tried[np.argmin(problem.ranked(tried))])


def _from(problem: Problem, start: Array) -> Array:
    from scipy.optimize import minimize

    program = _Program(problem, start)
    count = len(start)
    bounds: list[tuple[float | None, float | None]] = list(
        zip(problem.feasible.low.tolist(), problem.feasible.high.tolist(), strict=True)
    )
    begin = start
    if program.epigraph:
        bounds.append((None, None))
        begin = np.append(start, program.pieces(start)[0].max())
    constraints: list[Any] = [
        {"type": "eq", "fun": lambda x: x[:count].sum() - 1.0, "jac": lambda x: np.arange(len(x)) < count}
    ]
    if program.epigraph or len(problem.limits.ceiling):
        constraints.append({"type": "ineq", "fun": program.room, "jac": program.room_slopes})
    found = minimize(
        program.value,
        begin,
        method="SLSQP",
        jac=program.slope,
        bounds=bounds,
        constraints=constraints,
        options={"maxiter": 50, "ftol": 1e-9},
    )
    return np.asarray(found.x[:count])


def extreme_share(problem: Problem, limits: Limits, start: Array, domain: int, sign: float) -> float:
    """The smallest (``sign`` 1) or largest (-1) share of ``domain`` among feasible mixtures that keep ``limits``."""
    from scipy.optimize import minimize

    program = _Program(replace(problem, limits=limits), start)
    one = np.zeros(len(start))
    one[domain] = sign
    found = minimize(
        lambda x: float(one @ x),
        start,
        method="SLSQP",
        jac=lambda x: one,
        bounds=list(zip(problem.feasible.low.tolist(), problem.feasible.high.tolist(), strict=True)),
        constraints=[
            {"type": "eq", "fun": lambda x: x.sum() - 1.0, "jac": np.ones_like},
            {"type": "ineq", "fun": program.below, "jac": program.below_slopes},
        ],
        options={"maxiter": 100, "ftol": 1e-10},
    )
    shares = problem.feasible.project(np.nan_to_num(found.x))
    kept = limits.excess(problem.point.losses(shares[None]))[0] <= 1e-4
    return float(shares[domain]) if kept else float(start[domain])


class _Program:
    """The functions that SLSQP asks for, scaled to about 1; the law is evaluated once for each point."""

    def __init__(self, problem: Problem, start: Array) -> None:
        self.problem, self.count = problem, len(start)
        self.rows = problem.goal.pieces
        self.epigraph = len(self.rows) > 1
        self.at, self.losses, self.slopes = np.full(len(start), np.nan), np.empty(0), np.empty((0, 0))
        self.scale = 1.0
        self.scale = max(abs(float(self.pieces(start)[0].max())), 1e-12)

    def pieces(self, x: Array) -> tuple[Array, Array]:
        """(pieces,) and their slopes (pieces, domains)."""
        shares = x[: self.count]
        if not np.array_equal(shares, self.at):
            self.losses, self.slopes = self.problem.point.losses_and_slopes(shares)
            self.at = shares.copy()
        values, slopes = self.rows @ self.losses, self.rows @ self.slopes
        pull = self.problem.pull
        if pull is not None:
            values, slopes = values + pull.values(shares[None]), slopes + pull.slope(shares)
        return values / self.scale, slopes / self.scale

    def value(self, x: Array) -> float:
        return float(x[-1]) if self.epigraph else float(self.pieces(x)[0][0])

    def slope(self, x: Array) -> Array:
        if self.epigraph:
            return np.append(np.zeros(self.count), 1.0)
        return self.pieces(x)[1][0]

    def below(self, x: Array) -> Array:
        """(limits,): what each ceiling leaves, relative to it."""
        self.pieces(x)
        limits = self.problem.limits
        return np.asarray(1.0 - limits.matrix @ self.losses / limits.ceiling)

    def below_slopes(self, x: Array) -> Array:
        """(limits, domains)."""
        self.pieces(x)
        limits = self.problem.limits
        return np.asarray(-(limits.matrix @ self.slopes) / limits.ceiling[:, None])

    def room(self, x: Array) -> Array:
        """What each constraint leaves: t above every piece, and every limit's ceiling."""
        below = self.below(x)
        return np.concatenate([x[-1] - self.pieces(x)[0], below]) if self.epigraph else below

    def room_slopes(self, x: Array) -> Array:
        """(constraints, variables)."""
        below = self.below_slopes(x)
        if not self.epigraph:
            return below
        _, slopes = self.pieces(x)
        above = np.hstack([-slopes, np.ones((len(slopes), 1))])
        return np.vstack([above, np.hstack([below, np.zeros((len(below), 1))])])
