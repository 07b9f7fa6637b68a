"""L_i = (E_i + A_i N^-alpha_i + B_i D^-beta_i) p_i^-gamma_i: a target's loss depends on its own share alone.

He et al. (2024, "Scaling Laws for Multilingual Language Models", arXiv 2410.12883), for families of languages that
hardly help each other. Their law is infinite where a language is left out; here a small share p0 is added to p_i.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.chinchilla import SCALARS, Chinchilla, inner_terms, named_terms, term_prior, term_starts
from codescale.laws.forms.curve import Centre, CurveForm, Prior, joined
from codescale.laws.forms.terms import fill_jacobian, three_terms
from codescale.laws.observations import Observations


class Family(CurveForm):
    """Each target's own loss, convex in the shares.

    E, A, alpha, B, beta: the law of the domain alone, as in ``chinchilla``. gamma: how the loss falls with the share,
    without unit. p0: a share above 0 that the other domains' tokens stand in for. member.<domain>: 1 for the target's
    own domain, 0 for the others: p_i is the share of the members. A target that is no training domain has every domain
    as a member: for it the shares are ignored.
    """

    name = "family"
    formula = "L_i = (E_i + A_i N^-alpha_i + B_i D^-beta_i) ((p_i + p0_i) / (1 + p0_i))^-gamma_i"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return (*SCALARS, "gamma", "p0", *(f"member.{domain}" for domain in domains))

    def suits(self, data: Observations) -> bool:
        """It says nothing of a target that is no training domain."""
        return bool((data.own_domain >= 0).all())

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = Chinchilla().unidentified(data)
        for target, own in zip(data.targets, data.own_domain, strict=True):
            if own < 0 or np.ptp(data.shares[:, own]) < 1e-6:
                reason = "its own share does not vary: left at its prior"
                reasons |= {f"{target}.gamma": reason, f"{target}.p0": reason}
        return reasons

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        terms, heights = Chinchilla().fixed_parameters(data)
        count, targets = len(data.domains), len(data.targets)
        held = np.hstack([terms, np.zeros((targets, 2), dtype=bool), np.ones((targets, count), dtype=bool)])
        fixed = np.hstack([heights, np.zeros((targets, 2 + count))])
        for k, own in enumerate(data.own_domain):
            if own < 0:
                fixed[k, 7:] = 1.0
            else:
                fixed[k, 7 + own] = 1.0
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

    def curve(self, theta: Array, log_params: Array, log_tokens: Array, shares: Array) -> tuple[Array, Array]:
        terms = three_terms(theta, log_params, log_tokens)
        gamma, added = np.exp(theta[:, 5:6]), np.exp(theta[:, 6:7])
        own = theta[:, 7:] @ shares.T + added
        log_own = np.log(own) - np.log1p(added)
        jacobian = np.empty((*own.shape, theta.shape[1]))
        fill_jacobian(jacobian, terms, log_params, log_tokens, terms.total)
        jacobian[..., 5] = -gamma * log_own
        jacobian[..., 6] = -gamma * added * (1.0 / own - 1.0 / (1.0 + added))
        np.multiply(shares, (-gamma / own)[..., None], out=jacobian[..., 7:])
        return np.log(terms.total) - gamma * log_own, jacobian

    def named(self, theta: Array, centre: Centre) -> Array:
        return np.concatenate([named_terms(theta[..., :5], centre), np.exp(theta[..., 5:7]), theta[..., 7:]], axis=-1)

    def inner(self, values: Array, centre: Centre) -> Array:
        return np.concatenate(
            [inner_terms(values[..., :5], centre), np.log(values[..., 5:7]), values[..., 7:]], axis=-1
        )

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        floor, height_n, alpha, height_d, beta, gamma, added = values[:7]
        own = float(values[7:] @ shares) + added
        alone = floor + height_n * np.exp(-alpha * log_params) + height_d * np.exp(-beta * log_tokens)
        loss = alone * (own / (1.0 + added)) ** -gamma
        return float(loss), -gamma * loss / own * values[7:]
