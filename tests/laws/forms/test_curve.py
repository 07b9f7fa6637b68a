"""Curves: Jacobians are derivatives, in single precision too, values alone are the same, and laws are convex."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.laws.forms.additive import Additive
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.coupled import Coupled
from codescale.laws.forms.curve import Centre, CurveForm
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.forms.exponential import Exponential
from codescale.laws.forms.family import Family
from codescale.laws.forms.joint import Joint
from codescale.laws.forms.rows import Rows
from codescale.laws.observations import Observations

FORMS = [Chinchilla(), Coupled(), EffectiveData(), Exponential(), Additive(), Joint(), Family()]
DOMAINS = ("a", "b", "c")


def some_theta(form: CurveForm, generator: np.random.Generator) -> np.ndarray:
    """(2, parameters) on the solver's scale, two problems."""
    count = len(form.parameter_names(DOMAINS, "a"))
    theta = generator.normal(0.0, 0.5, size=(2, count)) - 0.3
    if isinstance(form, Family):
        theta[:, -3:] = [0.0, 1.0, 0.0]
    return theta


def some_rows(generator: np.random.Generator, *, repeated: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centred log N, log D and shares of eight rows, of three mixtures where they are ``repeated``."""
    shares = generator.dirichlet(np.ones(3), size=8)
    return generator.normal(size=8), generator.normal(size=8), shares[np.arange(8) % 3] if repeated else shares


def differences(form: CurveForm, theta: np.ndarray, rows: Rows) -> np.ndarray:
    """The Jacobian (problems, rows, parameters) by central differences."""
    found = []
    for k in range(theta.shape[1]):
        step = np.zeros_like(theta)
        step[:, k] = 1e-6
        found.append((form.log_curve(theta + step, rows) - form.log_curve(theta - step, rows)) / 2e-6)
    return np.stack(found, axis=-1)


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_jacobian_is_the_derivative(form: CurveForm, repeated: bool, seed: int) -> None:
    generator = np.random.default_rng(seed)
    theta, rows = some_theta(form, generator), Rows.of(*some_rows(generator, repeated=repeated))
    assert (rows.mixture is not None) == repeated
    log_loss, jacobian = form.curve(theta, rows)
    np.testing.assert_allclose(jacobian, differences(form, theta, rows), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(form.log_curve(theta, rows), log_loss, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_rows_of_few_mixtures_are_what_they_are_one_by_one(form: CurveForm) -> None:
    generator = np.random.default_rng(5)
    theta, (log_params, log_tokens, shares) = some_theta(form, generator), some_rows(generator, repeated=True)
    together, slopes = form.curve(theta, Rows.of(log_params, log_tokens, shares))
    for k in range(8):
        one, slope = form.curve(theta, Rows.of(log_params[[k]], log_tokens[[k]], shares[[k]]))
        np.testing.assert_allclose(together[:, k], one[:, 0], rtol=1e-12)
        np.testing.assert_allclose(slopes[:, k], slope[:, 0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("same", ["N", "D", "N and D"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_rows_of_one_n_or_d_are_what_they_are_one_by_one(form: CurveForm, same: str) -> None:
    generator = np.random.default_rng(6)
    theta, (log_params, log_tokens, shares) = some_theta(form, generator), some_rows(generator, repeated=False)
    log_params = np.full(8, 0.3) if "N" in same else log_params
    log_tokens = np.full(8, -0.2) if "D" in same else log_tokens
    rows = Rows.of(log_params, log_tokens, shares)
    assert (len(rows.log_params), len(rows.log_tokens)) == (1 if "N" in same else 8, 1 if "D" in same else 8)
    together, slopes = form.curve(theta, rows)
    assert together.shape == form.log_curve(theta, rows).shape == (2, 8)
    np.testing.assert_allclose(slopes, differences(form, theta, rows), rtol=1e-5, atol=1e-7)
    for k in range(8):
        one, slope = form.curve(theta, Rows.of(log_params[[k]], log_tokens[[k]], shares[[k]]))
        np.testing.assert_allclose(together[:, k], one[:, 0], rtol=1e-12)
        np.testing.assert_allclose(slopes[:, k], slope[:, 0], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_single_precision_agrees_with_double(form: CurveForm, seed: int) -> None:
    generator = np.random.default_rng(seed)
    theta, inputs = some_theta(form, generator), some_rows(generator, repeated=True)
    double = form.curve(theta, Rows.of(*inputs))
    rows = Rows.of(*inputs, precision=np.float32)
    single = form.curve(theta.astype(np.float32), rows)
    for one, other in zip(single, double, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(form.log_curve(theta.astype(np.float32), rows), double[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_named_parameters_and_back(form: CurveForm, seed: int) -> None:
    theta = some_theta(form, np.random.default_rng(seed))
    centre = Centre(11.0, 12.0)
    np.testing.assert_allclose(form.inner(form.named(theta, centre), centre), theta, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_share_gradient_is_the_derivative(form: CurveForm) -> None:
    generator = np.random.default_rng(3)
    values = form.named(some_theta(form, generator), Centre(11.0, 12.0))[0]
    shares = np.array([0.2, 0.5, 0.3])
    loss, gradient = form.share_gradient(values, DOMAINS, 11.0, 12.0, shares)
    numeric_loss, numeric = super(CurveForm, form).share_gradient(values, DOMAINS, 11.0, 12.0, shares)
    assert loss == pytest.approx(numeric_loss)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-4, atol=1e-7)


def grid(domains: tuple[str, ...] = DOMAINS) -> Observations:
    """A table of one target at two N and two D, of which only the shape is asked."""
    return Observations(
        path="x",
        domains=domains,
        targets=("a",),
        log_params=np.array([0.0, 0.0, 1.0, 1.0]),
        log_tokens=np.array([0.0, 1.0, 0.0, 1.0]),
        shares=np.full((4, len(domains)), 1 / len(domains)),
        log_losses=np.zeros((4, 1)),
        trunk=np.arange(4),
        usable=np.ones(4, dtype=bool),
        unique_tokens=np.full((4, len(domains)), np.inf),
    )


@pytest.mark.parametrize("form", [EffectiveData(), Additive(), Joint()], ids=lambda form: form.name)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kappa=st.floats(0.3, 3.0))
def test_laws_are_convex_in_the_shares_whatever_kappa(form: CurveForm, seed: int, kappa: float) -> None:
    generator = np.random.default_rng(seed)
    prior = form.prior(grid())
    theta = np.clip(prior.mean + 2.0 * prior.deviation * generator.standard_normal((1, len(prior.mean))), -9, 9)
    theta = np.clip(theta, prior.lower, prior.upper)
    theta[:, 5] = np.log(kappa)
    ends = generator.dirichlet(np.full(3, 0.4), size=2)
    part = np.linspace(0.0, 1.0, 21)[:, None]
    at = np.full(21, generator.normal()), np.full(21, generator.normal())
    losses = np.exp(form.log_curve(theta, Rows.of(*at, (1.0 - part) * ends[0] + part * ends[1])))[0]
    second = losses[2:] - 2.0 * losses[1:-1] + losses[:-2]
    assert second.min() >= -1e-10 * losses.max()
