"""The batch solver: Jacobians are right, bounds hold, many problems at once equal one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.laws.forms.additive import Additive
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.curve import Centre, CurveForm
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.forms.exponential import Exponential
from codescale.laws.forms.family import Family
from codescale.laws.forms.joint import Joint
from codescale.laws.forms.solver import huber

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
