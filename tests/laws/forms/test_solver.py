"""The batch solver: it ends where SciPy ends, sooner by bent steps, and many at once equal one at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares

from codescale.laws.forms import solver
from codescale.laws.forms.regression import Curve, Problems, effective_parameters, huber, stationary_change
from codescale.laws.forms.solver import levenberg_marquardt


def test_huber_is_quadratic_then_linear() -> None:
    residuals = np.array([0.0, 0.5, -1.0, 3.0])
    np.testing.assert_allclose(huber(residuals, 1.0), [0.0, 0.125, 0.5, 2.5])


def line(rows: np.ndarray) -> Curve:
    """log loss = a + b x at the rows' x, many problems at once."""

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        jacobian = np.broadcast_to(np.stack([np.ones_like(rows), rows], axis=1), (len(theta), len(rows), 2))
        return theta @ np.stack([np.ones_like(rows), rows]), jacobian.copy()

    return curve


def lines(seed: int, count: int = 1, *, strength: float = 1e-12, **changes: Any) -> Problems:
    """``count`` problems on 40 rows with a few odd losses; weights are 0, 1 or 2, and one loss is not known."""
    generator = np.random.default_rng(seed)
    rows = generator.uniform(-1, 1, 40)
    losses = 1.0 + 0.5 * rows + 0.02 * generator.standard_normal((count, 40))
    losses[:, :4] += 1.0
    losses[:, 5] = np.nan
    curve = changes.pop("curve", line(rows))
    fields: dict[str, Any] = {
        "curve": curve,
        "log_curve": lambda theta: curve(theta)[0],
        "log_losses": losses,
        "weights": generator.integers(0, 3, (count, 40)).astype(float),
        "target": np.arange(count),
        "sample": np.arange(count),
        "prior_mean": np.zeros((count, 2)),
        "prior_deviation": np.ones(2),
        "lower": np.full((count, 2), -9.0),
        "upper": np.full((count, 2), 9.0),
        "free": np.ones((count, 2), dtype=bool),
        "delta": 0.03,
        "strength": strength,
    }
    return Problems(**(fields | changes))


@pytest.mark.parametrize("seed", range(4))
def test_it_ends_where_scipys_robust_least_squares_ends(seed: int) -> None:
    problems = lines(seed)
    theta, value = levenberg_marquardt(problems, np.zeros((1, 2)), 200)
    x = problems.curve(np.array([[0.0, 1.0]]))[0][0]
    repeated = np.repeat(np.arange(40), problems.weights[0].astype(int))
    repeated = repeated[np.isfinite(problems.log_losses[0, repeated])]

    def residuals(theta: np.ndarray) -> np.ndarray:
        return theta[0] + theta[1] * x[repeated] - problems.log_losses[0, repeated]

    oracle = least_squares(residuals, np.zeros(2), loss="huber", f_scale=problems.delta, xtol=1e-14, ftol=1e-14)
    np.testing.assert_allclose(theta[0], oracle.x, atol=1e-4)
    assert value[0] == pytest.approx(oracle.cost, rel=1e-6)


def test_many_problems_at_once_equal_one_at_a_time_whatever_the_workers() -> None:
    problems = lines(7, 5)
    together, values = levenberg_marquardt(problems, np.zeros((5, 2)), 60, workers=2)
    for k in range(5):
        alone, value = levenberg_marquardt(problems.part(np.array([k])), np.zeros((1, 2)), 60, workers=1)
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-12)
        assert values[k] == pytest.approx(value[0], rel=1e-12)


def test_bounds_hold_and_what_is_held_stays() -> None:
    bounded = lines(8, upper=np.array([[0.8, 9.0]]))
    theta, _ = levenberg_marquardt(bounded, np.zeros((1, 2)), 200)
    assert theta[0, 0] == 0.8
    held = lines(8, free=np.array([[True, False]]))
    theta, _ = levenberg_marquardt(held, np.array([[0.0, 0.25]]), 200)
    assert theta[0, 1] == 0.25
    assert theta[0, 0] == pytest.approx(1.0, abs=0.15)


def test_the_prior_decides_what_no_row_tells() -> None:
    untold = lines(9, weights=np.zeros((1, 40)), strength=1e-4, prior_mean=np.array([[0.7, -0.3]]))
    theta, value = levenberg_marquardt(untold, np.zeros((1, 2)), 200)
    np.testing.assert_allclose(theta[0], [0.7, -0.3], atol=1e-6)
    assert value[0] == pytest.approx(0.0, abs=1e-12)


