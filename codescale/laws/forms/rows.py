"""The rows that a curve is evaluated at: what depends on the mixture alone is worked out once for each mixture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codescale.arrays import Array, Integers


@dataclass(frozen=True)
class Rows:
    """``log_params``, ``log_tokens`` (rows,), or (1,) where all rows have one: log N and log D, less the centre where a
    fit has one. ``shares`` and ``log_shares`` (mixtures, domains) of the distinct mixtures, ``mixture`` (rows,) which
    of them each row has; None where each row is a mixture of its own. ``count``: rows.
    """

    log_params: Array
    log_tokens: Array
    shares: Array
    log_shares: Array
    mixture: Integers | None
    count: int

    @classmethod
    def of(cls, log_params: Array, log_tokens: Array, shares: Array, precision: Any = np.float64) -> Rows:
        """From (rows,), (rows,) and (rows, domains), in the floating-point type ``precision``."""
        distinct, mixture = np.unique(shares, axis=0, return_inverse=True)
        if 2 * len(distinct) > len(shares):
            return cls.each(log_params, log_tokens, shares, precision)
        return replace(cls.each(log_params, log_tokens, distinct, precision), mixture=mixture.ravel())

    @classmethod
    def each(cls, log_params: Array, log_tokens: Array, shares: Array, precision: Any = np.float64) -> Rows:
        """As :meth:`of`, each row a mixture of its own: to look for equal ones costs more than to evaluate a curve."""
        # Far below any share that a token could have, where a share is 0.
        logs = np.log(np.maximum(shares, 1e-300))
        return cls(
            np.asarray(_once(log_params), dtype=precision),
            np.asarray(_once(log_tokens), dtype=precision),
            np.asarray(shares, dtype=precision),
            np.asarray(logs, dtype=precision),
            None,
            len(log_params),
        )

    def spread(self, values: Array) -> Array:
        """(problems, rows, …) from what is known of each mixture (problems, mixtures, …)."""
        return values if self.mixture is None else values[:, self.mixture]


def _once(values: Array) -> Array:
    """``values`` (rows,), or the first alone where all are equal."""
    return values[:1] if len(values) and np.all(values == values[0]) else values
