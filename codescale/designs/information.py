"""What runs tell of a law before they are trained: the covariance of its parameters, updated run by run.

    t  targets;  r  runs;  p  parameters

A law is taken to be linear about a point: its prior's mean, or a fit to runs that are there. Parameters are in units of
their prior's deviations and noise in units of its own (:meth:`~codescale.laws.forms.curve.CurveForm.tangents`), so the
covariance of each target's parameters is (I + sum_r j_r j_r')^-1 (Chaloner and Verdinelli, 1995, "Bayesian Experimental
Design: A Review").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array


@dataclass(frozen=True)
class Posterior:
    """The ``covariance`` (t, p, p) of each target's parameters after the runs so far."""

    covariance: Array

    @classmethod
    def given(cls, tangents: Array) -> Posterior:
        """After the runs of ``tangents`` (t, r, p), of which there may be none."""
        information = np.matmul(tangents.transpose(0, 2, 1), tangents)
        return cls(np.linalg.inv(np.eye(tangents.shape[2]) + information))

    def after(self, tangent: Array) -> Posterior:
        """With one more run, ``tangent`` (t, p)."""
        return self._changed(tangent, 1.0)

    def without(self, tangent: Array) -> Posterior:
        """With one run less, which is among those so far."""
        return self._changed(tangent, -1.0)

    def _changed(self, tangent: Array, sign: float) -> Posterior:
        """Sherman and Morrison's update."""
        along = np.matmul(self.covariance, tangent[:, :, None])[:, :, 0]
        scale = 1.0 + sign * (along * tangent).sum(axis=1)
        change = along[:, :, None] * along[:, None, :] / scale[:, None, None]
        return Posterior(self.covariance - sign * change)

    def variances(self, tangents: Array) -> Array:
        """(t, r): of the log loss that the law predicts at ``tangents`` (t, r, p), in units of a run's noise."""
        return np.asarray((np.matmul(tangents, self.covariance) * tangents).sum(axis=2))


@dataclass(frozen=True)
class Criterion:
    """What a design is to make small: the mean variance of the predicted log losses over the points asked about and the
    targets (I-optimality, Box and Draper 1959).

    ``moments`` (t, p, p): the mean over those points of the outer products of their tangents, each target by its
    weight.
    """

    moments: Array

    @classmethod
    def over(cls, tangents: Array, weights: Array) -> Criterion:
        """``tangents`` (t, m, p) of the points asked about, ``weights`` (t,) of the targets, which sum to 1."""
        outer = np.matmul(tangents.transpose(0, 2, 1), tangents) / tangents.shape[1]
        return cls(outer * weights[:, None, None])

    def value(self, posterior: Posterior) -> float:
        """In units of a run's noise."""
        return float((self.moments * posterior.covariance).sum())

    def gains(self, posterior: Posterior, tangents: Array) -> Array:
        """(r,): by how much one more run at each of ``tangents`` (t, r, p) lowers it."""
        along = np.matmul(tangents, posterior.covariance)
        lowered = (np.matmul(along, self.moments) * along).sum(axis=2)
        return np.asarray((lowered / (1.0 + (along * tangents).sum(axis=2))).sum(axis=0))


@dataclass(frozen=True)
class Determinant(Criterion):
    """D-optimality: the volume of the parameters' confidence region; ``moments`` are not asked."""

    def value(self, posterior: Posterior) -> float:
        """The logarithm of that volume, squared, over all targets."""
        return float(np.linalg.slogdet(posterior.covariance)[1].sum())

    def gains(self, posterior: Posterior, tangents: Array) -> Array:
        """As :meth:`Criterion.gains`."""
        return np.asarray(np.log1p(posterior.variances(tangents)).sum(axis=0))