def test_one_iteration_is_a_gauss_newton_step_damped_in_the_priors_deviations() -> None:
    """The Hessian and ten times the prior's precision, the next time as much: where a step brings what it foretold,
    the damping falls to a tenth. A straight curve bends no step.
    """
    problems = lines(
        3, strength=0.3, delta=50.0, prior_mean=np.array([[0.2, -0.4]]), prior_deviation=np.array([0.5, 2.0])
    )
    rows = problems.curve(np.zeros((1, 2)))[1][0]
    known = ~np.isnan(problems.log_losses[0])
    weights = np.where(known, problems.weights[0], 0.0)
    losses = np.nan_to_num(problems.log_losses[0])
    precision = 0.3 / np.array([0.5, 2.0]) ** 2
    theta = np.zeros(2)
    for count, damping in ((1, 10.0), (2, 1.0)):
        gradient = rows.T @ (weights * (rows @ theta - losses)) + precision * (theta - [0.2, -0.4])
        hessian = rows.T @ (weights[:, None] * rows) + np.diag(precision)
        theta = theta - np.linalg.solve(hessian + damping * np.diag(precision), gradient)
        found, value = levenberg_marquardt(problems, np.zeros((1, 2)), count)
        assert found[0] == pytest.approx(theta, rel=1e-9)
        left = rows @ theta - losses
        expected = 0.5 * (weights * left**2).sum() + 0.5 * precision @ (theta - [0.2, -0.4]) ** 2
        assert value[0] == pytest.approx(expected, rel=1e-9)


def test_a_parameter_that_would_cross_a_bound_goes_to_it_and_the_other_to_its_best_there() -> None:
    problems = lines(3, strength=0.3, delta=50.0, lower=np.array([[-9.0, -9.0]]), upper=np.array([[9.0, 0.2]]))
    rows = problems.curve(np.zeros((1, 2)))[1][0]
    weights = np.where(np.isnan(problems.log_losses[0]), 0.0, problems.weights[0])
    losses = np.nan_to_num(problems.log_losses[0])
    gradient, hessian = -rows.T @ (weights * losses), rows.T @ (weights[:, None] * rows) + 0.3 * np.eye(2)
    free = np.linalg.solve(hessian + 3.0 * np.eye(2), -gradient)
    assert free[1] > 0.2
    other = (-gradient[0] - hessian[0, 1] * 0.2) / (hessian[0, 0] + 3.0)
    found, _ = levenberg_marquardt(problems, np.zeros((1, 2)), 1)
    assert found[0] == pytest.approx([other, 0.2], rel=1e-9)


def arctangent(**changes: Any) -> Problems:
    """Rows of arctan(x), whose undamped steps lead from x = 3 ever farther from the zero."""

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arctan(theta), (1 / (1 + theta**2))[:, :, None]

    fields: dict[str, Any] = {
        "curve": curve,
        "log_losses": np.zeros((1, 1)),
        "weights": np.ones((1, 1)),
        "prior_mean": np.zeros((1, 1)),
        "prior_deviation": np.ones(1),
        "lower": np.full((1, 1), -99.0),
        "upper": np.full((1, 1), 99.0),
        "free": np.ones((1, 1), dtype=bool),
        "delta": 9.0,
        "strength": 1e-6,
    }
    return lines(0, **(fields | changes))


def test_after_steps_that_lead_uphill_it_takes_shorter_ones() -> None:
    """Steps are bent with the curve where it bends less than three quarters of their length (Transtrum and Sethna,
    2012); damping falls to a tenth where three quarters of the decrease came that was foretold, doubles where less
    than a quarter did, and grows five times where the objective rose.
    """
    theta, damping, start, factors = 3.0, 10.0, np.array([[3.0]]), set()
    for count in range(1, 16):
        slope = 1 / (1 + theta**2)
        gradient, hessian = np.arctan(theta) * slope + 1e-6 * theta, slope**2 + 1e-6
        step = -gradient / (hessian + damping * 1e-6)
        foretold = -step * gradient - 0.5 * step**2 * hessian
        ahead = np.arctan(np.clip(theta + 0.1 * step, -99, 99))
        second = 2 / 0.1 * ((ahead - np.arctan(theta)) / 0.1 - slope * step)
        bend = -0.5 * second * slope / (hessian + damping * 1e-6)
        trial = np.clip(theta + step + (bend if 2 * abs(bend) < 0.75 * abs(step) else 0.0), -99, 99)
        decrease = (np.arctan(theta) ** 2 - np.arctan(trial) ** 2 + 1e-6 * (theta**2 - trial**2)) / 2
        ratio = decrease / foretold
        factor = 5.0 if decrease <= 0 else 0.1 if ratio > 0.75 else 1.0 if ratio > 0.25 else 2.0
        factors.add(factor)
        theta, damping = (trial if decrease > 0 else theta), damping * factor
        found = levenberg_marquardt(arctangent(), start, count, tolerance=1e-30)[0][0, 0]
        assert found == pytest.approx(theta, rel=1e-6, abs=1e-9)
    assert {5.0, 0.1} <= factors


