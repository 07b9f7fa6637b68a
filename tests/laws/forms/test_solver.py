"""The batch solver: Jacobians are right, bounds hold, many problems at once equal one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from codescale.laws.forms.additive import Additive
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.curve import Centre, CurveForm
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.forms.exponential import Exponential
from codescale.laws.forms.family import Family
from codescale.laws.forms.joint import Joint
from codescale.laws.forms.solver import Curve, Problems, huber, levenberg_marquardt

FORMS = [Chinchilla(), EffectiveData(), Exponential(), Additive(), Joint(), Family()]
DOMAINS = ("a", "b", "c")


def _theta(form: CurveForm, generator: np.random.Generator) -> np.ndarray:
    count = len(form.parameter_names(DOMAINS, "a"))
    theta = generator.normal(0.0, 0.5, size=(2, count)) - 0.3
    if isinstance(form, Family):
        theta[:, 7:] = [0.0, 1.0, 0.0]
    return theta


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_jacobian_is_the_derivative(form: CurveForm, seed: int) -> None:
    generator = np.random.default_rng(seed)
    theta = _theta(form, generator)
    inputs = generator.normal(size=(2, 6)), generator.dirichlet(np.ones(3), size=6)
    _, jacobian = form.curve(theta, *inputs[0], inputs[1])
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[:, k] = 1e-6
        upper, lower = (form.curve(theta + sign * step, *inputs[0], inputs[1])[0] for sign in (1, -1))
        np.testing.assert_allclose(jacobian[..., k], (upper - lower) / 2e-6, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_named_parameters_and_back(form: CurveForm, seed: int) -> None:
    theta = _theta(form, np.random.default_rng(seed))
    centre = Centre(11.0, 12.0)
    np.testing.assert_allclose(form.inner(form.named(theta, centre), centre), theta, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_share_gradient_is_the_derivative(form: CurveForm) -> None:
    generator = np.random.default_rng(3)
    values = form.named(_theta(form, generator), Centre(11.0, 12.0))[0]
    shares = np.array([0.2, 0.5, 0.3])
    loss, gradient = form.share_gradient(values, DOMAINS, 11.0, 12.0, shares)
    numeric_loss, numeric = super(CurveForm, form).share_gradient(values, DOMAINS, 11.0, 12.0, shares)
    assert loss == pytest.approx(numeric_loss)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-7)


def test_huber_is_quadratic_then_linear() -> None:
    residuals = np.array([0.0, 0.5, -1.0, 3.0])
    np.testing.assert_allclose(huber(residuals, 1.0), [0.0, 0.125, 0.5, 2.5])


def line(rows: np.ndarray) -> Curve:
    """log loss = a + b x at the rows' x, many problems at once."""

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        jacobian = np.broadcast_to(np.stack([np.ones_like(rows), rows], axis=1), (len(theta), len(rows), 2))
        return theta @ np.stack([np.ones_like(rows), rows]), jacobian

    return curve


def lines(seed: int, count: int = 1, *, strength: float = 1e-12, **changes: Any) -> Problems:
    """``count`` problems on 40 rows with a few odd losses; weights are 0, 1 or 2, and one loss is not known."""
    generator = np.random.default_rng(seed)
    rows = generator.uniform(-1, 1, 40)
    losses = 1.0 + 0.5 * rows + 0.02 * generator.standard_normal((count, 40))
    losses[:, :4] += 1.0
    losses[:, 5] = np.nan
    fields: dict[str, Any] = {
        "curve": line(rows),
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


def test_one_iteration_is_a_damped_gauss_newton_step_and_a_worse_one_is_not_taken() -> None:
    """Marquardt's: the Hessian's diagonal times 1.01, the next time times 1.0025 (Nocedal and Wright 2006, ch. 10)."""
    problems = lines(
        3, strength=0.3, delta=50.0, prior_mean=np.array([[0.2, -0.4]]), prior_deviation=np.array([0.5, 2.0])
    )
    rows = problems.curve(np.zeros((1, 2)))[1][0]
    known = ~np.isnan(problems.log_losses[0])
    weights = np.where(known, problems.weights[0], 0.0)
    losses = np.nan_to_num(problems.log_losses[0])
    precision = 0.3 / np.array([0.5, 2.0]) ** 2
    theta = np.zeros(2)
    for count, damping in ((1, 1e-2), (2, 1e-2 / 4)):
        gradient = rows.T @ (weights * (rows @ theta - losses)) + precision * (theta - [0.2, -0.4])
        hessian = rows.T @ (weights[:, None] * rows) + np.diag(precision)
        theta = theta - np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient)
        found, value = levenberg_marquardt(problems, np.zeros((1, 2)), count)
        assert found[0] == pytest.approx(theta, rel=1e-9)
        left = rows @ theta - losses
        expected = 0.5 * (weights * left**2).sum() + 0.5 * precision @ (theta - [0.2, -0.4]) ** 2
        assert value[0] == pytest.approx(expected, rel=1e-9)


def test_after_steps_that_lead_uphill_it_takes_shorter_ones() -> None:
    """Undamped steps from x = 3 towards the zero of arctan lead ever farther away; damping brings them home."""

    def curve(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arctan(theta), (1 / (1 + theta**2))[:, :, None]

    problems = lines(
        0,
        curve=curve,
        log_losses=np.zeros((1, 1)),
        weights=np.ones((1, 1)),
        prior_mean=np.zeros((1, 1)),
        prior_deviation=np.ones(1),
        lower=np.full((1, 1), -99.0),
        upper=np.full((1, 1), 99.0),
        free=np.ones((1, 1), dtype=bool),
        delta=9.0,
    )
    theta, damping, start = 3.0, 1e-2, np.array([[3.0]])
    for count in range(1, 12):
        slope = 1 / (1 + theta**2)
        trial = theta - np.arctan(theta) * slope / (slope**2 * (1 + damping) + 1e-12)
        if np.arctan(trial) ** 2 < np.arctan(theta) ** 2:
            theta, damping = trial, damping / 4
        else:
            damping *= 5
        assert levenberg_marquardt(problems, start, count)[0][0, 0] == pytest.approx(theta, rel=1e-6, abs=1e-9)
