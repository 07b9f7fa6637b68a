"""The mean log loss of each target, whatever N, D and the mixture: the least a law has to beat."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.base import Form
from codescale.laws.observations import Observations


class MeanForm(Form):
    """log_loss: the mean of the target's log losses (of the runs' unit). N, D and the shares are ignored."""

    name = "mean"
    ignores_shares = True
    ignores_scale = True
    formula = "L_i = the target's mean loss"

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return ("log_loss",)

    def free_parameters(self, data: Observations) -> int:
        return 1

    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        known = np.isfinite(data.log_losses)
        weights = weights * data.usable
        total = np.maximum(weights @ known, 1e-300)
        return ((weights @ np.nan_to_num(data.log_losses)) / total)[:, :, None]

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        return np.repeat(values[:, :1], len(log_params), axis=1)
