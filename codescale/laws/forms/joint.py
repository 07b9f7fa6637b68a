"""The joint law of Shukor et al. (2025, arXiv 2507.09404): the mixture also sets what finite N and D cost.

    L_i = E_i + A_i(p) N^-alpha_i + B_i(p) D^-beta_i + 1 / sum_j C_ij p_j^gamma_ij        (kappa_i joins the first two)

The paper has A_i(p) = (sum_j C_ij^A p_j)^gamma_i^A and B_i(p) likewise. Here the exponents are negative, which keeps
the law convex in the shares, and the sum is over heights relative to A_i, so that with all of them 1 it is `additive`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.additive import Additive, mixing_unidentified
from codescale.laws.forms.base import one_value
from codescale.laws.forms.curve import Centre, CurveForm, Prior, joined
from codescale.laws.forms.mixing import (
    mixing_gradient,
    mixing_inner,
    mixing_loss,
    mixing_named,
    mixing_prior,
    mixing_starts,
    mixing_term,
)
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import (
    COUNT,
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

_FACTORS = COUNT + 2
"""Where a begins, after gamma_A and gamma_B."""


class Joint(CurveForm):
    """Each target's own loss, convex in the shares; the best mixture may change with N and D.

    E: irreducible loss, in the runs' unit. A, alpha, B, beta: what finite N (parameters) and D (tokens) cost a mixture
    whose domains all cost alike. kappa: 1 where the two add up. A(p) = A (sum_j p_j a_j^(-1/gamma_A))^-gamma_A:
    a.<domain> is the factor when training on that domain alone (the paper's gamma^A is -gamma_A); b.<domain> and
    gamma_B likewise. C.<domain>, gamma.<domain>: as in ``additive``. The scale of a against A rests on the prior, which
    holds a around 1.
    """

    name = "joint"
    formula = (
        "L_i = E_i + ((A_i(p) N^-alpha_i)^(1/kappa_i) + (B_i(p) D^-beta_i)^(1/kappa_i))^kappa_i"
        " + 1 / sum_j C_ij p_j^gamma_ij,"
        " A_i(p) = A_i (sum_j p_j a_ij^(-1/gamma_A))^-gamma_A, B_i(p) = B_i (sum_j p_j b_ij^(-1/gamma_B))^-gamma_B"
    )

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        own = (f"{name}.{domain}" for name in ("a", "b", "C", "gamma") for domain in domains)
        return (*TERMS, "gamma_A", "gamma_B", *own)

    def suits(self, data: Observations) -> bool:
        """At one N and one D it is ``additive``."""
        return not (one_value(data.log_params) and one_value(data.log_tokens))

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = unidentified_terms(data) | mixing_unidentified(data, ("a", "b", "C", "gamma"))
        for log_values, letter in ((data.log_params, "a"), (data.log_tokens, "b")):
            if one_value(log_values):
                names = (f"gamma_{letter.upper()}", *(f"{letter}.{domain}" for domain in data.domains))
                reasons |= dict.fromkeys(names, "all rows have one value of what it belongs to: left out")
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = fixed_terms(data)
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
        """Where ``additive``, which it extends, ended: either that or its own starts may end in the better optimum."""
        if Additive.name not in simpler:
            return None
        additive = Additive().inner(simpler[Additive.name], self._centre(data))
        factors = np.zeros((*additive.shape[:-1], 2 + 2 * len(data.domains)))
        return np.concatenate([additive[..., :COUNT], factors, additive[..., COUNT:]], axis=-1)

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        a, b, mix = _places(rows.shares.shape[1])
        log_a = _log_mean(theta[:, a], theta[:, COUNT : COUNT + 1], rows.shares)[0]
        log_b = _log_mean(theta[:, b], theta[:, COUNT + 1 : _FACTORS], rows.shares)[0]
        terms = joined_terms(theta, rows.log_params, rows.log_tokens, rows.spread(log_a), rows.spread(log_b))
        return np.log(terms.total + rows.spread(mixing_loss(theta[:, mix], rows)))

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        a, b, mix = _places(rows.shares.shape[1])
        log_a, slope_a, by_gamma_a = _power_mean(theta[:, a], theta[:, COUNT : COUNT + 1], rows.shares)
        log_b, slope_b, by_gamma_b = _power_mean(theta[:, b], theta[:, COUNT + 1 : _FACTORS], rows.shares)
        terms = joined_terms(theta, rows.log_params, rows.log_tokens, rows.spread(log_a), rows.spread(log_b))
        mixed, slope = mixing_term(theta[:, mix], rows)
        total = terms.total + rows.spread(mixed)
        jacobian = np.empty((*total.shape, theta.shape[1]), dtype=total.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, rows.log_tokens, total)
        share_n, share_d = jacobian[..., 1], jacobian[..., 3]
        np.multiply(share_n, rows.spread(by_gamma_a), out=jacobian[..., COUNT])
        np.multiply(share_d, rows.spread(by_gamma_b), out=jacobian[..., COUNT + 1])
        np.multiply(rows.spread(slope_a), share_n[..., None], out=jacobian[..., a])
        np.multiply(rows.spread(slope_b), share_d[..., None], out=jacobian[..., b])
        np.divide(rows.spread(slope), total[..., None], out=jacobian[..., mix])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        _, _, mix = _places((theta.shape[-1] - _FACTORS) // 4)
        middle, mixing = theta[..., COUNT : mix.start], theta[..., mix]
        return np.concatenate([named_terms(theta[..., :COUNT], centre), np.exp(middle), mixing_named(mixing)], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        _, _, mix = _places((values.shape[-1] - _FACTORS) // 4)
        middle, mixing = values[..., COUNT : mix.start], values[..., mix]
        return np.concatenate([inner_terms(values[..., :COUNT], centre), np.log(middle), mixing_inner(mixing)], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        a, b, mix = _places(len(shares))
        mixed, gradient = mixing_gradient(values[mix], shares)
        gammas = values[COUNT:_FACTORS]
        worths = [values[place] ** (-1.0 / gamma) for place, gamma in zip((a, b), gammas, strict=True)]
        means = [float(worth @ shares) for worth in worths]
        log_a, log_b = (-gamma * np.log(mean) for gamma, mean in zip(gammas, means, strict=True))
        reducible, share_n, share_d = reducible_and_shares(values, log_params, log_tokens, log_a, log_b)
        for share, gamma, mean, worth in zip((share_n, share_d), gammas, means, worths, strict=True):
            gradient = gradient - share * reducible * gamma / mean * worth
        return float(values[0] + reducible + mixed), gradient


def _places(domains: int) -> tuple[slice, slice, slice]:
    """Where a, b and the parameters of the mixture stand."""
    a, b = _FACTORS + domains, _FACTORS + 2 * domains
    return slice(_FACTORS, a), slice(a, b), slice(b, None)


def _power_mean(log_factors: Array, log_gamma: Array, shares: Array) -> tuple[Array, Array, Array]:
    """log (sum_j p_j a_j^(-1/gamma))^-gamma (problems, mixtures), its derivatives by log a (problems, mixtures,
    domains) and by log gamma (problems, mixtures).
    """
    value, worth, mean = _log_mean(log_factors, log_gamma, shares)
    weight = worth[:, None, :] * shares / mean[..., None]
    return value, weight, value - np.einsum("prk,pk->pr", weight, log_factors)


def _log_mean(log_factors: Array, log_gamma: Array, shares: Array) -> tuple[Array, Array, Array]:
    """As the first of :func:`_power_mean`, with a^(-1/gamma) (problems, domains) and its mean (problems, mixtures)."""
    gamma = np.exp(log_gamma)
    worth = np.exp(-log_factors / gamma)
    mean = np.maximum(worth @ shares.T, 1e-30)
    return np.asarray(-gamma * np.log(mean)), worth, mean
