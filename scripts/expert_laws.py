"""Laws with and without experts' losses, fitted to the same rows: for scripts/bench_experts.py."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitting.candidates import Candidate, clearly_better, least_error, log_losses
from codescale.laws.fitting.fit import fit_candidates
from codescale.laws.fitting.holdout import Split, make_splits
from codescale.laws.fitting.stacking import stack_weights
from codescale.laws.gp.conditioning import LevelAndSlope, condition
from codescale.laws.gp.kernel import Hyperparameters, fit_hyperparameters, kernel_inputs
from codescale.laws.gp.law_correction import sampled_correction
from codescale.laws.observations import Observations, observe
from codescale.laws.replicates import trunk_luck
from codescale.progress import Silent
from codescale.runs.table import RunsTable

USES = ("mean", "input", "stack")
BASIS_DEVIATIONS = (0.3, 0.5)
"""Of the level and of the slope of log loss over the experts' log loss, around 0 and 1."""
INPUT_DEVIATION = 0.25
"""Of the experts' log losses as an input: as that of a share's cube root."""
FEWEST_ROWS = 8


@dataclass(frozen=True)
class Auto:
    """What ``auto`` takes for ``data``, and the best law without a process."""

    data: Observations
    splits: list[Split]
    best: Candidate
    plain: Candidate

    @classmethod
    def fitted(cls, table: RunsTable, seed: int) -> Auto:
        """To the rows of ``table``, as :func:`~codescale.laws.fitting.fit.fit_law` does."""
        data = observe(table)
        splits = make_splits(data, seed)
        candidates = fit_candidates(data, splits, trunk_luck(table, data.targets), "auto", seed, 1, Silent())
        plain = least_error([one for one in candidates if one.process is None])
        process = next((one for one in candidates if one.process is not None), None)
        return cls(data, splits, process if process and clearly_better(process, plain, data, splits) else plain, plain)

    def log_losses(self, test: Observations) -> Array:
        """(rows of ``test``, targets): what is foretold."""
        found = log_losses(self.best.form, self.best.values, test)
        if self.best.process is None:
            return found
        left_over = (self.data.log_losses - log_losses(self.best.form, self.best.values, self.data))[self.data.usable]
        for k, target in enumerate(self.data.targets):
            own = self.best.process.targets.get(target)
            if own is not None:
                residuals = left_over[np.array(own.rows), k][:, None]
                process = sampled_correction(self.best.process, own, residuals, np.random.default_rng(0))
                found[:, k] += process.correction(inputs_of(test))[:, 0]
        return found


def inputs_of(data: Observations) -> Array:
    """(rows, inputs) of the kernel."""
    return kernel_inputs(data.log_params, data.log_tokens, data.shares)


@dataclass(frozen=True)
class Known:
    """What a process learns from, of one target: ``inputs`` (rows, inputs), ``means`` and ``values`` (rows,)."""

    inputs: Array
    means: Array
    values: Array

    def part(self, rows: Mask) -> Known:
        """Those rows."""
        return Known(self.inputs[rows], self.means[rows], self.values[rows])


def hyperparameters_around(known: Known) -> Hyperparameters:
    """Of the process around the means, after the line through them that fits best."""
    residuals = known.values - known.means
    line = np.column_stack([np.ones(len(residuals)), known.means - known.means.mean()])
    return fit_hyperparameters(
        known.inputs, residuals - line @ np.linalg.lstsq(line, residuals)[0], np.ones(len(residuals))
    )


def around_means(process: Hyperparameters, known: Known, inputs: Array, means: Array) -> Array:
    """(points,): foretold at ``inputs`` (points, inputs), where the means are ``means`` (points,)."""
    level, slope = BASIS_DEVIATIONS
    basis = LevelAndSlope(float(known.means.mean()), level**2, slope**2)
    noise = np.full(len(known.means), process.noise**2)
    given = condition(process, known.inputs, (known.values - known.means)[:, None], noise, basis, known.means)
    return np.asarray(means + (given.cross_covariance(inputs, means) @ given.dual)[:, 0])


def with_experts(auto: Auto, foretold: Array, train: Array, test: Observations, at: Array) -> dict[str, Array]:
    """By use (:data:`USES`) the log losses (rows, targets) foretold for ``test``.

    ``foretold`` (rows, targets): by ``auto`` alone. ``train`` and ``at``: the experts' log losses at the rows of
    ``auto.data`` and of ``test``.
    """
    data, inputs, asked = auto.data, inputs_of(auto.data), inputs_of(test)
    plain, at_test = (log_losses(auto.plain.form, auto.plain.values, rows) for rows in (data, test))
    folds = [k for k, split in enumerate(auto.splits) if split.kind == "mixtures"]
    held_out = {k: np.full(auto.best.residuals[k].shape, np.nan) for k in folds}
    found = {"mean": np.empty(foretold.shape), "input": at_test.copy()}
    for k in range(len(data.targets)):
        rows = np.isfinite(train[:, k]) & data.usable
        known = Known(inputs, train[:, k], data.log_losses[:, k])
        process = hyperparameters_around(known.part(rows))
        found["mean"][:, k] = around_means(process, known.part(rows), asked, at[:, k])
        for fold in folds:
            own, judged = rows & auto.splits[fold].train, auto.splits[fold].test & np.isfinite(train[:, k])
            if own.sum() >= FEWEST_ROWS:
                values = around_means(process, known.part(own), inputs[judged], train[judged, k])
                held_out[fold][judged[auto.splits[fold].test], k] = values - data.log_losses[judged, k]
        middle, spread = train[rows, k].mean(), train[rows, k].std()
        further = [
            np.column_stack([x, INPUT_DEVIATION * (f - middle) / spread])
            for x, f in ((inputs[rows], train[rows, k]), (asked, at[:, k]))
        ]
        found["input"][:, k] += corrected(further[0], (data.log_losses - plain)[rows, k], further[1])
    weight = stacked_weight(auto, held_out)
    return found | {"stack": (1.0 - weight) * foretold + weight * found["mean"]}


def corrected(inputs: Array, residuals: Array, asked: Array) -> Array:
    """(points,): the mean of the process of ``residuals`` (rows,) at ``inputs``, at the points ``asked``."""
    process = fit_hyperparameters(inputs, residuals, np.ones(len(residuals)))
    given = condition(process, inputs, residuals[:, None], np.full(len(residuals), process.noise**2))
    return np.asarray((given.cross_covariance(asked) @ given.dual)[:, 0])


def stacked_weight(auto: Auto, held_out: dict[int, Array]) -> float:
    """Of the experts' mean beside ``auto``, by held-out residuals of mixtures; 0 where there are none."""
    folds = [k for k, residuals in held_out.items() if np.isfinite(residuals).any()]
    if not folds:
        return 0.0
    pair = [[auto.best.residuals[k] for k in folds], [held_out[k] for k in folds]]
    return float(stack_weights(pair, ["mixtures"] * len(folds))[1])
