"""Log loss linear in log N, log D and the shares: the second baseline, ordinary least squares."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.base import Form, one_value
from codescale.laws.observations import Observations


class Linear(Form):
    """log_n, log_d: change of log loss per unit of log N and log D. p.<domain>: log loss when training on it alone."""

    name = "linear"
    formula = "log L_i = log_n_i log N + log_d_i log D + sum_j p_ij p_j"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return ("log_n", "log_d", *(f"p.{domain}" for domain in domains))

    def free_parameters(self, data: Observations) -> int:
        varying = 2 - one_value(data.log_params) - one_value(data.log_tokens)
        return varying + int(np.linalg.matrix_rank(data.shares))

    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        columns = _columns(data.log_params, data.log_tokens, data.shares)
        for k, log_values in enumerate((data.log_params, data.log_tokens)):
            if one_value(log_values):
                columns[:, k] = 0.0
        values = np.empty((len(weights), len(data.targets), columns.shape[1]))
        for k in range(len(data.targets)):
            known = np.isfinite(data.log_losses[:, k]) & data.usable
            for s, sample in enumerate(np.sqrt(weights)):
                scaled = columns[known] * sample[known, None]
                values[s, k] = np.linalg.lstsq(scaled, data.log_losses[known, k] * sample[known], rcond=1e-10)[0]
        return values

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        return values @ _columns(log_params, log_tokens, shares).T


def _columns(log_params: Array, log_tokens: Array, shares: Array) -> Array:
    return np.column_stack([log_params, log_tokens, shares])
