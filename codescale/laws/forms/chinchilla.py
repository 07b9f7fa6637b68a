"""L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i: one domain, or the mixture ignored (Hoffmann et al., 2022, equation
10).
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import one_value, two_values
from codescale.laws.forms.curve import Centre, CurveForm, Prior
from codescale.laws.observations import Observations

ABSENT = -80.0
"""Log height of a term that is left out."""

SCALARS = ("E", "A", "alpha", "B", "beta")


def term_prior() -> Prior:
    """The prior of E, A, alpha, B, beta: terms within an order of magnitude of the loss, alpha around 0.2, beta 0.35.

    alpha is the middle of Kaplan et al. (2020), 0.08 without E, and Hoffmann et al. (2022), 0.34: two sizes cannot tell
    it, and with 0.35 predictions from 19 M and 85 M parameters for 302 M were 1.4 % off instead of 1.0
    (docs/law-fit.md).
    """
    return Prior(
        mean=np.array([-0.7, -1.2, np.log(0.2), -1.2, np.log(0.35)]),
        deviation=np.array([1.0, 1.5, 0.7, 1.5, 0.7]),
        lower=np.array([-12.0, -12.0, np.log(0.01), -12.0, np.log(0.01)]),
        upper=np.array([0.7, 3.0, np.log(3.0), 3.0, np.log(3.0)]),
        levelled=np.array([True, True, False, True, False]),
    )


def term_starts() -> Array:
    """Starts that differ in how the loss divides over its terms and in how steep they are."""
    return np.array(
        [
            [np.log(floor), np.log(params), np.log(alpha), np.log(tokens), np.log(beta)]
            for floor, params, tokens in ((0.5, 0.25, 0.25), (0.8, 0.1, 0.1), (0.2, 0.4, 0.4), (0.5, 0.05, 0.4))
            for alpha, beta in ((0.35, 0.35), (0.8, 0.2), (0.15, 0.8))
        ]
    )


def named_terms(theta: Array, centre: Centre) -> Array:
    """E, A, alpha, B, beta (…, 5) from the solver's log E, log term at the centre, log exponent, …"""
    alpha, beta = np.exp(theta[..., 2]), np.exp(theta[..., 4])
    with np.errstate(under="ignore"):
        height_n = np.where(theta[..., 1] <= ABSENT, 0.0, np.exp(theta[..., 1] + alpha * centre.log_params))
        height_d = np.where(theta[..., 3] <= ABSENT, 0.0, np.exp(theta[..., 3] + beta * centre.log_tokens))
    alpha = np.where(theta[..., 1] <= ABSENT, 0.0, alpha)
    beta = np.where(theta[..., 3] <= ABSENT, 0.0, beta)
    return np.stack([np.exp(theta[..., 0]), height_n, alpha, height_d, beta], axis=-1)


def inner_terms(values: Array, centre: Centre) -> Array:
    """The inverse of :func:`named_terms`; a term of height 0 becomes :data:`ABSENT`."""
    floor, height_n, alpha, height_d, beta = (values[..., k] for k in range(5))
    tiny = np.exp(-700.0)
    log_n = np.where(height_n <= 0, ABSENT, np.log(np.maximum(height_n, tiny)) - alpha * centre.log_params)
    log_d = np.where(height_d <= 0, ABSENT, np.log(np.maximum(height_d, tiny)) - beta * centre.log_tokens)
    log_alpha, log_beta = np.log(np.maximum(alpha, tiny)), np.log(np.maximum(beta, tiny))
    return np.stack([np.log(np.maximum(floor, tiny)), log_n, log_alpha, log_d, log_beta], axis=-1)


def two_point_terms(data: Observations) -> dict[str, str]:
    """The exponents (and heights) of N and D that rest on the prior since the rows have two values of it."""
    reasons: dict[str, str] = {}
    for name, log_values, terms in (("N", data.log_params, ("A", "alpha")), ("D", data.log_tokens, ("B", "beta"))):
        if two_values(log_values):
            reasons |= dict.fromkeys(terms, f"the rows have two {name}: what they share out with E rests on the prior")
    return reasons


class Chinchilla(CurveForm):
    """The law of one data distribution, per target.

    E: irreducible loss, nats per token. A, alpha: height and exponent of what is lost to finite size, N in
    parameters. B, beta: likewise for finite data, D in tokens. Shares are ignored: on mixtures it is a baseline.
    Fitted with Huber's delta 1e-3 on log loss, as Hoffmann et al. and Besiroglu et al. (2024) do.
    """

    name = "chinchilla"
    ignores_shares = True
    formula = "L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i"
    delta = 1e-3
    strength = 1e-9
    screening = 25
    kept = 3
    iterations = 2000

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return SCALARS

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons: dict[str, str] = {}
        if one_value(data.log_params):
            reasons |= dict.fromkeys(("A", "alpha"), "all rows have one N: set to 0, E holds their part")
        if one_value(data.log_tokens):
            reasons |= dict.fromkeys(("B", "beta"), "all rows have one D: set to 0, E holds their part")
        return reasons | two_point_terms(data)

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        targets = len(data.targets)
        held, fixed = np.zeros((targets, 5), dtype=bool), np.zeros((targets, 5))
        for first, log_values in ((1, data.log_params), (3, data.log_tokens)):
            if one_value(log_values):
                held[:, first : first + 2] = True
                fixed[:, first] = ABSENT
        return held, fixed

    def prior(self, data: Observations) -> Prior:
        return term_prior()

    def starts(self, data: Observations) -> Array:
        return term_starts()

    def curve(self, theta: Array, log_params: Array, log_tokens: Array, shares: Array) -> tuple[Array, Array]:
        alpha, beta = np.exp(theta[:, 2:3]), np.exp(theta[:, 4:5])
        floor = np.exp(theta[:, 0:1])
        term_n = np.exp(np.minimum(theta[:, 1:2] - alpha * log_params, 300.0))
        term_d = np.exp(np.minimum(theta[:, 3:4] - beta * log_tokens, 300.0))
        total = floor + term_n + term_d
        share_n, share_d = term_n / total, term_d / total
        jacobian = np.stack(
            [floor / total, share_n, -share_n * alpha * log_params, share_d, -share_d * beta * log_tokens], axis=-1
        )
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return named_terms(theta, centre)

    def inner(self, values: Array, centre: Centre) -> Array:
        return inner_terms(values, centre)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        floor, height_n, alpha, height_d, beta = values
        loss = floor + height_n * np.exp(-alpha * log_params) + height_d * np.exp(-beta * log_tokens)
        return float(loss), np.zeros(len(shares))
