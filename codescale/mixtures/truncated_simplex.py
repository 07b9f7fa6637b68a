"""The volume of a box cut by a simplex, which is what makes a truncated simplex uniform.

Let U be uniform on the box of ``caps`` and W(s) the probability that its parts sum to at most s, times the box's
volume. W is a spline with a knot at every sum of caps: with no cap below s it is s^n / n!, in general the
inclusion-exclusion sum over subsets S of (-1)^|S| (s - sum of S)_+^n / n! (Marsaglia 1965, "Ray's surface"; Philip 1927
for equal caps), which cancels to nothing in floating point where caps differ much and takes 2^n terms. Here W is built
by adding one part after another, W_new(s) = integral of W over (s - cap, s): every term is positive, so nothing
cancels.

log W is kept as a cubic in log s between nodes, with exact slopes; that is exact below the smallest cap and errs by
about 1e-6 above. The same cubic is evaluated and inverted, so that going there and back agrees to rounding.
"""

from __future__ import annotations

import math

import numpy as np

from codescale.arrays import Array

NODES = 256
"""Between the smallest cap and the sum of all."""
_PANELS = 4
_ABSCISSAE, _WEIGHTS = np.polynomial.legendre.leggauss(8)


Nodes = tuple[Array, Array, Array]
"""log s, log W and its slope, ascending."""


class BoxVolume:
    """W of ``count`` parts whose caps sum to ``total``, the smallest of them ``smallest``: its logarithm, its
    density's, and back. ``nodes`` is what is known above the smallest cap; None where nobody will ask.
    """

    def __init__(self, count: int, total: float, smallest: float, nodes: Nodes | None) -> None:
        self.count, self.total, self.smallest = count, total, smallest
        self._factorial = math.lgamma(count + 1)
        self._nodes = nodes

    @classmethod
    def of_tails(cls, caps: Array, most: float) -> list[BoxVolume]:
        """Those of ``caps[1:]``, ``caps[2:]`` and so on, for totals up to ``most``; ``caps`` (n,) ascend above 0."""
        truncated = len(caps) > 1 and float(caps[1]) < most
        found: list[BoxVolume] = []
        nodes: Nodes | None = None
        for k in range(len(caps) - 1, 0, -1):
            tail = caps[k:]
            if truncated and len(tail) > 1:
                nodes = _added(nodes, tail)
            found.append(cls(len(tail), float(tail.sum()), float(tail[0]), nodes))
        return found[::-1]

    def log(self, total: float) -> float:
        """log W at ``total``, between 0 and the sum of the caps; minus infinity at 0."""
        if total <= self.smallest or self._nodes is None:
            return self.count * math.log(total) - self._factorial if total > 0 else -math.inf
        position = math.log(min(total, self.total))
        k = self._cell(position, self._nodes[0])
        return _cubic(position, k, *self._nodes)[0]

    def log_density(self, total: float) -> float:
        """The logarithm of W's derivative at ``total``."""
        if total <= self.smallest or self._nodes is None:
            return (self.count - 1) * math.log(total) - math.lgamma(self.count) if total > 0 else -math.inf
        position = math.log(min(total, self.total))
        k = self._cell(position, self._nodes[0])
        value, slope = _cubic(position, k, *self._nodes)
        return value + math.log(slope) - position if slope > 0 else -math.inf

    def inverse(self, log_value: float) -> float:
        """The total at which log W is ``log_value``."""
        if log_value == -math.inf:
            return 0.0
        below = math.exp((log_value + self._factorial) / self.count)
        if below <= self.smallest or self._nodes is None:
            return min(below, self.total)
        positions, values, slopes = self._nodes
        k = self._cell(log_value, values)
        low, high = float(positions[k]), float(positions[k + 1])
        position = (low + high) / 2
        for _ in range(60):  # Newton, kept inside the bracket
            value, slope = _cubic(position, k, positions, values, slopes)
            low, high = (position, high) if value < log_value else (low, position)
            new = position - (value - log_value) / slope if slope > 0 else low
            new = new if low < new < high else (low + high) / 2
            if abs(new - position) <= 1e-16 * max(1.0, abs(position)):
                break
            position = new
        return math.exp(position)

    @staticmethod
    def _cell(value: float, nodes: Array) -> int:
        return min(max(int(np.searchsorted(nodes, value, side="right")) - 1, 0), len(nodes) - 2)


def _cubic(position: float, k: int, positions: Array, values: Array, slopes: Array) -> tuple[float, float]:
    """The Hermite cubic of cell ``k`` and its slope."""
    width = float(positions[k + 1] - positions[k])
    t = (position - float(positions[k])) / width
    first, second = float(values[k]), float(values[k + 1])
    left, right = float(slopes[k]) * width, float(slopes[k + 1]) * width
    rise = second - first
    a, b = left - rise, rise - right  # in the form first + t rise + t (1 - t) (a (1 - t) + b t)
    mixed = a * (1 - t) + b * t
    value = first + t * rise + t * (1 - t) * mixed
    slope = rise + (1 - 2 * t) * mixed + t * (1 - t) * (b - a)
    return value, slope / width


def _added(nodes: Nodes | None, caps: Array) -> Nodes:
    """The nodes for ``caps``, ascending, from those for all but the first (None: one part, where W(s) = s)."""
    cap, next_cap, later = float(caps[0]), float(caps[1]), float(caps[1:].sum())
    totals = np.exp(np.linspace(math.log(cap), math.log(cap + later), NODES))
    begin = np.maximum(totals - cap, 0.0)
    panels = begin[:, None] + (totals - begin)[:, None] * np.linspace(0, 1, _PANELS + 1)
    kinks = np.array([[next_cap, later]])  # where W bends most: no panel goes across
    edges = np.sort(np.hstack([panels, np.clip(kinks, begin[:, None], totals[:, None])]), axis=1)
    width = np.diff(edges, axis=1)
    at = edges[:, :-1, None] + width[:, :, None] * (_ABSCISSAE + 1) / 2
    integral = (_before(at, nodes, caps[1:]) * _WEIGHTS / 2 * width[:, :, None]).sum(axis=(1, 2))
    density = _before(totals, nodes, caps[1:]) - _before(begin, nodes, caps[1:])
    return np.log(totals), np.log(integral), np.maximum(density, 0.0) * totals / integral


def _before(totals: Array, nodes: Nodes | None, caps: Array) -> Array:
    """W of ``caps`` at ``totals`` of any shape."""
    if nodes is None:
        return np.minimum(totals, float(caps[0]))
    positions, values, slopes = nodes
    with np.errstate(divide="ignore"):
        logs = np.log(totals)
    result = np.exp(len(caps) * logs - math.lgamma(len(caps) + 1))
    above = totals > caps[0]
    at = logs[above]
    k = np.clip(np.searchsorted(positions, at, side="right") - 1, 0, len(positions) - 2)
    width = positions[k + 1] - positions[k]
    t = np.minimum((at - positions[k]) / width, 1.0)
    rise = values[k + 1] - values[k]
    mixed = (slopes[k] * width - rise) * (1 - t) + (rise - slopes[k + 1] * width) * t
    result[above] = np.minimum(np.exp(values[k] + t * rise + t * (1 - t) * mixed), float(caps.prod()))
    return np.asarray(result)
