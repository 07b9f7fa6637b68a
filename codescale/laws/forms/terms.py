"""The terms that most forms share, E + ((A N^-alpha)^(1/kappa) + (B D^-beta)^(1/kappa))^kappa, on the solver's scales.

With kappa = 1 it is the sum of Hoffmann et al. (2022, equation 10). A large model gains more from data than a sum
allows: Kaplan et al. (2020, equation 1.5) join the two as a power of a sum, and kappa says how strongly (the form of
Busbridge et al., 2025, arXiv 2502.08606). The whole stays convex in the shares, whatever kappa, where A and B are
powers of linear functions of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import one_value, two_values
from codescale.laws.forms.curve import Centre, Prior
from codescale.laws.observations import Observations

ABSENT = -80.0
"""Log height of a term that is left out."""

SCALARS = ("E", "A", "alpha", "B", "beta")
"""The parameters of the sum."""
TERMS = (*SCALARS, "kappa")
COUNT = len(TERMS)
JOINED = "((A_i N^-alpha_i)^(1/kappa_i) + (B_i D^-beta_i)^(1/kappa_i))^kappa_i"
"""As formulas write it."""

LARGEST = 80.0
"""Log of the largest term: keeps the exponential of a wild step finite, in single precision too."""


@dataclass(frozen=True)
class Terms:
    """``floor`` E (problems, 1) and ``reducible``, what N and D add to it (problems, rows), in the runs' unit.

    ``share_n``, ``share_d`` (problems, rows): by how much the log of ``reducible`` grows with the logs of A and of B;
    they sum to 1. ``log_n``, ``log_d``, ``log_reducible`` (problems, rows): logs of the two and of what they make. The
    exponents (problems, 1).
    """

    floor: Array
    reducible: Array
    share_n: Array
    share_d: Array
    log_n: Array
    log_d: Array
    log_reducible: Array
    alpha: Array
    beta: Array

    @property
    def by_kappa(self) -> Array:
        """(problems, rows): by how much the log of ``reducible`` grows with log kappa."""
        return np.asarray(self.log_reducible - self.share_n * self.log_n - self.share_d * self.log_d)

    @property
    def total(self) -> Array:
        """(problems, rows): their sum."""
        return np.asarray(self.floor + self.reducible)


def term_prior() -> Prior:
    """The prior of E, A, alpha, B, beta, kappa: terms within an order of magnitude of the loss, alpha around 0.2, beta
    0.35, kappa around 1.

    alpha is the middle of Kaplan et al. (2020), 0.08 without E, and Hoffmann et al. (2022), 0.34: two sizes cannot tell
    it, and with 0.35 predictions from 19 M and 85 M parameters for 302 M were 1.4 % off instead of 1.0
    (docs/law-fit.md).
    """
    return Prior(
        mean=np.array([-0.7, -1.2, np.log(0.2), -1.2, np.log(0.35), 0.0]),
        deviation=np.array([1.0, 1.5, 0.7, 1.5, 0.7, 0.4]),
        lower=np.array([-12.0, -12.0, np.log(0.01), -12.0, np.log(0.01), -2.0]),
        upper=np.array([0.7, 3.0, np.log(3.0), 3.0, np.log(3.0), 2.0]),
        levelled=np.array([True, True, False, True, False, False]),
    )


def term_starts() -> Array:
    """(starts, 6): they differ in how the loss divides over its terms and in how steep they are; sums, kappa 1."""
    return np.array(
        [
            [np.log(floor), np.log(params), np.log(alpha), np.log(tokens), np.log(beta), 0.0]
            for floor, params, tokens in ((0.5, 0.25, 0.25), (0.8, 0.1, 0.1), (0.2, 0.4, 0.4), (0.5, 0.05, 0.4))
            for alpha, beta in ((0.35, 0.35), (0.8, 0.2), (0.15, 0.8))
        ]
    )


def fixed_terms(data: Observations) -> tuple[Mask, Array]:
    """(targets, 6): which terms are fixed, and at what on the solver's scale: N's, D's or both, where they don't vary;
    and kappa, at 1, where either takes fewer than three values: from two no exponent can be told, let alone how the two
    depend on one another.
    """
    held, fixed = np.zeros((len(data.targets), COUNT), dtype=bool), np.zeros((len(data.targets), COUNT))
    for first, log_values in ((1, data.log_params), (3, data.log_tokens)):
        if one_value(log_values):
            held[:, first : first + 2] = True
            fixed[:, first] = ABSENT
        if one_value(log_values) or two_values(log_values):
            held[:, -1] = True
    return held, fixed


def unidentified_terms(data: Observations) -> dict[str, str]:
    """The terms that rows of one or two N, or D, cannot tell, and why."""
    reasons: dict[str, str] = {}
    if one_value(data.log_params):
        reasons |= dict.fromkeys(("A", "alpha"), "all rows have one N: set to 0, E holds their part")
    if one_value(data.log_tokens):
        reasons |= dict.fromkeys(("B", "beta"), "all rows have one D: set to 0, E holds their part")
    return reasons | two_point_terms(data)


def two_point_terms(data: Observations) -> dict[str, str]:
    """The exponents (and heights) of N and D that rest on the prior since the rows have two values of it."""
    reasons: dict[str, str] = {}
    for name, log_values, terms in (("N", data.log_params, ("A", "alpha")), ("D", data.log_tokens, ("B", "beta"))):
        if two_values(log_values):
            reasons |= dict.fromkeys(terms, f"the rows have two {name}: what they share out with E rests on the prior")
    return reasons


def named_terms(theta: Array, centre: Centre) -> Array:
    """E, A, alpha, B, beta, kappa (…, 6) from the solver's log E, log term at the centre, log exponent, …"""
    alpha, beta = np.exp(theta[..., 2]), np.exp(theta[..., 4])
    with np.errstate(under="ignore"):
        height_n = np.where(theta[..., 1] <= ABSENT, 0.0, np.exp(theta[..., 1] + alpha * centre.log_params))
        height_d = np.where(theta[..., 3] <= ABSENT, 0.0, np.exp(theta[..., 3] + beta * centre.log_tokens))
    alpha = np.where(theta[..., 1] <= ABSENT, 0.0, alpha)
    beta = np.where(theta[..., 3] <= ABSENT, 0.0, beta)
    return np.stack([np.exp(theta[..., 0]), height_n, alpha, height_d, beta, np.exp(theta[..., 5])], axis=-1)


