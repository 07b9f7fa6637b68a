"""What ``auto`` chooses among, each fitted to all rows and to every hold-out, and judged on what was held out.

Single forms first; then their stack, its weights found on the same hold-outs; then the stack with a Gaussian process on
what it leaves over. The stack's few weights and the process's hyperparameters have seen the held-out rows (through
residuals, and all rows), the laws' parameters and the process's rows have not: docs/benchmarks/laws.md holds that error
against the one on tables that nothing has seen.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitting.holdout import Split, score
from codescale.laws.fitting.stacking import stack_weights
from codescale.laws.forms.base import Form
from codescale.laws.forms.registry import BASELINES
from codescale.laws.forms.stack import Stack
from codescale.laws.gp.gaussian_process import GaussianProcess, chosen_rows, fit_gaussian_process, law_correction
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.law import HeldOut
from codescale.laws.observations import Observations

GAUSSIAN_PROCESS = "gaussian-process"

_WORTH_STACKING = 3.0
"""Laws whose held-out error is above so many times the least have no place in a stack."""
_FEWEST_ROWS_FOR_PROCESS = 40


@dataclass(frozen=True)
class Candidate:
    """A law fitted to all rows and to the hold-outs.

    ``values`` (targets, parameters) and ``held_out_values`` (hold-outs, targets, parameters) of ``form``;
    ``predicted``: per hold-out (test rows, targets) log losses; ``residuals``: these minus the measured; ``seconds``:
    the fit to all rows.
    """

    name: str
    form: Form
    values: Array
    held_out_values: Array
    predicted: list[Array]
    residuals: list[Array]
    held_out: HeldOut | None
    seconds: float
    process: GaussianProcess | None = field(default=None, repr=False)


def fit_form(
    form: Form, data: Observations, splits: Sequence[Split], fitted: Sequence[Candidate], workers: int
) -> Candidate:
    """``form`` on all rows, from where the simpler laws among ``fitted`` ended, and from there on each hold-out."""
    began = time.perf_counter()
    simpler = {candidate.name: candidate.values[None] for candidate in fitted}
    values = form.fit(data, np.ones((1, len(data))), workers, simpler)[0]
    seconds = time.perf_counter() - began
    trained = np.array([split.train for split in splits], dtype=float).reshape(len(splits), len(data))
    held_out_values = form.near(data, values, trained, workers) if splits else np.empty((0, *values.shape))
    return _judged(form.name, form, data, splits, values, held_out_values, seconds, None)


def stack_candidates(data: Observations, splits: Sequence[Split], fitted: Sequence[Candidate]) -> Candidate | None:
    """The stack of ``fitted`` laws that are worth it; None where fewer than two are, or nothing was held out.

    Baselines are no members: one without an irreducible loss may look good on the hold-outs of two sizes and is lost
    beyond them.
    """
    judged = {candidate.name: candidate.held_out.error for candidate in fitted if candidate.held_out}
    if not judged:
        return None
    limit = _WORTH_STACKING * min(judged.values())
    members = [
        one
        for one in fitted
        if judged.get(one.name, np.inf) <= limit
        and one.name not in BASELINES
        and not (one.form.one_loss or one.form.ignores_shares)
    ]
    if len(members) < 2:
        return None
    weights = stack_weights([one.residuals for one in members], [split.kind for split in splits])
    chosen = [k for k in range(len(members)) if weights[k] > 0]
    if len(chosen) < 2:
        return None
    members = [members[k] for k in chosen]
    form = Stack(tuple(one.form for one in members), weights[chosen])
    return _judged(
        form.name,
        form,
        data,
        splits,
        form.join([one.values for one in members]),
        form.join([one.held_out_values for one in members]),
        sum(one.seconds for one in members),
        None,
    )


def with_process(
    mean: Candidate, data: Observations, splits: Sequence[Split], seed: int, workers: int
) -> Candidate | None:
    """``mean`` with a Gaussian process on its residuals; None where the rows are too few for one."""
    if data.usable.sum() < _FEWEST_ROWS_FOR_PROCESS or mean.form.one_loss:
        return None
    began = time.perf_counter()
    residuals = data.log_losses - log_losses(mean.form, mean.values, data)
    process = fit_gaussian_process(data, data.targets, residuals, seed, workers)
    if not process.targets:
        return None
    seconds = mean.seconds + time.perf_counter() - began
    return _judged(GAUSSIAN_PROCESS, mean.form, data, splits, mean.values, mean.held_out_values, seconds, process, seed)


def log_losses(form: Form, values: Array, data: Observations, rows: Mask | None = None) -> Array:
    """(rows, law targets): the log losses of ``values`` (targets, parameters) at the rows of ``data`` (None: all)."""
    rows = np.ones(len(data), dtype=bool) if rows is None else rows
    inputs = (data.domains, data.log_params[rows], data.log_tokens[rows], data.shares[rows])
    return np.column_stack([form.log_losses(one[None, :], *inputs)[0] for one in values])


def _judged(
    name: str,
    form: Form,
    data: Observations,
    splits: Sequence[Split],
    values: Array,
    held_out_values: Array,
    seconds: float,
    process: GaussianProcess | None,
    seed: int = 0,
) -> Candidate:
    observed = form.observed(data)
    predicted = [log_losses(form, own, data, split.test) for split, own in zip(splits, held_out_values, strict=True)]
    if process is not None:
        predicted = [
            law + _held_out_correction(process, form, own, data, split, seed)
            for law, own, split in zip(predicted, held_out_values, splits, strict=True)
        ]
    residuals = [one - observed[split.test] for one, split in zip(predicted, splits, strict=True)]
    judged = score(form, data, list(splits), residuals) if splits else None
    return Candidate(name, form, values, held_out_values, predicted, residuals, judged, seconds, process)


def _held_out_correction(
    process: GaussianProcess, form: Form, values: Array, data: Observations, split: Split, seed: int
) -> Array:
    """(test rows, targets): the process's correction where only the hold-out's training rows are known to it."""
    rows = chosen_rows(data, seed)
    inputs = kernel_inputs(data.log_params, data.log_tokens, data.shares)
    residuals = (data.log_losses - log_losses(form, values, data))[rows]
    correction = np.zeros((int(split.test.sum()), len(data.targets)))
    for k, target in enumerate(data.targets):
        own = process.targets.get(target)
        if own is None:
            continue
        known = split.train[rows][np.array(own.rows)]
        if known.sum() < 2:
            continue
        posterior = law_correction(own.on(known), process.inputs, residuals[np.array(own.rows)[known], k : k + 1])
        correction[:, k] = posterior.correction(inputs[split.test])[:, 0]
    return correction
