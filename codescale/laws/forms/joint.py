"""The joint law of Shukor et al. (2025, arXiv 2507.09404): the mixture also sets what finite N and D cost.

    L_i = E_i + A_i(p) N^-alpha_i + B_i(p) D^-beta_i + 1 / sum_j C_ij p_j^gamma_ij

The paper has A_i(p) = (sum_j C_ij^A p_j)^gamma_i^A and B_i(p) likewise. Here the exponents are negative, which keeps
the law convex in the shares, and the sum is over heights relative to A_i, so that with all of them 1 it is `additive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.additive import Additive, mixing_unidentified
from codescale.laws.forms.base import one_value
from codescale.laws.forms.chinchilla import SCALARS, Chinchilla, inner_terms, named_terms, term_prior, term_starts
from codescale.laws.forms.curve import Centre, CurveForm, Prior, joined
from codescale.laws.forms.mixing import (
    mixing_gradient,
    mixing_inner,
    mixing_named,
    mixing_prior,
    mixing_starts,
    mixing_term,
)
from codescale.laws.forms.terms import fill_jacobian, three_terms
from codescale.laws.observations import Observations


class Joint(CurveForm):
    """Each target's own loss, convex in the shares; the best mixture may change with N and D.

    E: irreducible loss, nats per token. A, alpha, B, beta: what finite N (parameters) and D (tokens) cost a mixture
    whose domains all cost alike. A(p) = A (sum_j p_j a_j^(-1/gamma_A))^-gamma_A: a.<domain> is the factor when
    training on that domain alone (the paper's gamma^A is -gamma_A); b.<domain> and gamma_B likewise. C.<domain>,
    gamma.<domain>: as in ``additive``. The scale of a against A rests on the prior, which holds a around 1.
    """

    name = "joint"
    formula = (
        "L_i = E_i + A_i (sum_j p_j a_ij^(-1/gamma_A))^-gamma_A N^-alpha_i"
        " + B_i (sum_j p_j b_ij^(-1/gamma_B))^-gamma_B D^-beta_i + 1 / sum_j C_ij p_j^gamma_ij"
    )

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        own = (f"{name}.{domain}" for name in ("a", "b", "C", "gamma") for domain in domains)
        return (*SCALARS, "gamma_A", "gamma_B", *own)

    def suits(self, data: Observations) -> bool:
        """At one N and one D it is ``additive``."""
        return not (one_value(data.log_params) and one_value(data.log_tokens))

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = Chinchilla().unidentified(data) | mixing_unidentified(data, ("a", "b", "C", "gamma"))
        for log_values, letter in ((data.log_params, "a"), (data.log_tokens, "b")):
            if one_value(log_values):
                names = (f"gamma_{letter.upper()}", *(f"{letter}.{domain}" for domain in data.domains))
                reasons |= dict.fromkeys(names, "all rows have one value of what it belongs to: left out")
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = Chinchilla().fixed_parameters(data)
        count = len(data.domains)
        extra = np.zeros((len(data.targets), 2 + 4 * count), dtype=bool)
        for k, log_values in enumerate((data.log_params, data.log_tokens)):
            if one_value(log_values):
                extra[:, k] = True
                extra[:, 2 + k * count : 2 + (k + 1) * count] = True
        return np.hstack([held, extra]), np.hstack([fixed, np.zeros(extra.shape)])

    def prior(self, data: Observations) -> Prior:
        count = len(data.domains)
        ones = np.ones(2 * count)
        factors = Prior(
            mean=np.concatenate([[0.0, 0.0], 0.0 * ones]),
            deviation=np.concatenate([[1.0, 1.0], 0.5 * ones]),
            lower=np.concatenate([[-2.0, -2.0], -5.0 * ones]),
            upper=np.concatenate([[3.0, 3.0], 5.0 * ones]),
            levelled=np.zeros(2 + 2 * count, dtype=bool),
        )
        return joined(joined(term_prior(), factors), mixing_prior(count))

    def starts(self, data: Observations) -> Array:
        terms, count = term_starts(), len(data.domains)
        factors = np.zeros((len(terms), 2 + 2 * count))
        return np.hstack([terms, factors, mixing_starts(len(terms), count)])

    def warm_start(self, data: Observations, simpler: Mapping[str, Array]) -> Array | None:
        """Where ``additive``, which it extends, ended: in half the time it ends as well as from its own starts."""
        if Additive.name not in simpler:
            return None
        additive = Additive().inner(simpler[Additive.name], self._centre(data))
        factors = np.zeros((*additive.shape[:-1], 2 + 2 * len(data.domains)))
        return np.concatenate([additive[..., :5], factors, additive[..., 5:]], axis=-1)

    def curve(self, theta: Array, log_params: Array, log_tokens: Array, shares: Array) -> tuple[Array, Array]:
        count = shares.shape[1]
        a, b, mix = slice(7, 7 + count), slice(7 + count, 7 + 2 * count), slice(7 + 2 * count, None)
        log_a, slope_a, by_gamma_a = _power_mean(theta[:, a], theta[:, 5:6], shares)
        log_b, slope_b, by_gamma_b = _power_mean(theta[:, b], theta[:, 6:7], shares)
        terms = three_terms(theta, log_params, log_tokens)
        terms = replace(terms, of_params=terms.of_params * np.exp(log_a), of_tokens=terms.of_tokens * np.exp(log_b))
        mixed, slope = mixing_term(theta[:, mix], shares)
        total = terms.total + mixed
        jacobian = np.empty((*total.shape, theta.shape[1]))
        fill_jacobian(jacobian, terms, log_params, log_tokens, total)
        share_n, share_d = jacobian[..., 1], jacobian[..., 3]
        jacobian[..., 5], jacobian[..., 6] = share_n * by_gamma_a, share_d * by_gamma_b
        np.multiply(slope_a, share_n[..., None], out=jacobian[..., a])
        np.multiply(slope_b, share_d[..., None], out=jacobian[..., b])
        np.divide(slope, total[..., None], out=jacobian[..., mix])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        count = (theta.shape[-1] - 7) // 4
        middle, mixing = theta[..., 5 : 7 + 2 * count], theta[..., 7 + 2 * count :]
        return np.concatenate([named_terms(theta[..., :5], centre), np.exp(middle), mixing_named(mixing)], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        count = (values.shape[-1] - 7) // 4
        middle, mixing = values[..., 5 : 7 + 2 * count], values[..., 7 + 2 * count :]
        return np.concatenate([inner_terms(values[..., :5], centre), np.log(middle), mixing_inner(mixing)], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        count = len(shares)
        floor, height_n, alpha, height_d, beta, gamma_a, gamma_b = values[:7]
        loss, gradient = mixing_gradient(values[7 + 2 * count :], shares)
        for height, gamma, first in (
            (height_n * np.exp(-alpha * log_params), gamma_a, 7),
            (height_d * np.exp(-beta * log_tokens), gamma_b, 7 + count),
        ):
            worth = values[first : first + count] ** (-1.0 / gamma)
            mean = float(worth @ shares)
            term = height * mean**-gamma
            loss += term
            gradient = gradient - gamma * term / mean * worth
        return float(loss + floor), gradient


def _power_mean(log_factors: Array, log_gamma: Array, shares: Array) -> tuple[Array, Array, Array]:
    """log (sum_j p_j a_j^(-1/gamma))^-gamma (problems, rows), its derivatives by log a (problems, rows, domains) and by
    log gamma (problems, rows).
    """
    gamma = np.exp(log_gamma)
    worth = np.exp(-log_factors / gamma)
    mean = np.maximum(worth @ shares.T, 1e-300)
    weight = worth[:, None, :] * shares / mean[..., None]
    value = -gamma * np.log(mean)
    return value, weight, value - np.einsum("prk,pk->pr", weight, log_factors)
