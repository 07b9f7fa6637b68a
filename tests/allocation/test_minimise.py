"""The solver: its gradients against finite differences, its optimum and support value against random mixtures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from codescale.allocation.minimise import Problem, minimise_over_mixtures, starts, support_value
from codescale.allocation.problem import make_problem
from codescale.arrays import Array
from tests.allocation.made_law import made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
BOUNDS = {"python": (0.1, 0.5), "text": (0.02, 0.3)}


def problem_of(ties: bool = False) -> Problem:
    groups = [{"java": 1.0, "rust": 0.5}] if ties else []
    return make_problem(made_law("additive", samples=0), N, D, bounds=BOUNDS, kl=0.01, ties=groups)


def random_points(problem: Problem, about: Array, count: int = 4000) -> Array:
    """Feasible points far from ``about`` and near it."""
    drawn = problem.feasible.sample(count, np.random.default_rng(1))
    nearness = np.random.default_rng(2).choice([1.0, 0.3, 0.1, 0.03], size=(count, 1))
    return about + nearness * (drawn - about)


@pytest.mark.parametrize("ties", [False, True])
def test_starts_are_feasible_and_repeatable(ties: bool) -> None:
    problem = problem_of(ties)
    begin = starts(problem, np.random.default_rng(0))
    assert np.array_equal(begin, starts(problem, np.random.default_rng(0)))
    for one in begin:
        assert one.sum() == pytest.approx(1.0, abs=1e-12)
        assert (one >= problem.feasible.low - 1e-12).all()
        assert (one <= problem.feasible.high + 1e-12).all()


@pytest.mark.parametrize("ties", [False, True])
def test_no_random_mixture_is_better_than_the_optimum(ties: bool) -> None:
    problem = problem_of(ties)
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    assert problem.values(best[None])[0] <= problem.values(random_points(problem, best)).min() + 1e-9


@pytest.mark.parametrize("ties", [False, True])
def test_the_support_value_is_the_furthest_that_the_error_allows(ties: bool) -> None:
    problem, error = problem_of(ties), 0.003
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    points = random_points(problem, best)
    within = points[problem.values(points) <= problem.values(best[None])[0] + error]
    assert len(within) > 100
    for direction in (*np.eye(len(best)), *-np.eye(len(best))):
        found = support_value(problem, best, error, direction)
        assert found >= (within @ direction).max() - 1e-4
        assert found >= direction @ best


def test_the_support_value_is_never_too_large() -> None:
    """In one dimension the answer is where the goal has risen by the error: found by bisection."""
    problem = make_problem(
        made_law("additive", samples=0), N, D, bounds={"java": 0.2, "go": 0.2, "rust": 0.2, "python": (0.05, 0.35)}
    )
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    direction = np.array([1.0, 0.0, 0.0, 0.0, -1.0])
    ceiling, error = problem.values(best[None])[0], 0.002
    below, above = 0.0, problem.feasible.high[0] - best[0]
    for _ in range(60):
        middle = (below + above) / 2
        rises = problem.values((best + middle * direction)[None])[0] > ceiling + error
        below, above = (below, middle) if rises else (middle, above)
    exact = best[0] + below
    found = support_value(problem, best, error, np.eye(5)[0])
    assert exact - 1e-3 * (below + 1e-9) - 1e-6 <= found <= exact + 1e-9


def test_a_ceiling_is_kept_and_ranks_what_breaks_it_last() -> None:
    problem = problem_of()
    best = minimise_over_mixtures(problem, starts(problem, np.random.default_rng(0)))
    row = np.eye(5)[3]
    held = float(problem.point.losses(best[None])[0] @ row) - 0.002
    limited = replace(problem, ceilings=problem.ceilings.with_ceiling(row, held))
    found = minimise_over_mixtures(limited, starts(limited, np.random.default_rng(0)))
    assert problem.point.losses(found[None])[0] @ row <= held * (1 + 2e-6)
    assert problem.values(found[None])[0] > problem.values(best[None])[0]
    assert limited.ranked(best[None])[0] > 1e5
    assert limited.ranked(found[None])[0] == pytest.approx(problem.values(found[None])[0])


def test_losses_have_the_slopes_of_finite_differences() -> None:
    problem = problem_of(ties=True)
    at = problem.feasible.project(np.full(len(problem.feasible.domains), 0.25))
    assert problem.axes is not None
    slopes = problem.point.losses_and_slopes(problem.mixtures(at))[1] @ problem.axes
    for target in range(slopes.shape[0]):
        measured = approx_fprime(at, lambda x, k=target: problem.point.losses(problem.mixtures(x[None]))[0, k], 1e-7)
        assert slopes[target] == pytest.approx(measured, rel=1e-4, abs=1e-5)
