"""A law as one function: every target's loss over (N, D, shares), under its fitted parameters or one bootstrap sample.

What allocation, forecasts and the search read of a law, whatever it is made of.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.base import Form
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.gp.law_correction import LawCorrection
from codescale.laws.repetition import Repetition


@dataclass(frozen=True)
class Surface:
    """The losses of ``values`` (targets, parameters) of a form over ``domains``, corrected by a Gaussian process.

    ``posteriors`` (targets,): the process of each target, of one sample; None where the form stands alone.
    """

    form: Form
    domains: tuple[str, ...]
    values: Array
    posteriors: tuple[LawCorrection | None, ...]

    def log_losses(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        """(rows, targets): natural logs of the losses (in the runs' unit) at log N and log D (rows,) and shares (rows,
        domains).
        """
        logs = self.form.log_losses(self.values, self.domains, log_params, log_tokens, shares).T
        if all(posterior is None for posterior in self.posteriors):
            return logs
        points = kernel_inputs(log_params, log_tokens, shares)
        corrections = [
            np.zeros(len(shares)) if posterior is None else posterior.correction(points)[:, 0]
            for posterior in self.posteriors
        ]
        return np.asarray(logs + np.column_stack(corrections))

    def losses_and_slopes(self, log_params: float, log_tokens: float, shares: Array) -> tuple[Array, Array]:
        """Losses (targets,) in the runs' unit at one point, and their derivatives by each share (targets, domains)."""
        losses, slopes = np.empty(len(self.values)), np.empty((len(self.values), len(shares)))
        for k, (one, posterior) in enumerate(zip(self.values, self.posteriors, strict=True)):
            losses[k], slopes[k] = self.form.share_gradient(one, self.domains, log_params, log_tokens, shares)
            if posterior is not None:
                correction, by_share = posterior.correction_and_slopes(log_params, log_tokens, shares)
                losses[k] *= np.exp(correction)
                slopes[k] = slopes[k] * np.exp(correction) + losses[k] * by_share
        return losses, slopes


_STEP = 1e-6


@dataclass(frozen=True)
class FixedTokens:
    """Distinct tokens of each domain, ``count`` (domains,), however long a run is; infinite where they never end."""

    count: Array

    def at(self, n_tokens: Array) -> Array:
        """(rows, domains): those of runs of ``n_tokens`` (rows,)."""
        return np.tile(self.count, (len(n_tokens), 1))


@dataclass(frozen=True)
class GrowingTokens:
    """Distinct tokens of each domain that grow with a run: ``per_token`` (domains,) for each of its tokens."""

    per_token: Array

    def at(self, n_tokens: Array) -> Array:
        """(rows, domains): those of runs of ``n_tokens`` (rows,)."""
        return np.asarray(n_tokens[:, None] * self.per_token)


@dataclass(frozen=True)
class RepeatingSurface(Surface):
    """A surface over tokens seen where ``distinct`` ones run out: see codescale/laws/repetition.py."""

    repetition: Repetition
    distinct: FixedTokens | GrowingTokens

    def log_losses(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        tokens = np.exp(log_tokens)
        seen = self.repetition.as_seen(np.exp(log_params), tokens, shares, self.distinct.at(tokens))
        params = log_params if self.repetition.excess is None else np.log(seen[0])
        return super().log_losses(params, np.log(seen[1]), seen[2])

    def losses_and_slopes(self, log_params: float, log_tokens: float, shares: Array) -> tuple[Array, Array]:
        """Central differences: D' and every p' move with each share."""
        step = _STEP * np.eye(len(shares))
        points = np.vstack([shares, shares + step, np.maximum(shares - step, 0.0)])
        rows = len(points)
        losses = np.exp(self.log_losses(np.full(rows, log_params), np.full(rows, log_tokens), points))
        ahead, behind = losses[1 : len(shares) + 1], losses[len(shares) + 1 :]
        return losses[0], ((ahead - behind) / (_STEP + np.minimum(shares, _STEP))[:, None]).T
