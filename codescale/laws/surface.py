"""A law as one function: every target's loss over (N, D, shares), under its fitted parameters or one bootstrap sample.

What allocation, forecasts and the search read of a law, whatever it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.laws.forms.base import Form
from codescale.laws.observations import Array


@dataclass(frozen=True)
class Surface:
    """The losses of ``values`` (targets, parameters) of a form over ``domains``."""

    form: Form
    domains: tuple[str, ...]
    values: Array

    def log_losses(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        """(rows, targets): natural logs of the losses (nats per token) at log N and log D (rows,) and shares (rows,
        domains).
        """
        inputs = (self.domains, log_params, log_tokens, shares)
        return np.column_stack([self.form.log_losses(one[None, :], *inputs)[0] for one in self.values])

    def losses_and_slopes(self, log_params: float, log_tokens: float, shares: Array) -> tuple[Array, Array]:
        """Losses (targets,) in nats per token at one point, and their derivatives by each share (targets, domains)."""
        found = [self.form.share_gradient(one, self.domains, log_params, log_tokens, shares) for one in self.values]
        return np.array([loss for loss, _ in found]), np.array([slope for _, slope in found])
