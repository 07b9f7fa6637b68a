"""What a search has measured so far, as plain arrays: the rows that a surrogate learns from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from codescale.laws.observations import Array, Observations
from codescale.runs import RunsTable

WHOLE = "objective"
"""The one target of rows whose losses by language are not known: the objective itself."""


@dataclass(frozen=True)
class Measured:
    """``rows`` finished runs: natural logs of N and D (rows,), ``shares`` (rows, domains), ``hyper`` (rows,
    hyperparameters) between 0 and 1, ``losses`` (rows, targets) in nats per token, NaN where unknown, ``objective``
    (rows,), the smaller the better, and ``doubt`` (rows,): the variance of its noise in units of a finished run's.
    """

    log_params: Array
    log_tokens: Array
    shares: Array
    hyper: Array
    losses: Array
    objective: Array
    doubt: Array

    def __len__(self) -> int:
        return len(self.objective)

    def select(self, rows: Array) -> Measured:
        """The rows that ``rows`` (indices or a mask) names."""
        return Measured(*(getattr(self, field.name)[rows] for field in fields(self)))

    def followed_by(self, other: Measured) -> Measured:
        """These rows, then those of ``other``."""
        return Measured(
            *(np.concatenate([getattr(self, field.name), getattr(other, field.name)]) for field in fields(self))
        )

    def observations(self, domains: tuple[str, ...], targets: tuple[str, ...]) -> Observations:
        """The same as laws take them; a row without losses keeps its place, with none."""
        rows = len(self)
        return Observations(
            path="the trials",
            domains=domains,
            targets=targets,
            log_params=self.log_params,
            log_tokens=self.log_tokens,
            shares=self.shares,
            log_losses=np.log(self.losses),
            trunk=np.arange(rows, dtype=np.intp),
            usable=np.ones(rows, dtype=bool),
            unique_tokens=np.full(self.shares.shape, np.inf),
        )


def from_runs(table: RunsTable, domains: tuple[str, ...], weights: dict[str, float], hyper: Array) -> Measured:
    """The finished runs of ``table``, at whatever scale; ``hyper`` (hyperparameters,): what they were trained with.

    Rows that lack a loss with a weight, or hold a domain outside ``domains``, are left out.
    """
    rows = table.fittable()
    targets = tuple(weights)
    known = [name for name in targets if name in rows.targets]
    losses = np.full((len(rows), len(targets)), np.nan)
    for k, name in enumerate(targets):
        if name in known:
            losses[:, k] = rows.losses[:, rows.targets.index(name)]
    shares = np.zeros((len(rows), len(domains)))
    for k, name in enumerate(domains):
        if name in rows.domains:
            shares[:, k] = rows.proportions[:, rows.domains.index(name)]
    keep = np.isfinite(losses).all(axis=1) & (shares.sum(axis=1) > 1.0 - 1e-6)
    weight = np.array(list(weights.values()))
    return Measured(
        np.log(rows.n_params),
        np.log(rows.n_tokens),
        shares,
        np.tile(hyper, (len(rows), 1)),
        losses,
        losses @ (weight / weight.sum()),
        np.ones(len(rows)),
    ).select(keep)


def nothing(domains: int, hyper: int, targets: int) -> Measured:
    """No rows at all."""
    none = np.empty(0)
    return Measured(
        none, none, np.empty((0, domains)), np.empty((0, hyper)), np.empty((0, targets)), none, np.empty(0)
    )
