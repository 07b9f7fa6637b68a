"""The feasible points of a search space: sampled, perturbed, and projected back.

    n  points;  d  domains;  h  hyperparameters (from 0 to 1 over their ranges)

A space's mixtures are a convex polytope, so what lies between feasible ones is feasible; whatever leaves it is
projected onto the nearest mixture inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from codescale.arrays import Array
from codescale.mixtures.feasible import filled_to_one
from codescale.mixtures.mixture import Mixture
from codescale.search.space.points import Points
from codescale.search.space.schema import OrganisationChoice
from codescale.search.space.space import SearchPoint, SearchSpace

_ANCHORS = 256
"""Feasible mixtures between which others are sampled: enough that every face of a polytope of ten domains is met."""
_FLIPPED = 0.25
"""How often a perturbation flips a choice."""


@dataclass(frozen=True)
class FeasibleRegion:
    """The points of ``space`` as arrays: shares of ``domains``, and hyperparameters from 0 to 1 over their ranges."""

    space: SearchSpace
    domains: tuple[str, ...]

    @cached_property
    def vertices(self) -> Array:
        """(d, d): for each language the feasible mixture nearest to it alone."""
        found = [self.space.feasible.nearest(Mixture({name: 1.0})) for name in self.domains]
        return np.array([mixture.array(self.domains) for mixture in found])

    @cached_property
    def anchors(self) -> Array:
        """(256, d): feasible mixtures, uniform in the cube: the same for every search of this space."""
        generator = np.random.default_rng(0)
        cube = generator.random((_ANCHORS, self.space.coordinates.size))
        return np.array([self.space.coordinates.mixture(row).array(self.domains) for row in cube])

    @cached_property
    def low(self) -> Array:
        """(d,): the least share that each language has in any feasible mixture."""
        return self._reach(0)

    @cached_property
    def high(self) -> Array:
        """(d,): the largest share that each language has in any feasible mixture."""
        return self._reach(1)

    def _reach(self, end: int) -> Array:
        shares = dict(zip(self.space.feasible.domains, self.space.feasible.reach[end], strict=True))
        return np.array([shares.get(name, 0.0) for name in self.domains])

    @cached_property
    def directions(self) -> Array | None:
        """(d, directions): orthonormal, along which mixtures may move where some languages keep their ratios; None
        where every language moves freely.
        """
        atoms = np.vstack([self.anchors, self.vertices])
        _, sizes, vectors = np.linalg.svd(atoms - atoms.mean(axis=0), full_matrices=False)
        kept = vectors[sizes > 1e-8 * max(float(sizes[0]), 1e-300)]
        moving = int((self.high - self.low > 1e-9).sum())
        return None if len(kept) >= moving - 1 else kept.T

    @cached_property
    def choices(self) -> list[int]:
        """The hyperparameters that are 0 or 1 and nothing between: they are sampled and perturbed as such."""
        limits = self.space.hyperparameters.values()
        return [k for k, one in enumerate(limits) if isinstance(one, OrganisationChoice)]

    @property
    def centre(self) -> Points:
        """Even shares, as far as the space allows, and the middle of every hyperparameter's range."""
        count = len(self.domains)
        shares = self.project(np.full(count, 1.0 / count))
        return Points(shares[None], np.full((1, len(self.space.hyperparameters)), 0.5))

    def sample(self, count: int, generator: np.random.Generator) -> Points:
        """``count`` feasible points: between one to four feasible mixtures, so that faces and vertices are met too."""
        atoms = np.vstack([self.anchors, self.vertices])
        chosen = atoms[generator.integers(len(atoms), size=(count, 4))]
        parts = generator.dirichlet(np.full(4, 0.3), size=count)
        shares = np.einsum("cd,cdj->cj", parts, chosen)
        hyper = generator.random((count, len(self.space.hyperparameters)))
        hyper[:, self.choices] = np.round(hyper[:, self.choices])
        return Points(shares, hyper)

    def perturb(self, point: Points, step: float, count: int, generator: np.random.Generator) -> Points:
        """Points about a step from one, which is the first of them.

        A third moves a share from one language to another, a third goes towards a feasible mixture (or away from it),
        a third stretches all shares at random.

        Parameters
        ----------
        point
            One feasible point.
        step
            About how far shares and scaled hyperparameters change.
        count
            How many points.
        """
        shares, hyper = point.shares[0], point.hyper[0]
        moved = self._moved(shares, step, count, generator)
        others = hyper + step * generator.standard_normal((count, len(hyper)))
        others = self._flipped(hyper, others, generator)
        others[0] = hyper
        if len(hyper):
            moved[1::4] = shares  # else a good mixture would never meet another hyperparameter
        return Points(moved, np.clip(others, 0.0, 1.0))

    def _moved(self, shares: Array, step: float, count: int, generator: np.random.Generator) -> Array:
        """(count, d): ``shares`` (d,), then mixtures about it."""
        third = count // 3
        moved = np.tile(shares, (count, 1))
        giver, taker = generator.integers(len(shares), size=(2, third))
        size = step * generator.exponential(size=third)
        size[::4] = 1.0  # all that there is to give: so that a share of 0 is reached
        size = np.minimum(size, shares[giver] - self.low[giver])
        size = np.minimum(size, self.high[taker] - shares[taker])
        rows = np.arange(third)
        np.add.at(moved, (rows, giver), -size)
        np.add.at(moved, (rows, taker), size)
        atoms = np.vstack([self.anchors, self.vertices])
        toward = atoms[generator.integers(len(atoms), size=third)]
        moved[third : 2 * third] += step * generator.standard_normal((third, 1)) * (toward - shares)
        moved[2 * third :] *= np.exp(4.0 * step * generator.standard_normal((count - 2 * third, len(shares))))
        moved = self._filled(np.clip(moved, self.low, self.high))
        if self.directions is not None:
            moved = self._along(shares, moved)
        moved[0] = shares
        return moved

    def _flipped(self, hyper: Array, others: Array, generator: np.random.Generator) -> Array:
        """``others`` (n, h) about ``hyper`` (h,), with each choice as it is there, or now and then the other one."""
        if self.choices:
            flipped = generator.random((len(others), len(self.choices))) < _FLIPPED
            others[:, self.choices] = np.abs(np.round(hyper[self.choices]) - flipped)
        return others

    def _filled(self, shares: Array) -> Array:
        """``shares`` (n, d) within their bounds, each row brought to the sum 1."""
        for _ in range(3):
            shares = filled_to_one(shares, self.low, self.high, weights=shares + 1e-6)
        return shares

    def _along(self, shares: Array, moved: Array) -> Array:
        """``moved`` (n, d) with its steps from ``shares`` (d,) turned into those that keep every ratio, and shortened
        to stay within bounds.
        """
        assert self.directions is not None
        step = (moved - shares) @ self.directions @ self.directions.T
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(step > 0, (self.high - shares) / step, (self.low - shares) / step)
        room = np.where(np.abs(step) > 1e-12, room, np.inf)
        return np.asarray(shares + step * np.clip(room.min(axis=1, keepdims=True), 0.0, 1.0))

    def project(self, shares: Array) -> Array:
        """(d,): ``shares`` (d,), or where those break a rule of the space the nearest mixture that does not."""
        shares = np.maximum(shares, 0.0)  # rounding may leave a share of 0 below it
        total = shares.sum()
        mixture = Mixture.from_array(self.domains, shares / total) if total > 0 else Mixture.uniform(self.domains)
        return self.space.inside(mixture).array(self.domains)

    def project_point(self, point: Points) -> Points:
        """One point, its mixture projected."""
        return Points(self.project(point.shares[0])[None], point.hyper)

    def search_point(self, point: Points) -> SearchPoint:
        """The space's own point of one feasible ``point``: hyperparameters in their units."""
        values: dict[str, float] = {}
        for part, (name, limits) in zip(point.hyper[0], self.space.hyperparameters.items(), strict=True):
            if limits.scale == "log":
                value = float(np.exp(np.log(limits.low) + part * np.log(limits.high / limits.low)))
            else:
                value = limits.low + float(part) * (limits.high - limits.low)
            value = float(round(value)) if name == "batch" or isinstance(limits, OrganisationChoice) else value
            values[name] = min(max(value, limits.low), limits.high)
        return SearchPoint(Mixture.from_array(self.domains, point.shares[0]), values)

    def points(self, several: Sequence[SearchPoint]) -> Points:
        """The space's own points as arrays."""
        shares = np.array([one.mixture.array(self.domains) for one in several])
        hyper = np.array([self.scaled(one.hyper) for one in several])
        count = len(several)
        return Points(shares.reshape(count, len(self.domains)), hyper.reshape(count, len(self.space.hyperparameters)))

    def round(self, hyper: Array) -> Array:
        """``hyper`` (n, h) as trials have them: a batch is a whole number, a choice 0 or 1."""
        if "batch" not in self.space.hyperparameters and not self.choices:
            return hyper
        shares = self.vertices[:1]
        rounded = [self.scaled(self.search_point(Points(shares, row[None])).hyper) for row in hyper]
        return np.array(rounded).reshape(hyper.shape)

    def scaled(self, hyper: dict[str, float]) -> Array:
        """(h,): ``hyper`` from 0 to 1 over their ranges."""
        parts = []
        for name, limits in self.space.hyperparameters.items():
            value = hyper[name]
            if limits.scale == "log":
                parts.append(np.log(value / limits.low) / np.log(limits.high / limits.low))
            else:
                parts.append((value - limits.low) / (limits.high - limits.low))
        return np.array(parts, dtype=float)
