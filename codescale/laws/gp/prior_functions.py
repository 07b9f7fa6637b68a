"""Functions drawn from a Gaussian process before it knows any row, smooth and known everywhere at once.

Random Fourier features (Rahimi and Recht, 2007): a Matérn 5/2 kernel is the mean of cos(w (x - y)) over frequencies w
of a Student t distribution with five degrees of freedom, so sums of cosines and sines with normal weights are its
functions. Drawn functions plus a correction that leads them through what was measured are draws of the posterior
(Matheron's rule; Wilson et al., 2020, arXiv 2002.09309).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array

_FREQUENCIES = 256
_FREEDOM = 5.0
"""Twice the smoothness of Matérn 5/2."""


@dataclass(frozen=True)
class PriorFunctions:
    """``frequencies`` (features, inputs) and ``weights`` (2 features, samples), one column for each function."""

    frequencies: Array
    weights: Array

    def of_sample(self, column: int) -> PriorFunctions:
        """That function alone."""
        return PriorFunctions(self.frequencies, self.weights[:, column : column + 1])

    def values(self, inputs: Array) -> Array:
        """(points, samples) at ``inputs`` (points, inputs)."""
        phases = inputs @ self.frequencies.T
        return np.asarray(np.hstack([np.cos(phases), np.sin(phases)]) @ self.weights)

    def slopes(self, point: Array) -> Array:
        """(inputs,): the derivative of the first function by each input at ``point`` (inputs,)."""
        phases = self.frequencies @ point
        half = len(phases)
        by_phase = np.cos(phases) * self.weights[half:, 0] - np.sin(phases) * self.weights[:half, 0]
        return np.asarray(by_phase @ self.frequencies)


def draw_prior_functions(
    relevance: Array, amplitude: float, samples: int, generator: np.random.Generator
) -> PriorFunctions:
    """``samples`` functions of the process with ``relevance`` (inputs,), one over its lengthscales, and ``amplitude``;
    before them one that is 0, for the process's mean.
    """
    normal = generator.standard_normal((_FREQUENCIES, len(relevance)))
    spread = np.sqrt(_FREEDOM / generator.chisquare(_FREEDOM, size=(_FREQUENCIES, 1)))
    weights = np.zeros((2 * _FREQUENCIES, 1 + samples))
    scale = amplitude / np.sqrt(_FREQUENCIES)
    weights[:, 1:] = scale * generator.standard_normal((2 * _FREQUENCIES, samples))
    return PriorFunctions(normal * spread * relevance, weights)
