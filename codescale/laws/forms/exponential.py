"""L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i + exp(sum_j c_ij p_j): the data mixing law, extended in N and D.

At one N and one D it is Ye et al. (2024, arXiv 2403.16952), L_i = c_i + k_i exp(sum_j t_ij p_j): since
shares sum to 1, log k_i is absorbed by the coefficients, c_ij = log k_i + t_ij.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import absent_domains, collinear_domains
from codescale.laws.forms.curve import Centre, CurveForm, Prior
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import (
    COUNT,
    JOINED,
    LARGEST,
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


class Exponential(CurveForm):
    """Each target's own loss as an exponential of a linear function of the shares, beside terms in N and D.

    E: irreducible loss, in the runs' unit. A, alpha, B, beta: what finite N (parameters) and D (tokens) cost; left out
    where N or D does not vary. kappa: 1 where the two add up. c.<domain>: log of what the loss has above those terms
    when training on that domain alone.
    """

    name = "exponential"
    formula = f"L_i = E_i + {JOINED} + exp(sum_j c_ij p_j)"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*TERMS, *(f"c.{domain}" for domain in domains))

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = unidentified_terms(data)
        reasons |= {f"c.{name}": "no row trains on it: left at its prior" for name in absent_domains(data)}
        for name in collinear_domains(data):
            reasons[f"c.{name}"] = "its share varies only together with others': held near its prior"
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = fixed_terms(data)
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

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        return np.log(terms.total + rows.spread(_mixed(theta, rows)))

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        mixed = rows.spread(_mixed(theta, rows))
        total = terms.total + mixed
        jacobian = np.empty((*total.shape, theta.shape[1]), dtype=total.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, rows.log_tokens, total)
        np.multiply((mixed / total)[..., None], rows.spread(rows.shares[None]), out=jacobian[..., COUNT:])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return np.concatenate([named_terms(theta[..., :COUNT], centre), theta[..., COUNT:]], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        return np.concatenate([inner_terms(values[..., :COUNT], centre), values[..., COUNT:]], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        mixed = np.exp(float(values[COUNT:] @ shares))
        reducible, _, _ = reducible_and_shares(values, log_params, log_tokens)
        return float(values[0] + reducible + mixed), mixed * values[COUNT:]


def _mixed(theta: Array, rows: Rows) -> Array:
    """(problems, mixtures): exp(sum_j c_ij p_j)."""
    return np.asarray(np.exp(np.minimum(theta[:, COUNT:] @ rows.shares.T, LARGEST)))
