"""L_i = E_i + ((A_i N^-alpha_i)^(1/kappa_i) + (B_i D^-beta_i)^(1/kappa_i))^kappa_i: one domain, N and D interacting."""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.curve import Centre, CurveForm, Prior
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import (
    COUNT,
    JOINED,
    TERMS,
    fill_jacobian,
    fixed_terms,
    inner_terms,
    joined_terms,
    named_terms,
    reducible_and_shares,
    term_prior,
    term_starts,
    unidentified_terms,
)
from codescale.laws.observations import Observations


class Coupled(CurveForm):
    """The law of one data distribution, per target: ``chinchilla``, and how much N and D depend on one another.

    E: irreducible loss, in the runs' unit. A, alpha: height and exponent of what is lost to finite size, N in
    parameters. B, beta: likewise for finite data, D in tokens. kappa: 1 where the two add up. Shares are ignored: on
    mixtures it is a baseline. Fitted with Huber's delta 1e-3 on log loss, as Hoffmann et al. and Besiroglu et al.
    (2024) do, and a prior that counts where runs cannot tell N from D (a ladder on which both rise together).
    """

    name = "coupled"
    ignores_shares = True
    formula = f"L_i = E_i + {JOINED}"
    delta = 1e-3
    strength = 4e-6
    screening = 25
    kept = 3
    iterations = 2000

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return TERMS

    def suits(self, data: Observations) -> bool:
        """On several mixtures, or where N or D does not vary, ``chinchilla`` says as much."""
        held, _ = fixed_terms(data)
        return not held[:, -1].any() and data.mixture_index.max() == 0

    def unidentified(self, data: Observations) -> dict[str, str]:
        return unidentified_terms(data)

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        return fixed_terms(data)

    def prior(self, data: Observations) -> Prior:
        return term_prior()

    def starts(self, data: Observations) -> Array:
        return term_starts()

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        total = joined_terms(theta, rows.log_params, rows.log_tokens).total
        return np.log(np.broadcast_to(total, (len(theta), rows.count)))

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        total = np.broadcast_to(terms.total, (len(theta), rows.count))
        jacobian = np.empty((*total.shape, COUNT), dtype=total.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, rows.log_tokens, total)
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return named_terms(theta, centre)

    def inner(self, values: Array, centre: Centre) -> Array:
        return inner_terms(values, centre)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        reducible, _, _ = reducible_and_shares(values, log_params, log_tokens)
        return float(values[0]) + reducible, np.zeros(len(shares))
