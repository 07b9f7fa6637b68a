"""What a search has measured so far, as plain arrays: the rows that a surrogate learns from.

n  rows;  d  domains;  h  hyperparameters;  t  targets (losses by language, or objectives)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.observations import Observations
from codescale.organisation import ORGANISATION, ORGANISATIONS, number_of
from codescale.runs.table import RunsTable
from codescale.search.space.points import Points


class LogScale(NamedTuple):
    """A scale of training: natural logarithms of parameters N and tokens D."""

    log_params: float
    log_tokens: float


def same_scale(log_params: Array, log_tokens: Array, scale: LogScale) -> Mask:
    """(n,): which rows are of ``scale``: D is what a run read, in whole batches, and so a little off what was asked."""
    return np.asarray((np.abs(log_params - scale.log_params) < 0.01) & (np.abs(log_tokens - scale.log_tokens) < 0.01))


@dataclass(frozen=True)
class ScaledPoints:
    """Where losses are measured or asked for: ``log_params`` and ``log_tokens`` (n,), natural logarithms of N and D,
    and the points of the space there.
    """

    log_params: Array
    log_tokens: Array
    points: Points

    def __len__(self) -> int:
        return len(self.points)

    @property
    def shares(self) -> Array:
        """(n, d)."""
        return self.points.shares

    @property
    def hyper(self) -> Array:
        """(n, h)."""
        return self.points.hyper

    def select(self, rows: Integers | Mask) -> ScaledPoints:
        """The rows that ``rows`` (indices or a mask) names."""
        return ScaledPoints(self.log_params[rows], self.log_tokens[rows], self.points.select(rows))

    def concatenate(self, other: ScaledPoints) -> ScaledPoints:
        """These rows, then those of ``other``."""
        return ScaledPoints(
            np.concatenate([self.log_params, other.log_params]),
            np.concatenate([self.log_tokens, other.log_tokens]),
            Points.concatenate([self.points, other.points]),
        )

    def kernel_inputs(self, hyperparameter_width: float) -> Array:
        """(n, 2 + d + h): as the kernel takes them; a hyperparameter's range is so wide there."""
        law_inputs = kernel_inputs(self.log_params, self.log_tokens, self.shares)
        return np.hstack([law_inputs, hyperparameter_width * self.hyper])


def points_at_scale(scale: LogScale, points: Points) -> ScaledPoints:
    """``points`` at one scale."""
    ones = np.ones(len(points))
    return ScaledPoints(scale.log_params * ones, scale.log_tokens * ones, points)


@dataclass(frozen=True)
class Dataset:
    """What was measured, and where.

    Parameters
    ----------
    points
        Where: n rows.
    values : (n, t) array
        Log losses or, where the objective is no loss, the objectives themselves.
    objective : (n,) array
        The smaller the better; nats per token where values are log losses.
    noise_scale : (n,) array
        The variance of a row's noise in units of a finished run's: 1, or more where the end is imputed.
    """

    points: ScaledPoints
    values: Array
    objective: Array
    noise_scale: Array

    def __len__(self) -> int:
        return len(self.objective)

    def select(self, rows: Integers | Mask) -> Dataset:
        """The rows that ``rows`` (indices or a mask) names."""
        return Dataset(self.points.select(rows), self.values[rows], self.objective[rows], self.noise_scale[rows])

    @property
    def finished(self) -> Dataset:
        """The rows of runs that were measured to their end."""
        return self.select(self.noise_scale <= 1.0)

    def concatenate(self, other: Dataset) -> Dataset:
        """These rows, then those of ``other``."""
        return Dataset(
            self.points.concatenate(other.points),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.objective, other.objective]),
            np.concatenate([self.noise_scale, other.noise_scale]),
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
class SearchData:
    """``latest``: all that is known; ``at_last_refit``: the first of it, as it was known when laws and processes were
    last fitted. ``diverged``: the points whose training diverged.
    """

    latest: Dataset
    at_last_refit: Dataset
    diverged: Points


def empty_dataset(domains: int, hyper: int, targets: int) -> Dataset:
    """No rows at all."""
    none = np.empty(0)
    return Dataset(ScaledPoints(none, none, Points.empty(domains, hyper)), np.empty((0, targets)), none, none)


def trained_with(rows: RunsTable, hyperparameters: Collection[str]) -> list[dict[str, float]]:
    """What each of ``rows`` says of the ``hyperparameters``: nothing of one that it leaves empty."""
    found: list[dict[str, float]] = [{} for _ in range(len(rows))]
    columns = {name: rows.hyper[name] for name in hyperparameters if name in rows.hyper}
    if ORGANISATION in hyperparameters:
        known = [number_of(one) if one in ORGANISATIONS else np.nan for one in rows.organisation]
        columns[ORGANISATION] = np.array(known, dtype=float)
    for name, column in columns.items():
        for k in np.flatnonzero(np.isfinite(column)):
            found[k][name] = float(column[k])
    return found


def dataset_of_runs(
    table: RunsTable, domains: Sequence[str], weights: Mapping[str, float], hyper: Array, one_target: bool
) -> Dataset:
    """The finished runs of ``table``, at whatever scale.

    Rows that lack a loss with a weight, or train on a domain outside ``domains``, are left out.

    Parameters
    ----------
    domains
        The search's, d.
    weights
        Target to weight in the objective.
    hyper : (h,) or (rows that are fittable, h) array
        What the runs were trained with, from 0 to 1 over the ranges.
    one_target
        Whether the weighted mean of the losses is the only target.
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
    usable = np.isfinite(losses).all(axis=1) & (shares.sum(axis=1) > 1.0 - 1e-6)
    weight = np.array(list(weights.values()))
    points = Points(shares, np.array(np.broadcast_to(hyper, (len(rows), hyper.shape[-1]))))
    usable &= np.isfinite(points.hyper).all(axis=1)
    scaled = ScaledPoints(np.log(rows.n_params), np.log(rows.n_tokens), points)
    objective = losses @ (weight / weight.sum())
    found = Dataset(scaled, np.log(objective[:, None] if one_target else losses), objective, np.ones(len(rows)))
    return found.select(np.asarray(usable, dtype=np.bool_))
