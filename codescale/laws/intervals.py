"""What intervals are made of: losses under bootstrap samples, a process's draws included, and how few trunks widen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.base import Form
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.gp.law_correction import LawCorrection

LEVEL = 0.9
"""The level of every interval."""
NORMAL_90 = 1.6448536269514722
"""Half-width of a normal distribution's 90 % interval in standard deviations."""


def sampled_log_losses(
    form: Form,
    values: Array,
    samples: Array,
    posteriors: Sequence[LawCorrection | None],
    domains: tuple[str, ...],
    n_params: Array,
    n_tokens: Array,
    proportions: Array,
) -> Array:
    """(1 + samples, n, t): the log losses of n runs, without a run's noise; the first are those of the law itself.

    Parameters
    ----------
    form, values, samples, posteriors, domains
        A law's: ``values`` (t, parameters), ``samples`` (samples, t, parameters), a process or None for each target.
    n_params, n_tokens, proportions
        N and D (n,) and shares (n, d), repeated tokens counted as the law sees them.
    """
    log_params, log_tokens = np.log(n_params), np.log(n_tokens)
    inputs = (domains, log_params, log_tokens, proportions)
    found = np.empty((1 + len(samples), len(n_params), len(values)))
    for k, posterior in enumerate(posteriors):
        found[:1, :, k] = form.log_losses(values[k : k + 1], *inputs)
        found[1:, :, k] = form.log_losses(samples[:, k], *inputs)
        if posterior is not None:
            found[:, :, k] += posterior.correction(kernel_inputs(log_params, log_tokens, proportions)).T
    return found


def unsampled_spread(
    posteriors: Sequence[LawCorrection | None], n_params: Array, n_tokens: Array, proportions: Array
) -> Array:
    """(n, t): the deviation of what a process does not know of the log losses, where no bootstrap sample draws it."""
    inputs = kernel_inputs(np.log(n_params), np.log(n_tokens), proportions)
    spread = np.zeros((len(n_params), len(posteriors)))
    for k, posterior in enumerate(posteriors):
        if posterior is not None:
            spread[:, k] = np.sqrt(posterior.variance(inputs))
    return spread


def half_width(drawn: Array) -> Array:
    """(rows, …): the spread of (samples, rows, …) as a standard deviation, from the middle 90 % so that strays count
    little.
    """
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return np.asarray((high - low) / (2.0 * NORMAL_90))


def noise_factor(freedom: Array) -> Array:
    """(…): by what a deviation of ``freedom`` (…) degrees of freedom is multiplied in an interval: Student's t in units
    of the normal distribution's. 1 for infinitely many; NaN for none: nothing can be told.
    """
    from scipy.special import stdtrit

    known = np.isfinite(freedom) & (freedom > 0)
    wider = stdtrit(np.where(known, freedom, 1.0), 0.5 + LEVEL / 2.0) / NORMAL_90
    return np.asarray(np.where(known, wider, np.where(freedom > 0, 1.0, np.nan)))
