"""L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i: one domain, or the mixture ignored (Hoffmann et al., 2022, equation
10).
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.coupled import Coupled
from codescale.laws.forms.curve import Centre, Prior
from codescale.laws.forms.rows import Rows
from codescale.laws.forms.terms import SCALARS
from codescale.laws.observations import Observations

_SUM = len(SCALARS)


class Chinchilla(Coupled):
    """``coupled`` with kappa = 1: the published law of one data distribution, per target.

    E: irreducible loss, in the runs' unit. A, alpha: height and exponent of what is lost to finite size, N in
    parameters. B, beta: likewise for finite data, D in tokens. Shares are ignored: on mixtures it is a baseline.
    """

    name = "chinchilla"
    formula = "L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return SCALARS

    def suits(self, data: Observations) -> bool:
        """On several mixtures it is a baseline; of one it is what is left where N or D hardly varies."""
        return bool(data.mixture_index.max() == 0)

    def fixed_parameters(self, data: Observations) -> tuple[Mask, Array]:
        held, fixed = super().fixed_parameters(data)
        return held[:, :_SUM], fixed[:, :_SUM]

    def prior(self, data: Observations) -> Prior:
        return super().prior(data).first(_SUM)

    def starts(self, data: Observations) -> Array:
        return super().starts(data)[:, :_SUM]

    def log_curve(self, theta: Array, rows: Rows) -> Array:
        return super().log_curve(_coupled(theta, 0.0), rows)

    def curve(self, theta: Array, rows: Rows) -> tuple[Array, Array]:
        log_loss, jacobian = super().curve(_coupled(theta, 0.0), rows)
        return log_loss, jacobian[..., :_SUM]

    def named(self, theta: Array, centre: Centre) -> Array:
        return super().named(_coupled(theta, 0.0), centre)[..., :_SUM]

    def inner(self, values: Array, centre: Centre) -> Array:
        return super().inner(_coupled(values, 1.0), centre)[..., :_SUM]

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        return super().share_gradient(_coupled(values, 1.0), domains, log_params, log_tokens, shares)


def _coupled(values: Array, kappa: float) -> Array:
    """``values`` (…, 5) with a kappa (on the solver's scale or its own) after them."""
    return np.concatenate([values, np.full((*values.shape[:-1], 1), kappa, dtype=values.dtype)], axis=-1)
