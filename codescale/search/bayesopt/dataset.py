"""What a search has measured so far, as plain arrays: the rows that a surrogate learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.observations import Observations
from codescale.runs.table import RunsTable

_HYPER_WIDTH = 3.0
"""The width of a hyperparameter's range among the kernel's inputs, whose lengthscales are around 2."""


@dataclass(frozen=True)
class Points:
    """Where losses are measured or asked for: natural logs of N and D (rows,), shares (rows, domains), hyperparameters
    from 0 to 1 over their ranges (rows, hyperparameters).
    """

    log_params: Array
    log_tokens: Array
    shares: Array
    hyper: Array

    def __len__(self) -> int:
        return len(self.shares)

    def select(self, rows: Integers | Mask) -> Points:
        """The points that ``rows`` (indices or a mask) names."""
        return Points(*(getattr(self, one.name)[rows] for one in fields(self)))

    def followed_by(self, other: Points) -> Points:
        """These points, then those of ``other``."""
        return Points(*(np.concatenate([getattr(self, one.name), getattr(other, one.name)]) for one in fields(self)))

    @property
    def inputs(self) -> Array:
        """(rows, inputs): as the kernel takes them."""
        return np.hstack([kernel_inputs(self.log_params, self.log_tokens, self.shares), _HYPER_WIDTH * self.hyper])


@dataclass(frozen=True)
class Measured:
    """``points`` with what was measured there: ``values`` (rows, targets), log losses (or, where the objective is no
    loss, the objective itself), ``objective`` (rows,), the smaller the better, and ``doubt`` (rows,): the variance of a
    row's noise in units of a finished run's.
    """

    points: Points
    values: Array
    objective: Array
    doubt: Array

    def __len__(self) -> int:
        return len(self.objective)

    def select(self, rows: Integers | Mask) -> Measured:
        """The rows that ``rows`` (indices or a mask) names."""
        return Measured(self.points.select(rows), self.values[rows], self.objective[rows], self.doubt[rows])

    @property
    def finished(self) -> Measured:
        """The rows of runs that were measured to their end."""
        return self.select(self.doubt <= 1.0)

    def followed_by(self, other: Measured) -> Measured:
        """These rows, then those of ``other``."""
        return Measured(
            self.points.followed_by(other.points),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.objective, other.objective]),
            np.concatenate([self.doubt, other.doubt]),
        )

    def observations(self, domains: tuple[str, ...], targets: tuple[str, ...]) -> Observations:
        """The same as laws take them."""
        rows = len(self)
        return Observations(
            path="the trials",
            domains=domains,
            targets=targets,
            log_params=self.points.log_params,
            log_tokens=self.points.log_tokens,
            shares=self.points.shares,
            log_losses=self.values,
            trunk=np.arange(rows, dtype=np.intp),
            usable=np.ones(rows, dtype=bool),
            unique_tokens=np.full(self.points.shares.shape, np.inf),
        )


@dataclass(frozen=True)
class Told:
    """``now``: all that is known; ``settled``: the first of it, as it was known when it was fitted to. ``diverged``:
    shares and hyperparameters of the trials whose training diverged.
    """

    now: Measured
    settled: Measured
    diverged: tuple[Array, Array]


def nothing(domains: int, hyper: int, targets: int) -> Measured:
    """No rows at all."""
    none = np.empty(0)
    points = Points(none, none, np.empty((0, domains)), np.empty((0, hyper)))
    return Measured(points, np.empty((0, targets)), none, none)


def from_runs(
    table: RunsTable, domains: Sequence[str], weights: Mapping[str, float], hyper: Array, whole: bool
) -> Measured:
    """The finished runs of ``table``, at whatever scale.

    ``hyper`` (hyperparameters,): what they were trained with. ``whole``: the weighted mean of the losses is the only
    target. Rows that lack a loss with a weight, or train on a domain outside ``domains``, are left out.
    """
    rows = table.fittable()
    losses = np.full((len(rows), len(weights)), np.nan)
    for k, name in enumerate(weights):
        if name in rows.targets:
            losses[:, k] = rows.losses[:, rows.targets.index(name)]
    shares = np.zeros((len(rows), len(domains)))
    for k, name in enumerate(domains):
        if name in rows.domains:
            shares[:, k] = rows.proportions[:, rows.domains.index(name)]
    keep = np.isfinite(losses).all(axis=1) & (shares.sum(axis=1) > 1.0 - 1e-6)
    weight = np.array(list(weights.values()))
    points = Points(np.log(rows.n_params), np.log(rows.n_tokens), shares, np.tile(hyper, (len(rows), 1)))
    objective = losses @ (weight / weight.sum())
    found = Measured(points, np.log(objective[:, None] if whole else losses), objective, np.ones(len(rows)))
    return found.select(np.asarray(keep, dtype=np.bool_))
