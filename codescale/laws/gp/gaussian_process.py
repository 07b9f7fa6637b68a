"""A Gaussian process on what a law leaves over: the residuals of log loss over N, D and the mixture.

The law is its mean, so far from the runs a prediction returns to the law; near them it goes through what was measured.
Heavy tails are the rule in published tables (a run in twenty is off by four deviations), so a row whose own value the
others do not foretell counts less: its noise is scaled up with its leave-one-out residual beyond 1.345 typical ones
(Huber's weights, iterated). The rows stand in the law file: no factor of a matrix and no pickle.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from codescale.arrays import Array, Integers, Mask
from codescale.laws.gp.conditioning import prior_covariance
from codescale.laws.gp.kernel import (
    Hyperparameters,
    fit_hyperparameters,
    inverse_and_log_determinant,
    kernel_inputs,
    single_precision_does,
)
from codescale.laws.observations import Observations

MOST_ROWS = 1_500
"""Rows that the process is conditioned on; of a larger table as many, spread over its trunks."""
FEWEST_ROWS = 20
"""Rows below which a target has no process of its own."""

_ROWS_FOR_HYPERPARAMETERS = 512
_LAST_STEPS = 20
_ROBUST = 1.345
_ROUNDS = 3
_LEAST_WEIGHT = 1e-3


class TargetProcess(BaseModel):
    """One target's process: ``rows`` of the inputs it was measured on, the law's ``residuals`` there (measured minus
    predicted log loss), their robust ``weights``, and hyperparameters as in
    :class:`~codescale.laws.gp.kernel.Hyperparameters`. ``luck``: the deviation between seeds that runs told, which the
    rows of a trunk share; 0 where none did, and in files of before.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    rows: list[int]
    residuals: list[float]
    weights: list[float]
    relevance: list[float]
    amplitude: float = Field(ge=0)
    noise: float = Field(gt=0)
    luck: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> TargetProcess:
        if not len(self.rows) == len(self.residuals) == len(self.weights):
            raise ValueError("rows, residuals and weights differ in length")
        if any(not 0 < weight <= 1 for weight in self.weights):
            raise ValueError("weights lie above 0 and are at most 1")
        return self

    def on(self, known: Mask) -> TargetProcess:
        """The process knowing only the rows for which ``known`` (its rows,) is true."""
        kept = np.flatnonzero(known).tolist()
        return self.model_copy(
            update={name: [getattr(self, name)[k] for k in kept] for name in ("rows", "residuals", "weights")}
        )


class GaussianProcess(BaseModel):
    """The processes of a law's targets over shared inputs: ``log_params``, ``log_tokens`` (rows,), ``shares`` (rows,
    domains). ``trunks`` (rows,) numbers the rows' trunks; empty where each is of its own, and in files of before. A
    target with too few rows has no process: there the law stands alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    log_params: list[float]
    log_tokens: list[float]
    shares: list[list[float]]
    targets: dict[str, TargetProcess]
    trunks: list[int] = []

    @model_validator(mode="after")
    def _is_complete(self) -> GaussianProcess:
        count = len(self.log_params)
        if count > MOST_ROWS or not count == len(self.log_tokens) == len(self.shares):
            raise ValueError(f"log_params, log_tokens and shares differ in length or are more than {MOST_ROWS}")
        if self.trunks and len(self.trunks) != count:
            raise ValueError("trunks: has another length than log_params")
        if len({len(row) for row in self.shares}) != 1:
            raise ValueError("shares: rows are missing or differ in length")
        for name, process in self.targets.items():
            if any(not 0 <= row < count for row in process.rows):
                raise ValueError(f"targets.{name}.rows: names rows that do not exist")
            if len(process.relevance) != 2 + len(self.shares[0]):
                raise ValueError(f"targets.{name}.relevance: has another length than the inputs")
        return self

    @cached_property
    def inputs(self) -> Array:
        """(rows, 2 + domains): see :func:`~codescale.laws.gp.kernel.kernel_inputs`."""
        return kernel_inputs(np.array(self.log_params), np.array(self.log_tokens), np.array(self.shares))

    def noise_covariance(self, target: TargetProcess) -> Array:
        """The noise of ``target``'s rows: their variances (rows,), or a matrix where rows of a trunk share luck."""
        own = target.noise**2 / np.array(target.weights)
        if target.luck == 0 or not self.trunks:
            return np.asarray(own)
        return _shared_luck(np.array(self.trunks)[np.array(target.rows)], target.luck) + np.diag(own)


def chosen_rows(data: Observations, seed: int) -> Integers:
    """The usable rows that a process is conditioned on: all, or :data:`MOST_ROWS` at random, the trunks' last first."""
    usable = np.flatnonzero(data.usable)
    if len(usable) <= MOST_ROWS:
        return usable
    generator = np.random.default_rng(seed)
    order = generator.permutation(usable)
    last = {int(trunk): row for trunk, row in zip(data.trunk[usable], usable, strict=True)}
    is_last = np.isin(order, list(last.values()))
    return np.sort(np.concatenate([order[is_last], order[~is_last]])[:MOST_ROWS])


