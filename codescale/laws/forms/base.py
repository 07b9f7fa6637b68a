"""What every form of a law can do: be fitted to many weightings of the rows at once, and predict.

A form holds no state: parameters are arrays (…, parameters) in the order of ``parameter_names``. Losses are natural
logs of the runs' losses throughout, since errors of losses are relative.

Symbols, as ``formula`` writes them: N, non-embedding parameters; D, training tokens; p_j, the share of domain j; L_i,
the loss of target i. Shapes: ``log_params``, ``log_tokens`` (rows,), natural logs of N and D; ``shares`` (rows,
domains); ``weights`` (samples, rows), one fit per row; ``values`` (targets, parameters) of one fit, or (samples,
parameters) of one target.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from codescale.arrays import Array
from codescale.laws.observations import Observations


class Form(ABC):
    """A function from (N, D, shares) to a loss per target, with named parameters."""

    name: ClassVar[str]
    formula: ClassVar[str]
    one_loss: ClassVar[bool] = False
    """Whether the law predicts one loss of the whole mixture rather than each target's own."""
    ignores_shares: ClassVar[bool] = False
    """Whether every mixture gets the same prediction."""
    ignores_scale: ClassVar[bool] = False
    """Whether every N and D get the same prediction."""

    def law_targets(self, data: Observations) -> tuple[str, ...]:
        """What the law predicts; by default the table's targets."""
        return data.targets

    def observed(self, data: Observations) -> Array:
        """(rows, law targets): the log losses to compare with, NaN where not measured."""
        return data.log_losses

    def suits(self, data: Observations) -> bool:
        """Whether ``auto`` should try it: false where it is the same as a simpler form, or has nothing to say."""
        return True

    @abstractmethod
    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        """Names of the parameters of ``target``'s loss; the same number for every target."""

    @abstractmethod
    def free_parameters(self, data: Observations) -> int:
        """How many parameters of the hungriest target are fitted to ``data``."""

    def effective_parameters(self, data: Observations, values: Array) -> Array:
        """(targets,): how many parameters of each target's ``values`` the rows decide; the rest is the prior's."""
        return np.full(len(values), float(self.free_parameters(data)))

    def exponents_at_ends(self, data: Observations, values: Array) -> list[str]:
        """``<target>.<parameter>`` of every free exponent of N or D at an end of its range."""
        return []

    def unidentified(self, data: Observations) -> dict[str, str]:
        """Parameters that ``data`` cannot identify and why; ``<target>.<parameter>`` or ``<parameter>`` for every
        target.
        """
        return {}

    @abstractmethod
    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        """Fits once per row of ``weights``, from several starts.

        Parameters
        ----------
        data
            The rows, their log losses (rows, targets).
        weights
            How much each row counts in each fit (samples, rows).
        workers
            Threads; None: one a core.
        simpler
            Fits of other forms to the same weights by name: a form that extends one may start there.

        Returns
        -------
        Array
            Parameters (samples, targets, parameters).
        """

    def near(self, data: Observations, values: Array, weights: Array, workers: int | None = None) -> Array:
        """Fits once per row of ``weights`` from ``values`` (targets, parameters): (samples, targets, parameters)."""
        return self.fit(data, weights, workers)

    def resample(
        self,
        data: Observations,
        values: Array,
        weights: Array,
        generator: np.random.Generator,
        workers: int | None = None,
    ) -> Array:
        """Bootstrap: fits per row of ``weights`` near ``values`` (targets, parameters): (samples, targets,
        parameters).
        """
        return self.fit(data, weights, workers)

    @abstractmethod
    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        """(samples, rows): log loss of one target under each row of ``values`` (samples, parameters)."""

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        """Loss (in the runs' unit) and its derivative by each share at one mixture, under ``values`` (parameters,).

        Central differences along each share, the others held: forms with a closed form override it.
        """
        step = 1e-6
        count = len(shares)
        around = np.vstack([shares, shares + step * np.eye(count), np.maximum(shares - step * np.eye(count), 0.0)])
        rows = len(around)
        losses = np.exp(
            self.log_losses(values[None, :], domains, np.full(rows, log_params), np.full(rows, log_tokens), around)[0]
        )
        width = step + np.minimum(shares, step)
        return float(losses[0]), (losses[1 : count + 1] - losses[count + 1 :]) / width


def absent_domains(data: Observations) -> list[str]:
    """Domains that no row trains on."""
    return [name for k, name in enumerate(data.domains) if not (data.shares[:, k] > 0).any()]


def collinear_domains(data: Observations) -> list[str]:
    """Domains whose shares the table varies only together with others', so that their effects cannot be told apart."""
    distinct = np.unique(np.round(data.shares, 9), axis=0)
    _, values, vectors = np.linalg.svd(distinct, full_matrices=True)
    rank = int((values > 1e-9 * max(1.0, values[0])).sum())
    null = vectors[rank:]
    missing = set(absent_domains(data))
    involved = np.abs(null).max(axis=0, initial=0.0) > 1e-6
    return [name for k, name in enumerate(data.domains) if involved[k] and name not in missing]


def two_values(log_values: Array) -> bool:
    """Whether N (or D) takes two values, to 1 %: a floor, a height and an exponent cannot be told from two."""
    steps = np.diff(np.sort(log_values))
    return int((steps > 0.01).sum()) == 1


def fewer_mixtures(data: Observations, parameters: int) -> bool:
    """Whether the table has fewer distinct mixtures than ``parameters`` that only the mixture can tell."""
    return len(np.unique(np.round(data.shares, 6), axis=0)) < parameters


def one_value(log_values: Array) -> bool:
    """Whether N (or D) is the same in all rows, to 1 %."""
    return bool(np.ptp(log_values) < 0.01)
