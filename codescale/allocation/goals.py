"""What an allocation minimises: a function of every target's loss, given at fixed N and D under one surface of a law.

A goal is the largest of one or more smooth pieces: a weighted mean is one piece, a worst case one for every target. So
one solver serves both (codescale/allocation/minimise.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from codescale.arrays import Array, Integers
from codescale.laws.surface import Surface
from codescale.mixtures.no_harm import NoHarmRule

_SMALLEST_SHARE = 1e-12


@dataclass(frozen=True)
class LawAtScale:
    """A law at one N and D: losses over the shares alone.

    Parameters
    ----------
    surface
        The law, or one of its bootstrap samples.
    log_params, log_tokens
        ln N and ln D.
    unique_tokens
        (domains,) distinct tokens, where a law counts repeated ones for less.
    """

    surface: Surface
    log_params: float
    log_tokens: float
    unique_tokens: Array | None = None

    @property
    def row(self) -> Array | None:
        """(1, domains): the distinct tokens, as a prediction takes them; None where all tokens count as fresh."""
        return None if self.unique_tokens is None else self.unique_tokens[None]

    def losses(self, shares: Array) -> Array:
        """(rows, targets) in the law's unit at ``shares`` (rows, domains)."""
        rows = len(shares)
        at = (np.full(rows, self.log_params), np.full(rows, self.log_tokens))
        return np.asarray(np.exp(self.surface.log_losses(*at, shares)))

    def losses_and_slopes(self, shares: Array) -> tuple[Array, Array]:
        """Losses (targets,) at one mixture and their derivatives (targets, domains)."""
        return self.surface.losses_and_slopes(self.log_params, self.log_tokens, np.maximum(shares, 0.0))


class Goal(ABC):
    """The largest of its pieces, each a linear function of the losses; smaller is better."""

    @property
    @abstractmethod
    def pieces(self) -> Array:
        """(pieces, targets): what each loss counts in each piece."""

    def values(self, losses: Array) -> Array:
        """(rows,): the goal at ``losses`` (rows, targets)."""
        return np.asarray((losses @ self.pieces.T).max(axis=1))

    def under(self, point: LawAtScale) -> Goal:
        """The same goal where ``point`` is the law: what it compares losses with is predicted anew."""
        return self


@dataclass(frozen=True)
class WeightedMean(Goal):
    """sum_i w_i L_i in the law's unit, ``weights`` (targets,) summing to 1."""

    weights: Array

    @property
    def pieces(self) -> Array:
        return self.weights[None]


@dataclass(frozen=True)
class WorstCase(Goal):
    """max_i L_i / L_i(reference) over the targets that weigh: 0.98 is 2 % below the reference for the worst of them.

    Languages differ in difficulty, so their losses are compared with their own at a reference mixture, not with one
    another. ``reference``: that mixture (domains,); ``losses`` (targets,) under it, in the law's unit.
    """

    weights: Array
    reference: Array
    losses: Array

    @classmethod
    def against(cls, reference: Array, weights: Array, point: LawAtScale) -> WorstCase:
        """Relative to the losses that ``point`` predicts for the mixture ``reference`` (domains,)."""
        return cls(weights, reference, point.losses(reference[None])[0])

    @property
    def pieces(self) -> Array:
        used = np.flatnonzero(self.weights > 0)
        rows = np.zeros((len(used), len(self.weights)))
        rows[np.arange(len(used)), used] = 1.0 / self.losses[used]
        return rows

    def under(self, point: LawAtScale) -> WorstCase:
        return self.against(self.reference, self.weights, point)


@dataclass(frozen=True)
class KLPenalty:
    """A cost of leaving a trusted mixture: ``strength`` times the Kullback-Leibler divergence KL(p || reference).

    It also keeps shares from 0 where the reference's are not.

    Parameters
    ----------
    reference
        (domains,) the trusted mixture.
    strength
        What a divergence of 1 nat costs, in the goal's unit.
    """

    reference: Array
    strength: float

    def values(self, shares: Array) -> Array:
        """(rows,) at ``shares`` (rows, domains)."""
        held = np.maximum(shares, _SMALLEST_SHARE)
        ratio = np.log(held / np.maximum(self.reference, _SMALLEST_SHARE))
        return np.asarray(self.strength * (shares * ratio).sum(axis=1))

    def slope(self, shares: Array) -> Array:
        """(domains,): the derivative by each share."""
        held = np.maximum(shares, _SMALLEST_SHARE)
        return np.asarray(self.strength * (np.log(held / np.maximum(self.reference, _SMALLEST_SHARE)) + 1.0))


@dataclass(frozen=True)
class LossCeilings:
    """Linear functions of the losses held down: ``matrix`` (ceilings, targets) @ losses <= ``ceiling`` (ceilings,)."""

    matrix: Array
    ceiling: Array

    def excess(self, losses: Array) -> Array:
        """(rows,): the largest relative excess over a ceiling at ``losses`` (rows, targets); below 0 all hold."""
        if len(self.ceiling) == 0:
            return np.full(len(losses), -np.inf)
        return np.asarray((losses @ self.matrix.T / self.ceiling - 1.0).max(axis=1))

    def under(self, point: LawAtScale) -> LossCeilings:
        """The same ceilings where ``point`` is the law."""
        return self

    def with_ceiling(self, row: Array, ceiling: float) -> LossCeilings:
        """And ``row`` (targets,) @ losses <= ``ceiling`` as well."""
        return LossCeilings(np.vstack([self.matrix, row]), np.append(self.ceiling, ceiling))


@dataclass(frozen=True)
class NoHarm(LossCeilings):
    """No target of ``matrix`` above what ``rule`` allows beside its loss under the mixture ``reference`` (domains,)."""

    reference: Array
    rule: NoHarmRule

    @classmethod
    def against(cls, reference: Array, protected: Integers, rule: NoHarmRule, point: LawAtScale) -> NoHarm:
        """For the targets in ``protected`` (their positions), beside what ``point`` predicts under ``reference``."""
        losses = point.losses(reference[None])[0]
        matrix = np.eye(len(losses))[protected]
        return cls(matrix, rule.ceilings(matrix @ losses), reference, rule)

    def under(self, point: LawAtScale) -> NoHarm:
        return replace(self, ceiling=self.rule.ceilings(self.matrix @ point.losses(self.reference[None])[0]))


def no_ceilings(targets: int) -> LossCeilings:
    """None of ``targets`` is held down."""
    return LossCeilings(np.empty((0, targets)), np.empty(0))
