"""A law as one function: a form's losses, corrected by a process, over tokens that may run out."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.laws.forms.registry import find_form
from codescale.laws.gp.conditioning import ConditionedGP
from codescale.laws.gp.kernel import Hyperparameters, covariance, kernel_inputs
from codescale.laws.gp.law_correction import LawCorrection
from codescale.laws.gp.prior_functions import draw_prior_functions
from codescale.laws.repetition import Repetition, effective_tokens
from codescale.laws.surface import FixedTokens, GrowingTokens, RepeatingSurface, Surface

DOMAINS = ("a", "b", "c")
FORM = find_form("effective-data")
NAMES = FORM.parameter_names(DOMAINS, "a")
GENERATOR = np.random.default_rng(0)
TERMS = {"E": 1.0, "A": 20.0, "alpha": 0.3, "B": 30.0, "beta": 0.3, "kappa": 1.3}
ONE = TERMS | {"t.a": 1.0, "t.b": 0.2, "t.c": 0.1}
OTHER = ONE | {"E": 0.7, "beta": 0.25, "t.a": 0.05, "t.b": 1.0}
VALUES = np.array([[one[name] for name in NAMES] for one in (ONE, OTHER)])
SHARES = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
LOG_PARAMS, LOG_TOKENS = np.log([1e5, 2e5]), np.log([4e5, 8e5])
PROCESS = Hyperparameters(np.array([0.3, 0.4, 0.8, 0.5, 0.6]), 0.5, 0.1)
ROWS = kernel_inputs(GENERATOR.uniform(10, 13, 6), GENERATOR.uniform(12, 14, 6), GENERATOR.dirichlet(np.ones(3), 6))
DUAL = 0.4 * GENERATOR.standard_normal((6, 2))
CONDITIONED = ConditionedGP(PROCESS, ROWS, np.eye(6), DUAL)
CORRECTION = LawCorrection(CONDITIONED.of_column(0))
DRAWN = LawCorrection(CONDITIONED, draw_prior_functions(PROCESS.relevance, PROCESS.amplitude, 1, GENERATOR)).of_sample(
    1
)


def by_form() -> np.ndarray:
    """(rows, targets): log losses of the form alone."""
    return FORM.log_losses(VALUES, DOMAINS, LOG_PARAMS, LOG_TOKENS, SHARES).T


def test_without_a_process_it_is_the_form_and_with_one_its_correction_is_added_to_the_logarithm() -> None:
    alone = Surface(FORM, DOMAINS, VALUES, (None, None)).log_losses(LOG_PARAMS, LOG_TOKENS, SHARES)
    assert alone == pytest.approx(by_form())
    found = Surface(FORM, DOMAINS, VALUES, (None, CORRECTION)).log_losses(LOG_PARAMS, LOG_TOKENS, SHARES)
    points = kernel_inputs(LOG_PARAMS, LOG_TOKENS, SHARES)
    added = PROCESS.amplitude**2 * covariance(PROCESS.relevance, points, ROWS) @ DUAL[:, 0]
    assert found[:, 0] == pytest.approx(by_form()[:, 0])
    assert found[:, 1] == pytest.approx(by_form()[:, 1] + added)
    assert np.abs(added).min() > 1e-3


@pytest.mark.parametrize("posteriors", [(None, None), (None, CORRECTION), (CORRECTION, DRAWN)])
def test_slopes_are_the_derivatives_of_the_losses(posteriors: tuple[LawCorrection | None, ...]) -> None:
    surface = Surface(FORM, DOMAINS, VALUES, posteriors)
    losses, slopes = surface.losses_and_slopes(LOG_PARAMS[0], LOG_TOKENS[0], SHARES[0])
    expected = np.exp(surface.log_losses(LOG_PARAMS[:1], LOG_TOKENS[:1], SHARES[:1]))[0]
    assert losses == pytest.approx(expected, rel=1e-12)
    for k in range(3):
        step = 1e-6 * np.eye(3)[k]
        ahead, behind = (
            np.exp(surface.log_losses(LOG_PARAMS[:1], LOG_TOKENS[:1], SHARES[:1] + sign * step))[0] for sign in (1, -1)
        )
        assert slopes[:, k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-5, abs=1e-8)


def test_where_tokens_run_out_the_law_sees_what_they_are_worth() -> None:
    unique = np.array([2e4, np.inf, 5e4])
    surface = RepeatingSurface(FORM, DOMAINS, VALUES, (None, CORRECTION), Repetition(3.0), FixedTokens(unique))
    tokens, worth = effective_tokens(np.exp(LOG_TOKENS), SHARES, unique, 3.0)
    plain = Surface(FORM, DOMAINS, VALUES, (None, CORRECTION))
    assert surface.log_losses(LOG_PARAMS, LOG_TOKENS, SHARES) == pytest.approx(
        plain.log_losses(LOG_PARAMS, np.log(tokens), worth)
    )


def test_distinct_tokens_may_grow_with_a_run() -> None:
    per_token = np.array([0.02, np.inf, 0.05])
    growing = RepeatingSurface(FORM, DOMAINS, VALUES, (None, None), Repetition(3.0), GrowingTokens(per_token))
    for k, log_tokens in enumerate(LOG_TOKENS):
        fixed = FixedTokens(per_token * np.exp(log_tokens))
        same = RepeatingSurface(FORM, DOMAINS, VALUES, (None, None), Repetition(3.0), fixed)
        at = LOG_PARAMS[k : k + 1], LOG_TOKENS[k : k + 1], SHARES[k : k + 1]
        assert growing.log_losses(*at) == pytest.approx(same.log_losses(*at))


def test_slopes_where_tokens_run_out_are_central_differences_or_forward_ones_at_the_edge() -> None:
    surface = RepeatingSurface(
        FORM, DOMAINS, VALUES, (None, None), Repetition(3.0), FixedTokens(np.array([2e4, np.inf, 5e4]))
    )
    for shares in (np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.6, 0.0])):
        losses, slopes = surface.losses_and_slopes(LOG_PARAMS[0], LOG_TOKENS[0], shares)

        def loss(at: np.ndarray) -> np.ndarray:
            return np.exp(surface.log_losses(LOG_PARAMS[:1], LOG_TOKENS[:1], at[None]))[0]

        assert losses == pytest.approx(loss(shares), rel=1e-12)
        assert slopes.shape == (2, 3)
        for k in range(3):
            step = 1e-6 * np.eye(3)[k]
            behind = np.maximum(shares - step, 0.0)
            width = 1e-6 + min(shares[k], 1e-6)
            assert slopes[:, k] == pytest.approx((loss(shares + step) - loss(behind)) / width, rel=1e-6)