def test_what_the_rows_do_not_tell_does_not_shorten_the_step_for_what_they_tell() -> None:
    """A parameter that a plateau leaves almost untold: Marquardt's scaling by the Hessian would send it far away, and
    a damping that keeps it would hold the other back as well.
    """

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = theta.T
        plateau = 1e-3 * np.tanh(4.0 * (y + 2.0))
        rows = np.stack([x, x + plateau], axis=1)
        slope = 4e-3 / np.cosh(4.0 * (y + 2.0)) ** 2
        jacobian = np.stack(
            [np.stack([np.ones_like(x), np.zeros_like(x)], 1), np.stack([np.ones_like(x), slope], 1)], 1
        )
        return rows, jacobian

    counted: list[int] = []

    def log_curve(theta: np.ndarray) -> np.ndarray:
        counted.append(len(theta))
        return curve(theta)[0]

    problems = lines(
        0,
        curve=curve,
        log_curve=log_curve,
        log_losses=np.array([[1.0, 0.9995]]),
        weights=np.ones((1, 2)),
        lower=np.full((1, 2), -99.0),
        upper=np.full((1, 2), 99.0),
        delta=9.0,
        strength=1e-9,
    )
    found, _ = levenberg_marquardt(problems, np.zeros((1, 2)), 200, tolerance=1e-10)
    expected = least_squares(
        lambda t: np.concatenate([curve(t[None])[0][0] - [1.0, 0.9995], np.sqrt(1e-9) * t]), found[0], xtol=1e-15
    )
    assert found[0] == pytest.approx(expected.x, abs=1e-4)
    assert len(counted) < 60


TIMES = np.linspace(0.0, 5.0, 30)
RATES = np.log([0.8, 1.3])


def two_exponentials(precision: Any = np.float64) -> Curve:
    """exp(-t e^a) + exp(-t e^b): a sloppy model, since rates that lie close together can hardly be told apart."""
    times = TIMES.astype(precision)

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rates = np.exp(theta.astype(precision))[:, None, :]
        parts = np.exp(-rates * times[None, :, None])
        return parts.sum(axis=2), -parts * rates * times[None, :, None]

    return curve


def decays(curve: Curve, delta: float, precision: Any = np.float64, noise: float = 1e-4) -> Problems:
    """Eight noisy measurements of :func:`two_exponentials`, three readings in each far off."""
    generator = np.random.default_rng(0)
    measured = two_exponentials()(RATES[None])[0] + noise * generator.standard_normal((8, len(TIMES)))
    measured[:, 4::10] += 0.01
    return Problems(
        curve=curve,
        log_curve=lambda theta: curve(theta)[0],
        log_losses=measured.astype(precision),
        weights=np.ones((8, len(TIMES)), dtype=precision),
        target=np.arange(8),
        sample=np.arange(8),
        prior_mean=np.tile([0.1, 0.1], (8, 1)),
        prior_deviation=np.array([1.0, 1.0]),
        lower=np.full((8, 2), -6.0),
        upper=np.full((8, 2), 6.0),
        free=np.ones((8, 2), dtype=bool),
        delta=delta,
        strength=1e-6,
    )


FAR = np.tile([-2.0, 2.5], (8, 1))
"""Where both rates are an order of magnitude off."""


def test_on_a_sloppy_problem_it_ends_where_scipys_least_squares_with_the_prior_as_rows_ends() -> None:
    problems = decays(two_exponentials(), delta=99.0)
    found, value = levenberg_marquardt(problems, FAR, 300, tolerance=1e-12)
    for k in range(8):

        def residuals(theta: np.ndarray, k: int = k) -> np.ndarray:
            rows = problems.curve(theta[None])[0][0] - problems.log_losses[k]
            return np.concatenate([rows, 1e-3 * (theta - problems.prior_mean[k]) / problems.prior_deviation])

        oracle = least_squares(residuals, FAR[k], xtol=1e-15, ftol=1e-15, gtol=1e-15)
        np.testing.assert_allclose(np.sort(found[k]), np.sort(oracle.x), atol=1e-5)
        assert value[k] == pytest.approx(oracle.cost, rel=1e-7)


