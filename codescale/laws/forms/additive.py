"""L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i + 1 / sum_j C_ij p_j^gamma_ij: the additive law of Shukor et al. (2025).

"Scaling Laws for Optimal Data Mixtures", arXiv 2507.09404: what the mixture costs does not depend on N and D, so the
best mixture is the same at every scale.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import absent_domains, collinear_domains, fewer_mixtures
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


class Additive(CurveForm):
    """Each target's own loss, convex in the shares.

    E: irreducible loss, in the runs' unit. A, alpha, B, beta: what finite N (parameters) and D (tokens) cost; left out
    where N or D does not vary. kappa: 1 where the two add up. C.<domain>: one over what the loss has above those terms
    (in the runs' unit) when training on that domain alone. gamma.<domain>: how fast that falls with the domain's share;
    above 0, at most 1 (the paper sets no bound: this one keeps the law convex).
    """

    name = "additive"
    formula = f"L_i = E_i + {JOINED} + 1 / sum_j C_ij p_j^gamma_ij"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*TERMS, *(f"{name}.{domain}" for name in ("C", "gamma") for domain in domains))

    def unidentified(self, data: Observations) -> dict[str, str]:
        return unidentified_terms(data) | mixing_unidentified(data, ("C", "gamma"))

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = fixed_terms(data)
        extra = (len(data.targets), 2 * len(data.domains))
        return np.hstack([held, np.zeros(extra, dtype=bool)]), np.hstack([fixed, np.zeros(extra)])

    def prior(self, data: Observations) -> Prior:
        return joined(term_prior(), mixing_prior(len(data.domains)))

    def starts(self, data: Observations) -> Array:
        terms = term_starts()
        return np.hstack([terms, mixing_starts(len(terms), len(data.domains))])

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        return np.log(terms.total + rows.spread(mixing_loss(theta[:, COUNT:], rows)))

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        mixed, slope = mixing_term(theta[:, COUNT:], rows)
        total = terms.total + rows.spread(mixed)
        jacobian = np.empty((*total.shape, theta.shape[1]), dtype=total.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, rows.log_tokens, total)
        np.divide(rows.spread(slope), total[..., None], out=jacobian[..., COUNT:])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return np.concatenate([named_terms(theta[..., :COUNT], centre), mixing_named(theta[..., COUNT:])], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        return np.concatenate([inner_terms(values[..., :COUNT], centre), mixing_inner(values[..., COUNT:])], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        mixed, slope = mixing_gradient(values[COUNT:], shares)
        reducible, _, _ = reducible_and_shares(values, log_params, log_tokens)
        return float(values[0]) + reducible + mixed, slope


def mixing_unidentified(data: Observations, names: tuple[str, ...]) -> dict[str, str]:
    """Which of the parameters that each domain has, called ``names``, the shares in ``data`` cannot tell."""
    reasons = {
        f"{name}.{domain}": "no row trains on it: left at its prior"
        for domain in absent_domains(data)
        for name in names
    }
    for domain in collinear_domains(data):
        for name in names:
            reasons[f"{name}.{domain}"] = "its share varies only together with others': held near its prior"
    if fewer_mixtures(data, 2 * len(data.domains)):
        named = [f"gamma.{domain}" for domain in data.domains if "gamma" in names]
        reasons = dict.fromkeys(named, "fewer mixtures than C and gamma: held near its prior") | reasons
    return reasons
