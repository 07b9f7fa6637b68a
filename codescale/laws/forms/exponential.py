"""L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i + exp(sum_j c_ij p_j): the data mixing law, extended in N and D.

At one N and one D it is Ye et al. (2024, arXiv 2403.16952), L_i = c_i + k_i exp(sum_j t_ij p_j): since
shares sum to 1, log k_i is absorbed by the coefficients, c_ij = log k_i + t_ij.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import absent_domains, collinear_domains
from codescale.laws.forms.chinchilla import SCALARS, Chinchilla, inner_terms, named_terms, term_prior, term_starts
from codescale.laws.forms.curve import Centre, CurveForm, Prior
from codescale.laws.observations import Observations


class Exponential(CurveForm):
    """Each target's own loss as an exponential of a linear function of the shares, beside terms in N and D.

    E: irreducible loss, nats per token. A, alpha, B, beta: what finite N (parameters) and D (tokens) cost; left out
    where N or D does not vary. c.<domain>: log of what the loss has above those terms when training on that domain
    alone.
    """

    name = "exponential"
    formula = "L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i + exp(sum_j c_ij p_j)"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*SCALARS, *(f"c.{domain}" for domain in domains))

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = Chinchilla().unidentified(data)
        reasons |= {f"c.{name}": "no row trains on it: left at its prior" for name in absent_domains(data)}
        for name in collinear_domains(data):
            reasons[f"c.{name}"] = "its share varies only together with others': held near its prior"
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = Chinchilla().fixed_parameters(data)
        extra = (len(data.targets), len(data.domains))
        return np.hstack([held, np.zeros(extra, dtype=bool)]), np.hstack([fixed, np.zeros(extra)])

    def prior(self, data: Observations) -> Prior:
        terms, ones = term_prior(), np.ones(len(data.domains))
        return Prior(
            mean=np.concatenate([terms.mean, -1.0 * ones]),
            deviation=np.concatenate([terms.deviation, 2.0 * ones]),
            lower=np.concatenate([terms.lower, -15.0 * ones]),
            upper=np.concatenate([terms.upper, 3.0 * ones]),
            levelled=np.concatenate([terms.levelled, ones.astype(bool)]),
        )

    def starts(self, data: Observations) -> Array:
        terms = term_starts()
        heights = np.repeat(np.log([0.1, 0.4]), len(terms))
        return np.hstack([np.vstack([terms, terms]), np.tile(heights[:, None], (1, len(data.domains)))])

    def curve(self, theta: Array, log_params: Array, log_tokens: Array, shares: Array) -> tuple[Array, Array]:
        alpha, beta = np.exp(theta[:, 2:3]), np.exp(theta[:, 4:5])
        floor = np.exp(theta[:, 0:1])
        term_n = np.exp(np.minimum(theta[:, 1:2] - alpha * log_params, 300.0))
        term_d = np.exp(np.minimum(theta[:, 3:4] - beta * log_tokens, 300.0))
        mixed = np.exp(np.minimum(theta[:, 5:] @ shares.T, 300.0))
        total = floor + term_n + term_d + mixed
        jacobian = np.empty((*total.shape, theta.shape[1]))
        jacobian[..., 0] = floor / total
        jacobian[..., 1] = term_n / total
        jacobian[..., 2] = -term_n / total * alpha * log_params
        jacobian[..., 3] = term_d / total
        jacobian[..., 4] = -term_d / total * beta * log_tokens
        np.multiply((mixed / total)[..., None], shares, out=jacobian[..., 5:])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return np.concatenate([named_terms(theta[..., :5], centre), theta[..., 5:]], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        return np.concatenate([inner_terms(values[..., :5], centre), values[..., 5:]], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        floor, height_n, alpha, height_d, beta = values[:5]
        mixed = np.exp(float(values[5:] @ shares))
        loss = floor + height_n * np.exp(-alpha * log_params) + height_d * np.exp(-beta * log_tokens) + mixed
        return float(loss), mixed * values[5:]