def test_with_hubers_loss_too_it_ends_where_scipy_ends() -> None:
    """The prior, a row of Huber's loss to SciPy, stays within its quadratic part."""
    problems = decays(two_exponentials(), delta=3e-3)
    found, value = levenberg_marquardt(problems, FAR, 300, tolerance=1e-12)
    for k in range(8):

        def residuals(theta: np.ndarray, k: int = k) -> np.ndarray:
            rows = problems.curve(theta[None])[0][0] - problems.log_losses[k]
            return np.concatenate([rows, 1e-3 * (theta - problems.prior_mean[k]) / problems.prior_deviation])

        oracle = least_squares(residuals, found[k] + 0.1, loss="huber", f_scale=3e-3, xtol=1e-15, ftol=1e-15)
        np.testing.assert_allclose(np.sort(found[k]), np.sort(oracle.x), atol=1e-4)
        assert value[k] == pytest.approx(oracle.cost, rel=1e-6)


def bent_valley(counted: list[int]) -> Problems:
    """Rosenbrock's: 10 (y - x^2) and 1 - x, whose only optimum lies at the end of a bent valley."""

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counted.append(len(theta))
        x, y = theta.T
        rows = np.stack([10.0 * (y - x * x), 1.0 - x], axis=1)
        slopes = np.stack([np.stack([-20.0 * x, np.full_like(x, 10.0)], 1), np.tile([-1.0, 0.0], (len(x), 1))], axis=1)
        return rows, slopes

    return lines(
        0,
        curve=curve,
        log_losses=np.zeros((1, 2)),
        weights=np.ones((1, 2)),
        lower=np.full((1, 2), -99.0),
        upper=np.full((1, 2), 99.0),
        delta=1e9,
    )


def test_bent_steps_follow_a_bent_valley_in_fewer_steps_than_straight_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {}
    for name, most_bent in (("bent", solver._MOST_BENT), ("straight", 0.0)):
        monkeypatch.setattr(solver, "_MOST_BENT", most_bent)
        counted: list[int] = []
        problems = replace(bent_valley(counted), log_curve=lambda theta: bent_valley([]).curve(theta)[0])
        found, value = levenberg_marquardt(problems, np.array([[-1.2, 1.0]]), 300)
        np.testing.assert_allclose(found[0], [1.0, 1.0], atol=1e-4)
        assert value[0] < 1e-9
        steps[name] = len(counted)
    assert steps["bent"] < 0.9 * steps["straight"]


def test_in_single_precision_it_ends_within_a_thousandth_of_the_parameters_deviations() -> None:
    noise = 1e-2
    double, single = (
        levenberg_marquardt(decays(two_exponentials(kind), 3 * noise, kind, noise), FAR, 300, tolerance=1e-9)[0]
        for kind in (np.float64, np.float32)
    )
    for one, other in zip(double, single, strict=True):
        slopes = two_exponentials()(one[None])[1][0]
        deviations = noise * np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes)))
        np.testing.assert_array_less(np.abs(other - one), 1e-3 * deviations)


def test_parameters_that_the_prior_decides_are_not_counted() -> None:
    """Of a line under ridge regression: the trace of its hat matrix; and what is held is none."""
    for strength in (1e-12, 0.5, 20.0, 1e9):
        problems = lines(3, strength=strength, delta=50.0, prior_deviation=np.array([0.5, 2.0]))
        rows = problems.curve(np.zeros((1, 2)))[1][0]
        weights = np.where(np.isnan(problems.log_losses[0]), 0.0, problems.weights[0])
        hessian = rows.T @ (weights[:, None] * rows)
        expected = np.trace(np.linalg.solve(hessian + np.diag(strength / np.array([0.5, 2.0]) ** 2), hessian))
        assert effective_parameters(problems, np.zeros((1, 2)))[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    held = lines(3, free=np.array([[True, False]]))
    assert effective_parameters(held, np.zeros((1, 2)))[0] == pytest.approx(1.0)


def test_losses_that_are_changed_as_told_have_their_fit_where_they_were_told_to() -> None:
    problems = decays(two_exponentials(), delta=99.0)
    theta = np.tile(RATES, (8, 1)) + 0.01
    change = stationary_change(problems, theta)
    moved = replace(problems, log_losses=problems.log_losses + change)
    found, _ = levenberg_marquardt(moved, theta, 200, tolerance=1e-12)
    apart, _ = levenberg_marquardt(problems, theta, 200, tolerance=1e-12)
    np.testing.assert_allclose(found, theta, atol=1e-6)
    assert np.abs(apart - theta).max() > 1e-3
