"""L_i = E_i + A_i N^-alpha_i + B_i D_i^-beta_i with D_i = D sum_j t_ij p_j: a token of j counts as t_ij tokens of i.

kappa_i joins the two terms. In the manner of ATLAS (Longpre et al., 2025, arXiv 2510.22037): what a target learns of
another language's tokens is a rate of exchange.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import absent_domains, collinear_domains, one_value, two_values
from codescale.laws.forms.curve import Centre, CurveForm, Prior
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import (
    ABSENT,
    COUNT,
    TERMS,
    fill_jacobian,
    fixed_terms,
    inner_terms,
    joined_terms,
    named_terms,
    reducible_and_shares,
    sum_of_terms,
    term_prior,
    term_starts,
    two_point_terms,
)
from codescale.laws.observations import Observations

_NO_DATA = 1e-9
"""Effective share below which a mixture counts as holding nothing for the target; keeps D_i above 0."""


class EffectiveData(CurveForm):
    """Each target's own loss, convex in the shares.

    E: irreducible loss, in the runs' unit. A, alpha: what finite N costs, N in parameters. B, beta: what finite
    effective data cost, D_i in tokens. kappa: 1 where the two add up. t.<domain>: tokens of the target that one token
    of the domain is worth, at least 0; 1 for the target itself where it is trained on. For a target that is no training
    domain only ratios of t are identified: the largest is 1.
    """

    name = "effective-data"
    formula = (
        "L_i = E_i + ((A_i N^-alpha_i)^(1/kappa_i) + (B_i D_i^-beta_i)^(1/kappa_i))^kappa_i, D_i = D sum_j t_ij p_j"
    )

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*TERMS, *(f"t.{domain}" for domain in domains))

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons: dict[str, str] = {}
        if one_value(data.log_params):
            reasons |= dict.fromkeys(("A", "alpha"), "all rows have one N: set to 0, E holds their part")
        elif two_values(data.log_params):
            reasons |= {name: reason for name, reason in two_point_terms(data).items() if name in ("A", "alpha")}
        one_mixture = len(np.unique(np.round(data.shares, 6), axis=0)) == 1
        if one_value(data.log_tokens) and one_mixture:
            reasons |= dict.fromkeys(("B", "beta"), "all rows have one D and one mixture: set to 0, E holds their part")
        reasons |= {f"t.{name}": "no row trains on it: left at its prior" for name in absent_domains(data)}
        for name in collinear_domains(data):
            reasons[f"t.{name}"] = "its share varies only together with others': held near its prior"
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        targets, domains = len(data.targets), len(data.domains)
        held = np.zeros((targets, COUNT + domains), dtype=bool)
        fixed = np.zeros((targets, COUNT + domains))
        if one_value(data.log_params):
            held[:, 1:3], fixed[:, 1] = True, ABSENT
        if one_value(data.log_tokens) and len(np.unique(np.round(data.shares, 6), axis=0)) == 1:
            held[:, 3:5], fixed[:, 3] = True, ABSENT
        held[:, COUNT - 1] = fixed_terms(data)[0][:, -1]
        own = data.own_domain
        trained = np.flatnonzero(own >= 0)
        held[trained, COUNT + own[trained]] = True
        if domains == 1:
            held[:, COUNT:] = True
        return held, fixed

    def prior(self, data: Observations) -> Prior:
        terms, ones = term_prior(), np.ones(len(data.domains))
        return Prior(
            mean=np.concatenate([terms.mean, np.log(0.2) * ones]),
            deviation=np.concatenate([terms.deviation, 1.5 * ones]),
            lower=np.concatenate([terms.lower, -12.0 * ones]),
            upper=np.concatenate([terms.upper, 3.0 * ones]),
            levelled=np.concatenate([terms.levelled, np.zeros(len(data.domains), dtype=bool)]),
        )

    def starts(self, data: Observations) -> Array:
        terms = term_starts()
        weights = np.repeat(np.log([0.1, 0.5]), len(terms))
        return np.hstack([np.vstack([terms, terms]), np.tile(weights[:, None], (1, len(data.domains)))])

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        effective = np.exp(theta[:, COUNT:]) @ rows.shares.T + _NO_DATA
        log_data = rows.log_tokens + rows.spread(np.log(effective))
        return np.log(joined_terms(theta, rows.log_params, log_data).total)

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        worth = np.exp(theta[:, COUNT:])
        effective = worth @ rows.shares.T + _NO_DATA
        log_data = rows.log_tokens + rows.spread(np.log(effective))
        terms = joined_terms(theta, rows.log_params, log_data)
        total = terms.total
        jacobian = np.empty((*total.shape, theta.shape[1]), dtype=total.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, log_data, total)
        parts = worth[:, None, :] * rows.shares / effective[..., None]
        np.multiply(rows.spread(parts), (-jacobian[..., 3] * terms.beta)[..., None], out=jacobian[..., COUNT:])
        return np.log(total), jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return np.concatenate([named_terms(theta[..., :COUNT], centre), np.exp(theta[..., COUNT:])], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        worth = np.log(np.maximum(values[..., COUNT:], np.exp(-700.0)))
        return np.concatenate([inner_terms(values[..., :COUNT], centre), worth], axis=-1)

    def _finish(self, data: Observations, theta: Array) -> Array:
        """Fixes the scale of t for targets outside the training domains: the largest is 1, B takes the rest."""
        theta = theta.copy()
        for k, own in enumerate(data.own_domain):
            if own < 0:
                largest = theta[:, k, COUNT:].max(axis=1)
                theta[:, k, COUNT:] -= largest[:, None]
                theta[:, k, 3] -= np.where(theta[:, k, 3] <= ABSENT, 0.0, np.exp(theta[:, k, 4]) * largest)
        return super()._finish(data, theta)

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        log_data = log_tokens + np.log(values[:, COUNT:] @ shares.T + _NO_DATA)
        return np.asarray(np.log(sum_of_terms(values, log_params, log_data)))

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        worth = values[COUNT:]
        effective = float(worth @ shares) + _NO_DATA
        reducible, _, share_d = reducible_and_shares(values, log_params, log_tokens + np.log(effective))
        return float(values[0]) + reducible, -values[4] * share_d * reducible / effective * worth
