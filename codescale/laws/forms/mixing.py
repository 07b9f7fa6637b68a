"""The term of the mixture alone in Shukor et al. (2025): 1 / sum_j C_ij p_j^gamma_ij, with its derivatives and prior.

At p_j = 1 it is 1 / C_ij in the runs' unit. With gamma_ij at most 1 the sum is concave in the shares and the term
convex.
"""

from __future__ import annotations

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.curve import Prior
from codescale.laws.forms.rows import Rows

SMALLEST_SHARE = 1e-6
"""The share at which the derivative of p^gamma is taken where p is 0: with gamma below 1 it is infinite there."""
_LEAST_WORTH = 1e-15
"""Of the mixture in 1 / (a loss in the runs' unit): keeps the term and its square finite in single precision."""


def mixing_prior(domains: int) -> Prior:
    """Of log 1 / C_ij, relative to the loss, and of log gamma_ij: around 0.6, within a factor of two, at most 1."""
    ones = np.ones(domains)
    return Prior(
        mean=np.concatenate([-1.0 * ones, -0.5 * ones]),
        deviation=np.concatenate([2.0 * ones, 0.7 * ones]),
        lower=np.concatenate([-15.0 * ones, np.log(0.05) * ones]),
        upper=np.concatenate([3.0 * ones, 0.0 * ones]),
        levelled=np.concatenate([ones, 0.0 * ones]).astype(bool),
    )


def mixing_starts(count: int, domains: int) -> Array:
    """(count, 2 domains): for every start a term of 0.4 of the loss on any one domain, gamma 0.6."""
    return np.hstack([np.full((count, domains), np.log(0.4)), np.full((count, domains), -0.5)])


def mixing_loss(theta: Array, rows: Rows) -> Array:
    """The term (problems, mixtures) under ``theta`` (problems, 2 domains): log 1 / C per domain, then log gamma."""
    return _term(_parts(theta, rows))


def mixing_term(theta: Array, rows: Rows) -> tuple[Array, Array]:
    """As :func:`mixing_loss`, and the derivative (problems, mixtures, 2 domains) by ``theta``."""
    count = rows.shares.shape[1]
    parts = _parts(theta, rows)
    term = _term(parts)
    slopes = np.empty((*term.shape, 2 * count), dtype=term.dtype)
    np.multiply(parts, (term * term)[:, :, None], out=slopes[..., :count])
    np.multiply(slopes[..., :count], rows.log_shares, out=slopes[..., count:])
    slopes[..., count:] *= -np.exp(theta[:, None, count:])
    return term, slopes


def _parts(theta: Array, rows: Rows) -> Array:
    """(problems, mixtures, domains): C_ij p_j^gamma_ij."""
    count = rows.shares.shape[1]
    return np.asarray(np.exp(np.exp(theta[:, None, count:]) * rows.log_shares - theta[:, None, :count]))


def _term(parts: Array) -> Array:
    # A product with ones: NumPy sums a short last axis several times slower.
    worth = np.matmul(parts, np.ones(parts.shape[2], dtype=parts.dtype))
    return np.asarray(1.0 / np.maximum(worth, _LEAST_WORTH))


def mixing_named(theta: Array) -> Array:
    """C and gamma per domain from the solver's scale (…, 2 domains)."""
    count = theta.shape[-1] // 2
    return np.concatenate([np.exp(-theta[..., :count]), np.exp(theta[..., count:])], axis=-1)


def mixing_inner(values: Array) -> Array:
    """The inverse of :func:`mixing_named`."""
    count = values.shape[-1] // 2
    return np.concatenate([-np.log(values[..., :count]), np.log(values[..., count:])], axis=-1)


def mixing_gradient(values: Array, shares: Array) -> tuple[float, Array]:
    """The term at one mixture and its derivative by each share, under C and gamma ``values`` (2 domains,)."""
    count = len(shares)
    height, exponent = values[:count], values[count:]
    held = np.maximum(shares, SMALLEST_SHARE)
    term = 1.0 / float(height @ shares**exponent)
    return term, -term * term * height * exponent * held ** (exponent - 1.0)
