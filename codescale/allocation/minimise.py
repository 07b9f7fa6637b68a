"""The best feasible mixture: sequential quadratic programming (SLSQP) from many feasible starts, with exact bounds.

The largest of several pieces is minimised through its epigraph: one more variable t, and a constraint piece <= t each.
The forms that laws are made of are convex in the shares, so there every start ends in one optimum; the starts are for
what a Gaussian process adds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codescale.allocation.goals import Goal, KLPenalty, LawAtScale, LossCeilings
from codescale.arrays import Array
from codescale.mixtures.feasible import FeasibleSet

_RANDOM_STARTS = 6
_SCREENED = 2_000
_PRECISION = 1e-13
"""Of the one optimum that is reported: the relative change of the goal at which SLSQP stops."""
_ITERATIONS = 60
"""Of SLSQP: beyond them its line search turns on the spot."""
_TOLERANCE = 1e-6
"""Relative excess over a limit that still counts as keeping it."""


@dataclass(frozen=True)
class Problem:
    """Minimise a goal of the losses over feasible mixtures.

    Parameters
    ----------
    point
        The law at N and D.
    goal
        What is minimised.
    feasible
        The set of what is varied: shares of its domains. Those may be fewer than the law's, where some keep their
        ratios among themselves.
    ceilings
        Losses that must not be exceeded.
    penalty
        Added to the goal.
    axes
        (law's domains, varied) takes what is varied to the law's shares; None where the two are the same.
    """

    point: LawAtScale
    goal: Goal
    feasible: FeasibleSet
    ceilings: LossCeilings
    penalty: KLPenalty | None = None
    axes: Array | None = None

    def under(self, point: LawAtScale) -> Problem:
        """The same where ``point`` is the law: what losses are compared with is predicted anew."""
        return replace(self, point=point, goal=self.goal.under(point), ceilings=self.ceilings.under(point))

    def mixtures(self, varied: Array) -> Array:
        """(…, law's domains): the mixtures that ``varied`` (…, varied) stand for."""
        return varied if self.axes is None else np.asarray(varied @ self.axes.T)

    def values(self, varied: Array) -> Array:
        """(rows,): the goal, penalty included, at ``varied`` (rows, varied)."""
        return self._values(self.mixtures(varied))[0]

    def ranked(self, varied: Array) -> Array:
        """(rows,): the goal, and a penalty above all else where a limit is not kept."""
        values, losses = self._values(self.mixtures(varied))
        excess = np.maximum(self.ceilings.excess(losses) - _TOLERANCE, 0.0)
        return np.asarray(values + np.where(excess > 0, 1e6 * (1.0 + excess), 0.0))

    def _values(self, shares: Array) -> tuple[Array, Array]:
        losses = self.point.losses(shares)
        values = self.goal.values(losses)
        return (values if self.penalty is None else values + self.penalty.values(shares)), losses


def starts(problem: Problem, generator: np.random.Generator) -> list[Array]:
    """Uniform, the best of many random mixtures, and some of the worst; all feasible."""
    count = len(problem.feasible.domains)
    drawn = problem.feasible.sample(_SCREENED, generator)
    order = np.argsort(problem.ranked(drawn), kind="stable")
    half = _RANDOM_STARTS // 2
    chosen = np.concatenate([order[:half], order[: -half - 1 : -1]])
    return [problem.feasible.project(np.full(count, 1.0 / count)), *drawn[chosen]]


def minimise_over_mixtures(problem: Problem, begin: list[Array], precision: float = _PRECISION) -> Array:
    """The best feasible point that SLSQP reaches from several starts, none of which is ever lost.

    Parameters
    ----------
    problem
        What is minimised.
    begin
        Feasible points (varied,).
    precision
        The relative change of the goal at which SLSQP stops.

    Returns
    -------
    Array
        (varied,): the shares of the problem's feasible set; ``problem.mixtures`` makes a mixture of them.
    """
    ends = [problem.feasible.project(np.nan_to_num(_from(problem, start, precision))) for start in begin]
    tried = np.array([*begin, *ends])
    return np.asarray(tried[np.argmin(problem.ranked(tried))])


def _from(problem: Problem, start: Array, precision: float) -> Array:
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
    total = (np.arange(len(begin)) < count).astype(float)
    constraints: list[Any] = [{"type": "eq", "fun": lambda x: x[:count].sum() - 1.0, "jac": lambda x: total}]
    if program.epigraph or len(problem.ceilings.ceiling):
        constraints.append({"type": "ineq", "fun": program.room, "jac": program.room_slopes})
    found = minimize(
        program.value,
        begin,
        method="SLSQP",
        jac=program.slope,
        bounds=bounds,
        constraints=constraints,
        options={"maxiter": _ITERATIONS, "ftol": precision},
    )
    return np.asarray(found.x[:count])


def support_value(problem: Problem, best: Array, error: float, direction: Array) -> float:
    """The largest ``direction`` @ x among feasible x whose goal is within ``error`` of that at ``best``: the support
    function of the set of such x (Rockafellar 1970, "Convex Analysis", section 13), ceilings kept.

    What SLSQP finds is drawn back towards ``best`` until it is within, so the answer is never too large.

    Parameters
    ----------
    problem
        Whose optimum ``best`` is.
    best
        (varied,) the optimum.
    error
        In the goal's unit, above 0.
    direction
        (varied,) of what is looked for the largest.
    """
    from scipy.optimize import minimize

    ceiling = float(problem.values(best[None])[0]) + error
    start = _drawn_back(problem, best, problem.feasible.project(best + direction), ceiling)
    program = _Program(problem, best)
    scale = float(np.abs(direction).max())

    def room(x: Array) -> Array:
        within = (ceiling - program.scale * program.pieces(x)[0]) / error
        return np.concatenate([within, program.below(x)])

    def room_slopes(x: Array) -> Array:
        return np.vstack([-program.scale * program.pieces(x)[1] / error, program.below_slopes(x)])

    found = minimize(
        lambda x: -float(direction @ x) / scale,
        start,
        method="SLSQP",
        jac=lambda x: -direction / scale,
        bounds=list(zip(problem.feasible.low.tolist(), problem.feasible.high.tolist(), strict=True)),
        constraints=[
            {"type": "eq", "fun": lambda x: x.sum() - 1.0, "jac": np.ones_like},
            {"type": "ineq", "fun": room, "jac": room_slopes},
        ],
        options={"maxiter": 40, "ftol": 1e-5},
    )
    end = _drawn_back(problem, best, problem.feasible.project(np.nan_to_num(found.x)), ceiling)
    return max(float(direction @ x) for x in (best, start, end))


def _drawn_back(problem: Problem, best: Array, far: Array, ceiling: float) -> Array:
    """The point nearest to ``far``, of 65 on the way from ``best``, whose goal is at most ``ceiling`` and that keeps
    the ceilings; twice, so that the last step is a 4,096th of the way.
    """
    low, high = 0.0, 1.0
    for _ in range(2):
        parts = np.linspace(low, high, 65)
        way = best + parts[:, None] * (far - best)
        within = problem.ranked(way) <= ceiling + 1e-12
        last = int(np.flatnonzero(within).max(initial=0))
        low, high = float(parts[last]), float(parts[min(last + 1, 64)])
    return np.asarray(best + low * (far - best))


class _Program:
    """The functions that SLSQP asks for, scaled to about 1; the law is evaluated once for each point."""

    def __init__(self, problem: Problem, start: Array) -> None:
        self.problem, self.count = problem, len(start)
        self.rows = problem.goal.pieces
        self.epigraph = len(self.rows) > 1
        self.at, self.losses, self.slopes = np.full(len(start), np.nan), np.empty(0), np.empty((0, 0))
        self.scale = 1.0
        self.scale = max(abs(float(self.pieces(start)[0].max())), 1e-12)

    def evaluate(self, x: Array) -> Array:
        """The mixture (law's domains,) at ``x``; losses and slopes by what is varied are kept for it."""
        varied = x[: self.count]
        shares = self.problem.mixtures(varied)
        if not np.array_equal(varied, self.at):
            self.losses, slopes = self.problem.point.losses_and_slopes(shares)
            self.slopes = self._varied(slopes)
            self.at = varied.copy()
        return shares

    def _varied(self, slopes: Array) -> Array:
        return slopes if self.problem.axes is None else np.asarray(slopes @ self.problem.axes)

    def pieces(self, x: Array) -> tuple[Array, Array]:
        """(pieces,) and their slopes (pieces, varied)."""
        shares = self.evaluate(x)
        values, slopes = self.rows @ self.losses, self.rows @ self.slopes
        penalty = self.problem.penalty
        if penalty is not None:
            values, slopes = values + penalty.values(shares[None]), slopes + self._varied(penalty.slope(shares))
        return values / self.scale, slopes / self.scale

    def value(self, x: Array) -> float:
        return float(x[-1]) if self.epigraph else float(self.pieces(x)[0][0])

    def slope(self, x: Array) -> Array:
        if self.epigraph:
            return np.append(np.zeros(self.count), 1.0)
        return self.pieces(x)[1][0]

    def below(self, x: Array) -> Array:
        """(ceilings,): what each ceiling leaves, relative to it."""
        self.evaluate(x)
        ceilings = self.problem.ceilings
        return np.asarray(1.0 - ceilings.matrix @ self.losses / ceilings.ceiling)

    def below_slopes(self, x: Array) -> Array:
        """(ceilings, varied)."""
        self.evaluate(x)
        ceilings = self.problem.ceilings
        return np.asarray(-(ceilings.matrix @ self.slopes) / ceilings.ceiling[:, None])

    def room(self, x: Array) -> Array:
        """What each constraint leaves: t above every piece, and every ceiling."""
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