def inner_terms(values: Array, centre: Centre) -> Array:
    """The inverse of :func:`named_terms`; a term of height 0 becomes :data:`ABSENT`."""
    floor, height_n, alpha, height_d, beta, kappa = (values[..., k] for k in range(COUNT))
    tiny = np.exp(-700.0)
    log_n = np.where(height_n <= 0, ABSENT, np.log(np.maximum(height_n, tiny)) - alpha * centre.log_params)
    log_d = np.where(height_d <= 0, ABSENT, np.log(np.maximum(height_d, tiny)) - beta * centre.log_tokens)
    log_alpha, log_beta = np.log(np.maximum(alpha, tiny)), np.log(np.maximum(beta, tiny))
    return np.stack([np.log(np.maximum(floor, tiny)), log_n, log_alpha, log_d, log_beta, np.log(kappa)], axis=-1)


def joined_terms(
    theta: Array, log_params: Array, log_tokens: Array, log_a: Array | float = 0.0, log_b: Array | float = 0.0
) -> Terms:
    """The terms under ``theta`` (problems, 6 or more): log E, log term at the centre and log exponent of N, then of D,
    and log kappa.

    ``log_params`` and ``log_tokens``: (rows,), or (problems, rows) where each sees tokens of its own. ``log_a``,
    ``log_b``: (problems, rows), what is added to the logs of A and B.
    """
    alpha, beta, kappa = np.exp(theta[:, 2:3]), np.exp(theta[:, 4:5]), np.exp(theta[:, 5:6])
    log_n = np.minimum(theta[:, 1:2] - alpha * log_params + log_a, LARGEST)
    log_d = np.minimum(theta[:, 3:4] - beta * log_tokens + log_b, LARGEST)
    log_reducible, share_n = _joined(log_n, log_d, kappa)
    share_d = 1.0 - share_n
    return Terms(
        floor=np.exp(theta[:, 0:1]),
        reducible=np.exp(log_reducible),
        share_n=share_n,
        share_d=share_d,
        log_n=log_n,
        log_d=log_d,
        log_reducible=log_reducible,
        alpha=alpha,
        beta=beta,
    )


def _joined(log_n: Array, log_d: Array, kappa: Array) -> tuple[Array, Array]:
    """log (exp(log_n / kappa) + exp(log_d / kappa))^kappa, and its derivative by ``log_n``."""
    apart = (log_n - log_d) / kappa
    small = np.exp(-np.abs(apart))
    share = np.where(apart > 0, 1.0, small) / (1.0 + small)
    return np.maximum(log_n, log_d) + kappa * np.log1p(small), share


def fill_jacobian(jacobian: Array, terms: Terms, log_params: Array, log_tokens: Array, total: Array) -> None:
    """Sets ``jacobian[..., :6]`` (problems, rows, 6): derivatives of log ``total``, the loss that the terms are part
    of.
    """
    part = terms.reducible / total
    jacobian[..., 0] = terms.floor / total
    np.multiply(part, terms.share_n, out=jacobian[..., 1])
    jacobian[..., 2] = -jacobian[..., 1] * terms.alpha * log_params
    np.multiply(part, terms.share_d, out=jacobian[..., 3])
    jacobian[..., 4] = -jacobian[..., 3] * terms.beta * log_tokens
    np.multiply(part, terms.by_kappa, out=jacobian[..., 5])


def sum_of_terms(values: Array, log_params: Array, log_tokens: Array) -> Array:
    """(samples, rows): E and what N and D add, in the runs' unit, under named ``values`` (samples, 6 or more).

    ``log_tokens``: (rows,), or (samples, rows) where each sees tokens of its own. Exponents are taken before heights
    are multiplied in, so that no height overflows.
    """
    floor, height_n, alpha, height_d, beta, kappa = (values[:, k : k + 1] for k in range(COUNT))
    with np.errstate(divide="ignore"):
        log_n, log_d = (np.maximum(np.log(height), -1e3) for height in (height_n, height_d))
    log_reducible, _ = _joined(log_n - alpha * log_params, log_d - beta * log_tokens, kappa)
    return np.asarray(floor + np.exp(log_reducible))


def reducible_and_shares(
    values: Array, log_params: float, log_tokens: float, log_a: float = 0.0, log_b: float = 0.0
) -> tuple[float, float, float]:
    """What N and D add to the loss at one point under named ``values`` (6 or more), and by how much its log grows with
    the logs of A and of B. Arguments as in :func:`joined_terms`.
    """
    _, height_n, alpha, height_d, beta, kappa = values[:COUNT]
    with np.errstate(divide="ignore"):
        log_n, log_d = (np.maximum(np.log(height), -1e3) for height in (height_n, height_d))
    log_reducible, share = _joined(log_n - alpha * log_params + log_a, log_d - beta * log_tokens + log_b, kappa)
    return float(np.exp(log_reducible)), float(share), 1.0 - float(share)
