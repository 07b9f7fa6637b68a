"""From a runs table to a law: the one entry, ``fit_law``.

``auto`` fits every candidate to the same hold-outs and takes the one that predicts them best; the law records every
candidate's error, and the baselines', so that the choice can be judged.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from codescale.errors import UserError
from codescale.laws.forms import BASELINES, CANDIDATES, find_form
from codescale.laws.forms.base import Form
from codescale.laws.holdout import Split, held_out_residuals, make_splits, score
from codescale.laws.law import NORMAL_90, FittedRange, HeldOut, Law
from codescale.laws.observations import Array, Observations, narrow, observe
from codescale.laws.replicates import between_seeds
from codescale.laws.warning import warn
from codescale.progress import Progress, Silent
from codescale.runs import RunsTable

_BATCH = 25
"""Bootstrap samples fitted between two steps of the progress bar."""


def fit_law(
    table: RunsTable,
    law: str = "auto",
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress = Silent(),  # noqa: B008 (it holds no state)
    workers: int | None = None,
    *,
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
    bytes_per_token: Mapping[str, float] | None = None,
) -> Law:
    """Fits ``law`` (``auto`` or a form's name) to the fittable rows of ``table``.

    ``bootstrap``: samples for the intervals, over trunks (0: none). ``workers``: threads (None: one a core). The
    keyword-only arguments narrow a table of several corpora, organisations or hyperparameters. The same table and
    seed give the same law. Raises :class:`UserError` for an unknown law, a mix that was not narrowed, and fewer rows
    than parameters; gives a :class:`LawWarning` for what the data cannot identify.
    """
    form = None if law == "auto" else find_form(law)
    workers = workers or os.cpu_count() or 1
    chosen = narrow(table, corpus_id, organisation, hyper)
    data = observe(chosen)
    _warn_of_oddities(data)
    splits = make_splits(data, seed)
    held_out: dict[str, HeldOut] = {}
    residuals: dict[str, list[Array]] = {}
    forms = _forms_to_try(data, form)
    if splits:
        with progress.bar("held-out error of each law", len(forms)) as advance:
            for one in forms:
                if _enough_rows(one, data) is None:
                    residuals[one.name] = held_out_residuals(one, data, splits, workers)
                    held_out[one.name] = score(one, data, splits, residuals[one.name])
                advance(1)
    form = form or _choose(data, held_out)
    unidentified = form.unidentified(data)
    _warn_of_choice(form, held_out, unidentified)
    values = form.fit(data, np.ones((1, len(data))), workers)[0]
    samples = _bootstrap(form, data, values, seed, bootstrap, progress, workers)
    targets = form.law_targets(data)
    in_sample = _residuals(form, data, values)
    noise = _noise(form, data, in_sample, splits, residuals.get(form.name, []))
    if not form.one_loss:
        noise = np.hypot(noise, between_seeds(chosen, targets))
    names = [form.parameter_names(data.domains, target) for target in targets]
    return Law(
        name=form.name,
        formula=form.formula,
        domains=data.domains,
        targets=targets,
        parameters={target: dict(zip(names[k], values[k].tolist(), strict=True)) for k, target in enumerate(targets)},
        fitted_range=_range(data),
        noise=dict(zip(targets, noise.tolist(), strict=True)),
        correlation=_correlation(in_sample).tolist(),
        held_out=held_out,
        unidentified=unidentified,
        bytes_per_token=None if bytes_per_token is None else dict(bytes_per_token),
        seed=seed,
        fitted_rows=int(data.usable.sum()),
        runs=os.path.basename(table.path),  # noqa: PTH119 (a path may be a URL)
        bootstrap={
            target: {name: samples[:, k, p].tolist() for p, name in enumerate(names[k])}
            for k, target in enumerate(targets)
        }
        if len(samples)
        else {},
    )


def _warn_of_oddities(data: Observations) -> None:
    left_out = int((~data.usable).sum())
    if left_out:
        warn(
            f"{data.path}: left out {left_out} rows on repeated tokens: others of their mixture see fresh ones as long"
        )
    for k, target in enumerate(data.targets):
        known = data.log_losses[data.usable, k]
        known = known[np.isfinite(known)]
        if len(known) == 0:
            raise UserError(f"{data.path}, loss.{target}", "no fittable row has it", "remove the column or fill it in")
        if len(known) > 1 and np.ptp(known) < 1e-9:
            warn(f"{data.path}, loss.{target}: is the same in all rows, nothing can be learnt from it")


def _enough_rows(form: Form, data: Observations) -> tuple[str, int, int] | None:
    """(target, rows, parameters) of the first target with fewer usable rows than the form has parameters."""
    needed = form.free_parameters(data)
    observed = np.isfinite(form.observed(data)) & data.usable[:, None]
    for k, target in enumerate(form.law_targets(data)):
        if observed[:, k].sum() < needed:
            return target, int(observed[:, k].sum()), needed
    return None


def _forms_to_try(data: Observations, form: Form | None) -> list[Form]:
    """The chosen form or the candidates, and the baselines. Raises :class:`UserError` where the rows are too few."""
    wanted = [form] if form else _candidates(data)
    short = [_enough_rows(one, data) for one in wanted]
    if all(short):
        target, rows, needed = min((entry for entry in short if entry), key=lambda entry: entry[2])
        name = form.name if form else "the smallest law"
        raise UserError(
            data.path, f"has {rows} usable rows for {target}, and {name} has {needed} parameters",
            "add runs, or choose a law with fewer parameters (chinchilla, mean)",
        )  # fmt: skip
    fitting = [one for one, lack in zip(wanted, short, strict=True) if not lack]
    names = [one.name for one in fitting]
    if form is not None and form.law_targets(data) != data.targets:
        return fitting
    return [*fitting, *(find_form(name) for name in BASELINES if name not in names)]


def _candidates(data: Observations) -> list[Form]:
    """What ``auto`` tries; with one mixture in the table nothing can be learnt of the shares."""
    forms = [form for form in map(find_form, CANDIDATES) if form.suits(data)]
    return forms if data.mixture_index.max() > 0 else [form for form in forms if form.ignores_shares]


def _choose(data: Observations, held_out: dict[str, HeldOut]) -> Form:
    """The candidate with the least held-out error; without hold-outs the first that has enough rows."""
    scored = [name for name in CANDIDATES if name in held_out]
    if scored:
        return find_form(min(scored, key=lambda name: held_out[name].error))
    return next(form for form in _candidates(data) if _enough_rows(form, data) is None)


def _warn_of_choice(form: Form, held_out: dict[str, HeldOut], unidentified: dict[str, str]) -> None:
    reasons: dict[str, list[str]] = {}
    for name, reason in unidentified.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        warn(f"{form.name}: the data cannot identify {shown}: {reason}")
    if not held_out:
        warn(f"{form.name}: too few runs to hold any out: its error on unseen runs is not known")
    for name in BASELINES:
        if form.name not in BASELINES and form.name in held_out and name in held_out:
            ours, theirs = held_out[form.name].error, held_out[name].error
            if theirs <= ours:
                warn(f"{form.name}: held-out error {ours:.2%}, no better than the baseline {name} with {theirs:.2%}")


def _bootstrap(
    form: Form, data: Observations, values: Array, seed: int, count: int, progress: Progress, workers: int
) -> Array:
    """(samples, targets, parameters): refits under random weights of the trunks (the Bayesian bootstrap, Rubin 1981).

    Exponential weights stand for resampling with replacement: few trunks stay usable, since none is ever lost whole.
    """
    if count == 0:
        return np.empty((0, *values.shape))
    generator = np.random.default_rng(seed)
    trunks = int(data.trunk.max()) + 1
    parts = []
    with progress.bar("bootstrap", count) as advance:
        for first in range(0, count, _BATCH):
            size = min(_BATCH, count - first)
            drawn = generator.exponential(size=(size, trunks))
            drawn *= trunks / drawn.sum(axis=1, keepdims=True)
            parts.append(form.resample(data, values, drawn[:, data.trunk], generator, workers))
            advance(size)
    return np.concatenate(parts)


def _residuals(form: Form, data: Observations, values: Array) -> Array:
    """(usable rows, law targets): predicted minus measured log loss on the rows fitted to."""
    inputs = (data.domains, data.log_params[data.usable], data.log_tokens[data.usable], data.shares[data.usable])
    predicted = np.column_stack([form.log_losses(one[None, :], *inputs)[0] for one in values])
    return predicted - form.observed(data)[data.usable]


def _noise(form: Form, data: Observations, in_sample: Array, splits: list[Split], held_out: list[Array]) -> Array:
    """(law targets,): the deviation of a new run's log loss around the law.

    From the 90th percentile of held-out residuals inside the range of N and D (``mixtures`` or ``runs``) where there
    are twenty, else from the residuals of the fit, corrected for the parameters fitted.
    """
    known = np.isfinite(in_sample).sum(axis=0)
    freedom = np.maximum(known - form.free_parameters(data), 1)
    noise = np.sqrt(np.nansum(in_sample**2, axis=0) / freedom)
    inside = [r for s, r in zip(splits, held_out, strict=False) if s.kind in ("mixtures", "runs")]
    if inside:
        pooled = np.abs(np.vstack(inside))
        enough = np.isfinite(pooled).sum(axis=0) >= 20
        if enough.any():
            noise[enough] = np.nanquantile(pooled[:, enough], 0.9, axis=0) / NORMAL_90
    return np.maximum(noise, 1e-9)


def _correlation(residuals: Array) -> Array:
    """(targets, targets): correlation of the residuals; targets measured together too rarely count as independent."""
    count = residuals.shape[1]
    result = np.eye(count)
    for i in range(count):
        for j in range(i):
            both = np.isfinite(residuals[:, i]) & np.isfinite(residuals[:, j])
            first, second = residuals[both, i], residuals[both, j]
            if len(first) >= 5 and first.std() > 0 and second.std() > 0:
                result[i, j] = result[j, i] = float(np.corrcoef(first, second)[0, 1])
    return result


def _range(data: Observations) -> FittedRange:
    params, tokens = np.exp(data.log_params[data.usable]), np.exp(data.log_tokens[data.usable])
    shares = data.shares[data.usable]
    return FittedRange(
        n_params=(float(params.min()), float(params.max())),
        n_tokens=(float(tokens.min()), float(tokens.max())),
        proportions={
            name: (float(shares[:, k].min()), float(shares[:, k].max())) for k, name in enumerate(data.domains)
        },
    )
