"""L_i = (E_i + A_i N^-alpha_i + B_i D^-beta_i) p_i^-gamma_i: a target's loss depends on its own share alone.

He et al. (2024, "Scaling Laws for Multilingual Language Models", arXiv 2410.12883), for families of languages that
hardly help each other. Their law is infinite where a language is left out; here a small share p0 is added to p_i.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.curve import Centre, CurveForm, Prior, joined
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

_MEMBERS = COUNT + 2
"""Where the members begin, after gamma and p0."""


class Family(CurveForm):
    """Each target's own loss, convex in the shares.

    E, A, alpha, B, beta, kappa: the law of the domain alone, as in ``coupled``. gamma: how the loss falls with the
    share, without unit. p0: a share above 0 that the other domains' tokens stand in for. member.<domain>: 1 for the
    target's own domain, 0 for the others: p_i is the share of the members. A target that is no training domain has
    every domain as a member: for it the shares are ignored.
    """

    name = "family"
    formula = f"L_i = (E_i + {JOINED}) ((p_i + p0_i) / (1 + p0_i))^-gamma_i"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*TERMS, "gamma", "p0", *(f"member.{domain}" for domain in domains))

    def suits(self, data: Observations) -> bool:
        """It says nothing of a target that is no training domain."""
        return bool((data.own_domain >= 0).all())

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = unidentified_terms(data)
        for target, own in zip(data.targets, data.own_domain, strict=True):
            if own < 0 or np.ptp(data.shares[:, own]) < 1e-6:
                reason = "its own share does not vary: left at its prior"
                reasons |= {f"{target}.gamma": reason, f"{target}.p0": reason}
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        terms, heights = fixed_terms(data)
        count, targets = len(data.domains), len(data.targets)
        held = np.hstack([terms, np.zeros((targets, 2), dtype=bool), np.ones((targets, count), dtype=bool)])
        fixed = np.hstack([heights, np.zeros((targets, 2 + count))])
        for k, own in enumerate(data.own_domain):
            if own < 0:
                fixed[k, _MEMBERS:] = 1.0
            else:
                fixed[k, _MEMBERS + own] = 1.0
        return held, fixed

    def prior(self, data: Observations) -> Prior:
        ones = np.ones(len(data.domains))
        own = Prior(
            mean=np.concatenate([np.log([0.1, 0.02]), 0.5 * ones]),
            deviation=np.concatenate([[1.0, 2.0], ones]),
            lower=np.concatenate([np.log([0.003, 1e-5]), 0.0 * ones]),
            upper=np.concatenate([np.log([3.0, 1.0]), ones]),
            levelled=np.zeros(2 + len(ones), dtype=bool),
        )
        return joined(term_prior(), own)

    def starts(self, data: Observations) -> Array:
        terms = term_starts()
        own = np.tile(np.concatenate([np.log([0.1, 0.02]), np.zeros(len(data.domains))]), (len(terms), 1))
        return np.hstack([terms, own])

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        gamma, added = np.exp(theta[:, COUNT : COUNT + 1]), np.exp(theta[:, COUNT + 1 : _MEMBERS])
        log_own = np.log(theta[:, _MEMBERS:] @ rows.shares.T + added) - np.log1p(added)
        return np.log(joined_terms(theta, rows.log_params, rows.log_tokens).total) - gamma * rows.spread(log_own)

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        terms = joined_terms(theta, rows.log_params, rows.log_tokens)
        gamma, added = np.exp(theta[:, COUNT : COUNT + 1]), np.exp(theta[:, COUNT + 1 : _MEMBERS])
        own = rows.spread(theta[:, _MEMBERS:] @ rows.shares.T) + added
        log_own = np.log(own) - np.log1p(added)
        jacobian = np.empty((*own.shape, theta.shape[1]), dtype=own.dtype)
        fill_jacobian(jacobian, terms, rows.log_params, rows.log_tokens, terms.total)
        jacobian[..., COUNT] = -gamma * log_own
        jacobian[..., COUNT + 1] = -gamma * added * (1.0 / own - 1.0 / (1.0 + added))
        np.multiply(rows.spread(rows.shares[None]), (-gamma / own)[..., None], out=jacobian[..., _MEMBERS:])
        return np.log(terms.total) - gamma * log_own, jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        own = np.exp(theta[..., COUNT:_MEMBERS])
        return np.concatenate([named_terms(theta[..., :COUNT], centre), own, theta[..., _MEMBERS:]], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        own = np.log(values[..., COUNT:_MEMBERS])
        return np.concatenate([inner_terms(values[..., :COUNT], centre), own, values[..., _MEMBERS:]], axis=-1)

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        gamma, added = values[COUNT:_MEMBERS]
        own = float(values[_MEMBERS:] @ shares) + added
        reducible, _, _ = reducible_and_shares(values, log_params, log_tokens)
        loss = (values[0] + reducible) * (own / (1.0 + added)) ** -gamma
        return float(loss), -gamma * loss / own * values[_MEMBERS:]
