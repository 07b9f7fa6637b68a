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

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from codescale.arrays import Array, Integers, Mask
from codescale.laws.gp.conditioning import condition, noisy_covariance
from codescale.laws.gp.kernel import Hyperparameters, covariance, covariance_slopes, fit_hyperparameters, kernel_inputs
from codescale.laws.observations import Observations

MOST_ROWS = 1_500
"""Rows that the process is conditioned on; of a larger table as many, spread over its trunks."""
FEWEST_ROWS = 20
"""Rows below which a target has no process of its own."""

_ROWS_FOR_HYPERPARAMETERS = 512
_ROBUST = 1.345
_ROUNDS = 3
_LEAST_WEIGHT = 1e-3
_SMALLEST_ROOT = 0.05
"""The cube root of a share (1.25e-4) below which slopes are taken there: at a share of 0 they are infinite."""


class TargetProcess(BaseModel):
    """One target's process: ``rows`` of the inputs it was measured on, the law's ``residuals`` there (measured minus
    predicted log loss), their robust ``weights``, and hyperparameters as in
    :class:`~codescale.laws.gp.kernel.Hyperparameters`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    rows: list[int]
    residuals: list[float]
    weights: list[float]
    relevance: list[float]
    amplitude: float = Field(ge=0)
    noise: float = Field(gt=0)

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
    domains). A target with too few rows has none: there the law stands alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    log_params: list[float]
    log_tokens: list[float]
    shares: list[list[float]]
    targets: dict[str, TargetProcess]

    @model_validator(mode="after")
    def _is_complete(self) -> GaussianProcess:
        count = len(self.log_params)
        if count > MOST_ROWS or not count == len(self.log_tokens) == len(self.shares):
            raise ValueError(f"log_params, log_tokens and shares differ in length or are more than {MOST_ROWS}")
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


@dataclass(frozen=True)
class LawCorrection:
    """One target's process conditioned on its rows: what a correction of the law is computed from.

    ``inputs`` (rows, inputs); ``relevance`` (inputs,); ``dual`` (rows, samples): K^-1 times the residuals of every
    sample, times the amplitude squared.
    """

    inputs: Array
    relevance: Array
    dual: Array

    def of_sample(self, column: int) -> LawCorrection:
        """With that column of ``dual`` alone."""
        return LawCorrection(self.inputs, self.relevance, self.dual[:, column : column + 1])

    def correction(self, inputs: Array) -> Array:
        """(points, samples): what to add to the log loss at ``inputs`` (points, inputs)."""
        return covariance(self.relevance, inputs, self.inputs) @ self.dual

    def correction_and_slopes(self, log_params: float, log_tokens: float, shares: Array) -> tuple[float, Array]:
        """The first sample's correction at one point and its derivative by each share (domains,)."""
        point = kernel_inputs(np.array([log_params]), np.array([log_tokens]), shares[None])[0]
        value, slopes = covariance_slopes(self.relevance, point, self.inputs)
        by_share = 1.0 / (3.0 * np.maximum(point[2:], _SMALLEST_ROOT) ** 2)
        return float(value @ self.dual[:, 0]), (self.dual[:, 0] @ slopes[:, 2:]) * by_share


def law_correction(process: TargetProcess, inputs: Array, residuals: Array) -> LawCorrection:
    """The process given ``residuals`` (its rows, samples) at its rows of ``inputs`` (all rows, inputs)."""
    own = inputs[np.array(process.rows, dtype=np.intp)]
    hyperparameters = Hyperparameters(np.array(process.relevance), process.amplitude, process.noise)
    conditioned = condition(hyperparameters, own, residuals, process.noise**2 / np.array(process.weights))
    return LawCorrection(own, hyperparameters.relevance, process.amplitude**2 * conditioned.dual)


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
    data: Observations, targets: Sequence[str], residuals: Array, seed: int, workers: int = 1
) -> GaussianProcess:
    """The processes of ``residuals`` (rows of ``data``, targets): measured minus predicted log loss, NaN if unknown."""
    rows = chosen_rows(data, seed)
    inputs = kernel_inputs(data.log_params[rows], data.log_tokens[rows], data.shares[rows])

    def one(k: int) -> TargetProcess | None:
        return _fit_target(inputs, residuals[rows, k], np.random.default_rng((seed, 1)))

    with ThreadPoolExecutor(max(1, workers)) as pool:
        fitted = list(pool.map(one, range(len(targets))))
    return GaussianProcess(
        log_params=data.log_params[rows].tolist(),
        log_tokens=data.log_tokens[rows].tolist(),
        shares=data.shares[rows].tolist(),
        targets={name: process for name, process in zip(targets, fitted, strict=True) if process},
    )


def _fit_target(inputs: Array, residuals: Array, generator: np.random.Generator) -> TargetProcess | None:
    known = np.flatnonzero(np.isfinite(residuals))
    if len(known) < FEWEST_ROWS or residuals[known].std() < 1e-9:
        return None
    drawn = np.sort(generator.permutation(known)[:_ROWS_FOR_HYPERPARAMETERS])
    hyperparameters = fit_hyperparameters(inputs[drawn], residuals[drawn], np.ones(len(drawn)))
    weights = _robust_weights(hyperparameters, inputs[drawn], residuals[drawn])
    hyperparameters = fit_hyperparameters(inputs[drawn], residuals[drawn], weights, hyperparameters)
    weights = _robust_weights(hyperparameters, inputs[known], residuals[known])
    return TargetProcess(
        rows=known.tolist(),
        residuals=residuals[known].tolist(),
        weights=weights.tolist(),
        relevance=hyperparameters.relevance.tolist(),
        amplitude=hyperparameters.amplitude,
        noise=hyperparameters.noise,
    )


def _robust_weights(hyperparameters: Hyperparameters, inputs: Array, residuals: Array) -> Array:
    """(rows,): Huber's weights of leave-one-out residuals (Rasmussen and Williams, 2006, equation 5.12)."""
    from scipy.linalg import lapack

    weights = np.ones(len(residuals))
    for _ in range(_ROUNDS):
        noise = hyperparameters.noise**2 / weights
        factor, _ = lapack.dpotrf(noisy_covariance(hyperparameters, inputs, noise), lower=1)
        inverse, _ = lapack.dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        left_out = np.abs(inverse @ residuals / np.diag(inverse))
        typical = 1.4826 * float(np.median(left_out))
        weights = np.clip(_ROBUST * typical / np.maximum(left_out, 1e-300), _LEAST_WEIGHT, 1.0)
    return weights