def fit_gaussian_process(
    data: Observations, targets: Sequence[str], residuals: Array, luck: Array, seed: int, workers: int = 1
) -> GaussianProcess:
    """The processes of ``residuals`` (rows of ``data``, targets): measured minus predicted log loss, NaN if unknown.

    ``luck`` (targets,): the deviation of log loss between seeds, 0 where it is not known. No process trusts a trunk
    more than that.
    """
    rows = chosen_rows(data, seed)
    inputs = kernel_inputs(data.log_params[rows], data.log_tokens[rows], data.shares[rows])
    trunks = data.trunk[rows]

    def one(k: int) -> TargetProcess | None:
        known = np.flatnonzero(np.isfinite(residuals[rows, k]))
        if len(known) < FEWEST_ROWS or residuals[rows[known], k].std() < 1e-9:
            return None
        own = _Residuals(inputs[known], residuals[rows[known], k], trunks[known], float(luck[k]))
        return _fit_target(own, known, np.random.default_rng((seed, 1)))

    with ThreadPoolExecutor(max(1, workers)) as pool:
        fitted = list(pool.map(one, range(len(targets))))
    return GaussianProcess(
        log_params=data.log_params[rows].tolist(),
        log_tokens=data.log_tokens[rows].tolist(),
        shares=data.shares[rows].tolist(),
        targets={name: process for name, process in zip(targets, fitted, strict=True) if process},
        trunks=trunks.tolist(),
    )


@dataclass(frozen=True)
class _Residuals:
    """One target's known rows: ``inputs`` (rows, inputs), ``values`` and ``trunks`` (rows,), and a trunk's luck."""

    inputs: Array
    values: Array
    trunks: Integers
    luck: float

    def part(self, index: Integers) -> _Residuals:
        return _Residuals(self.inputs[index], self.values[index], self.trunks[index], self.luck)

    @property
    def known_noise(self) -> Array | None:
        """(rows, rows): the covariance of the trunks' luck."""
        return _shared_luck(self.trunks, self.luck) if self.luck else None


def _shared_luck(trunks: Integers, luck: float) -> Array:
    """(rows, rows): the covariance of what the rows of a trunk share."""
    return np.asarray(luck**2 * (trunks[:, None] == trunks))


def _fit_target(own: _Residuals, rows: Integers, generator: np.random.Generator) -> TargetProcess:
    hyperparameters = _fit_hyperparameters(own, generator)
    return TargetProcess(
        rows=rows.tolist(),
        residuals=own.values.tolist(),
        weights=_robust_weights(hyperparameters, own).tolist(),
        relevance=hyperparameters.relevance.tolist(),
        amplitude=hyperparameters.amplitude,
        noise=hyperparameters.noise,
        luck=own.luck,
    )


def _fit_hyperparameters(own: _Residuals, generator: np.random.Generator) -> Hyperparameters:
    """From half of the rows that are drawn, then a few steps on all with robust weights; in single precision."""
    drawn = generator.permutation(len(own.values))[:_ROWS_FOR_HYPERPARAMETERS]
    half, all_drawn = (own.part(np.sort(drawn[:count])) for count in (_ROWS_FOR_HYPERPARAMETERS // 2, None))
    begun = fit_hyperparameters(_single(half.inputs), half.values, np.ones(len(half.values)), None, half.known_noise)
    weights = _robust_weights(begun, all_drawn)
    return fit_hyperparameters(
        _single(all_drawn.inputs), all_drawn.values, weights, begun, all_drawn.known_noise, _LAST_STEPS
    )


def _single(values: Array) -> Any:
    """In single precision, in which a likelihood takes half the time."""
    return values.astype(np.float32)


def _robust_weights(hyperparameters: Hyperparameters, own: _Residuals) -> Array:
    """(rows,): Huber's weights of leave-one-out residuals (Rasmussen and Williams, 2006, equation 5.12)."""
    signal = prior_covariance(hyperparameters, own.inputs, own.inputs)
    does = single_precision_does(hyperparameters.amplitude**2, hyperparameters.noise**2)
    precision: Any = np.float32 if does else np.float64
    signal = (signal if own.known_noise is None else signal + own.known_noise).astype(precision)
    values: Any = own.values.astype(precision)
    diagonal = np.diag_indices(len(signal))
    weights = np.ones(len(values))
    for _ in range(_ROUNDS):
        matrix = signal.copy()
        matrix[diagonal] += (hyperparameters.noise**2 / weights).astype(precision)
        inverse, _ = inverse_and_log_determinant(matrix)
        left_out = np.abs(inverse @ values / np.diag(inverse)).astype(np.float64)
        typical = 1.4826 * float(np.median(left_out))
        weights = np.clip(_ROBUST * typical / np.maximum(left_out, 1e-300), _LEAST_WEIGHT, 1.0)
    return weights
