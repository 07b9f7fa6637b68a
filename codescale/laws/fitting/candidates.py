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
from codescale.errors import UserError
from codescale.laws.fitting.holdout import Split, score
from codescale.laws.fitting.stacking import stack_weights
from codescale.laws.forms.base import Form
from codescale.laws.forms.registry import BASELINES, CANDIDATES, find_form
from codescale.laws.forms.stack import Stack
from codescale.laws.gp.gaussian_process import GaussianProcess, chosen_rows, fit_gaussian_process
from codescale.laws.gp.kernel import kernel_inputs
from codescale.laws.gp.law_correction import KnownPart, held_out_corrections
from codescale.laws.intervals import NORMAL_90
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
    ``predicted``: per hold-out (test rows, targets) log losses; ``residuals``: these minus the measured; ``variances``:
    what a process does not know of each, 0 without one; ``seconds``: the fit to all rows.
    """

    name: str
    form: Form
    values: Array
    held_out_values: Array
    predicted: list[Array]
    residuals: list[Array]
    variances: list[Array]
    held_out: HeldOut | None
    seconds: float
    process: GaussianProcess | None = field(default=None, repr=False)


def lacking_rows(form: Form, data: Observations) -> tuple[str, int, int] | None:
    """(target, rows, parameters) of the first target with fewer usable rows than the form has parameters."""
    needed = form.free_parameters(data)
    observed = np.isfinite(form.observed(data)) & data.usable[:, None]
    for k, target in enumerate(form.law_targets(data)):
        if observed[:, k].sum() < needed:
            return target, int(observed[:, k].sum()), needed
    return None


def forms_to_try(data: Observations, form: Form | None) -> list[Form]:
    """The chosen form or the candidates, and the baselines. Raises :class:`UserError` where the rows are too few."""
    wanted = [form] if form else _suitable(data)
    short = [lacking_rows(one, data) for one in wanted]
    if all(short):
        target, rows, needed = min((entry for entry in short if entry), key=lambda entry: entry[2])
        name = form.name if form else "the smallest law"
        raise UserError(
            data.path,
            f"has {rows} usable rows for {target}, and {name} has {needed} parameters",
            "add runs, or choose a law with fewer parameters (chinchilla, mean)",
        )
    fitting = [one for one, lack in zip(wanted, short, strict=True) if not lack]
    names = [one.name for one in fitting]
    if form is not None and form.law_targets(data) != data.targets:
        return fitting
    return [*fitting, *(find_form(name) for name in BASELINES if name not in names)]


def _suitable(data: Observations) -> list[Form]:
    """What ``auto`` tries; with one mixture in the table nothing can be learnt of the shares."""
    forms = [form for form in map(find_form, CANDIDATES) if form.suits(data)]
    return forms if data.mixture_index.max() > 0 else [form for form in forms if form.ignores_shares]


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
    one_mixture = data.mixture_index.max() == 0
    limit = _WORTH_STACKING * min(judged.values())
    members = [
        one
        for one in fitted
        if judged.get(one.name, np.inf) <= limit
        and one.name not in BASELINES
        and not one.form.one_loss
        and (one_mixture or not one.form.ignores_shares)
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
    mean: Candidate, data: Observations, splits: Sequence[Split], luck: Array, seed: int, workers: int
) -> Candidate | None:
    """``mean`` with a Gaussian process on its residuals; None where the rows are too few for one.

    ``luck`` (targets,): the deviation of log loss between seeds, 0 where it is not known.
    """
    if data.usable.sum() < _FEWEST_ROWS_FOR_PROCESS or mean.form.one_loss:
        return None
    began = time.perf_counter()
    residuals = data.log_losses - log_losses(mean.form, mean.values, data)
    process = fit_gaussian_process(data, data.targets, residuals, luck, seed, workers)
    if not process.targets:
        return None
    seconds = mean.seconds + time.perf_counter() - began
    form, values, held_out_values = mean.form, mean.values, mean.held_out_values
    if not isinstance(form, Stack):
        form = Stack((form,), np.ones(1))
        values, held_out_values = form.join([values]), form.join([held_out_values])
    return _judged(GAUSSIAN_PROCESS, form, data, splits, values, held_out_values, seconds, process, seed)


def least_error(candidates: Sequence[Candidate]) -> Candidate:
    """Of all but the baselines the one with the least held-out error; the first where nothing was held out."""
    judged = [one for one in candidates if one.held_out and one.name not in BASELINES]
    return min(judged, key=lambda one: one.held_out.error if one.held_out else np.inf) if judged else candidates[0]


def clearly_better(first: Candidate, second: Candidate, data: Observations, splits: Sequence[Split]) -> bool:
    """Whether ``first`` errs less than ``second`` on held-out rows by more than chance: one time in twenty otherwise.

    Trunks are what varies, so the standard error of the difference is that of their parts in it; kinds of hold-out
    count alike, as in the error itself.
    """
    parts = np.zeros(int(data.trunk.max()) + 1)
    kinds = [split.kind for split in splits]
    for kind in dict.fromkeys(kinds):
        own = [k for k, name in enumerate(kinds) if name == kind]
        gains = np.concatenate([_row_errors(second.residuals[k]) - _row_errors(first.residuals[k]) for k in own])
        trunks = np.concatenate([data.trunk[splits[k].test] for k in own])
        known = np.isfinite(gains)
        np.add.at(parts, trunks[known], gains[known] / max(known.sum(), 1) / len(set(kinds)))
    error = np.sqrt(len(parts) * parts.var(ddof=1)) if len(parts) > 1 else np.inf
    return bool(parts.sum() > NORMAL_90 * error)


def _row_errors(residuals: Array) -> Array:
    """(rows,): the mean relative error over targets."""
    return np.asarray(np.nanmean(np.abs(np.expm1(residuals)), axis=1))


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
    variances = [np.zeros(one.shape) for one in predicted]
    if process is not None:
        corrections, variances = _held_out_corrections(process, form, data, splits, held_out_values, seed)
        predicted = [one + added for one, added in zip(predicted, corrections, strict=True)]
    residuals = [one - observed[split.test] for one, split in zip(predicted, splits, strict=True)]
    judged = score(form, data, list(splits), residuals) if splits else None
    return Candidate(name, form, values, held_out_values, predicted, residuals, variances, judged, seconds, process)


def _held_out_corrections(
    process: GaussianProcess,
    form: Form,
    data: Observations,
    splits: Sequence[Split],
    held_out_values: Array,
    seed: int,
) -> tuple[list[Array], list[Array]]:
    """For each of ``splits`` the corrections (rows, targets) of the process that knows only its training rows, given
    what the law fitted to them leaves over, and their variances.
    """
    inputs = kernel_inputs(data.log_params, data.log_tokens, data.shares)
    rows = chosen_rows(data, seed)
    shapes = [(int(split.test.sum()), len(data.targets)) for split in splits]
    corrections, variances = ([np.zeros(shape) for shape in shapes] for _ in range(2))
    left_over = [(data.log_losses - log_losses(form, own, data))[rows] for own in held_out_values]
    for k, target in enumerate(data.targets):
        whole = process.targets.get(target)
        if whole is None:
            continue
        own = np.array(whole.rows)
        asked = [i for i, split in enumerate(splits) if split.train[rows][own].sum() > 1]
        held_out = [KnownPart(left_over[i][own, k], splits[i].train[rows][own], inputs[splits[i].test]) for i in asked]
        for i, (correction, variance) in zip(asked, held_out_corrections(process, whole, held_out), strict=True):
            corrections[i][:, k], variances[i][:, k] = correction, variance
    return corrections, variances
