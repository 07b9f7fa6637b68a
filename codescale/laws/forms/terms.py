"""The three terms that most forms share, E + A N^-alpha + B D^-beta, on the solver's scales, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array

_LARGEST = 300.0
"""Log of the largest term: keeps the exponential of a wild step finite."""


@dataclass(frozen=True)
class Terms:
    """``floor`` (problems, 1), ``of_params`` and ``of_tokens`` (problems, rows): nats per token; the exponents
    (problems, 1).
    """

    floor: Array
    of_params: Array
    of_tokens: Array
    alpha: Array
    beta: Array

    @property
    def total(self) -> Array:
        """(problems, rows): their sum."""
        return np.asarray(self.floor + self.of_params + self.of_tokens)


def three_terms(theta: Array, log_params: Array, log_tokens: Array) -> Terms:
    """The terms under ``theta`` (problems, 5 or more): log E, log term at the centre and log exponent of N, then of
    D.
    """
    alpha, beta = np.exp(theta[:, 2:3]), np.exp(theta[:, 4:5])
    return Terms(
        floor=np.exp(theta[:, 0:1]),
        of_params=np.exp(np.minimum(theta[:, 1:2] - alpha * log_params, _LARGEST)),
        of_tokens=np.exp(np.minimum(theta[:, 3:4] - beta * log_tokens, _LARGEST)),
        alpha=alpha,
        beta=beta,
    )


def fill_jacobian(jacobian: Array, terms: Terms, log_params: Array, log_tokens: Array, total: Array) -> None:
    """Sets ``jacobian[..., :5]`` (problems, rows, 5): derivatives of log ``total``, the loss that the terms are part
    of.
    """
    jacobian[..., 0] = terms.floor / total
    jacobian[..., 1] = terms.of_params / total
    jacobian[..., 2] = -jacobian[..., 1] * terms.alpha * log_params
    jacobian[..., 3] = terms.of_tokens / total
    jacobian[..., 4] = -jacobian[..., 3] * terms.beta * log_tokens


def sum_of_terms(values: Array, log_params: Array, log_tokens: Array) -> Array:
    """(samples, rows): E + A N^-alpha + B D^-beta in nats per token under named ``values`` (samples, 5 or more).

    ``log_tokens``: (rows,), or (samples, rows) where each sees tokens of its own. Exponents are taken before heights
    are multiplied in, so that no height overflows.
    """
    floor, height_n, alpha, height_d, beta = (values[:, k : k + 1] for k in range(5))
    with np.errstate(divide="ignore"):
        log_n, log_d = np.log(height_n), np.log(height_d)
    return np.asarray(floor + np.exp(log_n - alpha * log_params) + np.exp(log_d - beta * log_tokens))
