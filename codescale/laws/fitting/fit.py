"""From a runs table to a law: the one entry, ``fit_law``.

``auto`` fits each candidate that the table suits to the same hold-outs and takes the one that predicts them best; the
law records the error of each, and the baselines', so that the choice can be judged.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.fitting.calibration import calibrated
from codescale.laws.fitting.candidates import (
    GAUSSIAN_PROCESS,
    Candidate,
    clearly_better,
    fit_form,
    forms_to_try,
    lacking_rows,
    least_error,
    log_losses,
    stack_candidates,
    with_process,
)
from codescale.laws.fitting.excess_parameters import choose_repetition
from codescale.laws.fitting.holdout import Split, make_splits
from codescale.laws.fitting.noise import correlation, fitted_range, run_noise, widening
from codescale.laws.fitting.plausibility import warn_of_doubts, warn_of_nonsense, warn_of_one_trunk
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.forms.base import Form, one_value
from codescale.laws.forms.registry import BASELINES, FORMS, find_form
from codescale.laws.forms.stack import Stack
from codescale.laws.law import Law
from codescale.laws.observations import Observations, narrow, observe, thin, warn_of_repetition, warn_of_rows
from codescale.laws.repetition import PUBLISHED, Repetition, as_seen, fit_half_life
from codescale.laws.replicates import between_seeds, trunk_luck
from codescale.laws.warning import warn
from codescale.progress import Progress, Silent
from codescale.runs.table import RunsTable

COMPOSED = (Stack.name, GAUSSIAN_PROCESS)
"""Laws that are made of several forms: candidates of ``auto`` beside the forms themselves."""

_BATCH = 25
"""Bootstrap samples fitted between two steps of the progress bar."""
_MOST_SPREAD = 3.0
"""Largest variance of a trunk's weight: of fewer trunks a sample would hardly know any."""


def fit_law(
    table: RunsTable,
    law: str = "auto",
    seed: int = 0,
    bootstrap: int = 200,
    progress: Progress = Silent(),  # noqa: B008 (it holds no state)
    workers: int | None = None,
    *,
    repetition: bool = False,
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
    bytes_per_token: Mapping[str, float] | None = None,
) -> Law:
    """Fits a law to the fittable rows of a runs table. The same table and seed give the same law.

    Warns (:class:`~codescale.laws.warning.LawWarning`) of what the data cannot identify, and
    (:class:`~codescale.laws.warning.RepetitionWarning`) of repeated tokens that count as fresh.

    Parameters
    ----------
    table
        The runs. A law is of one corpus, one organisation and one value of each hyperparameter.
    law
        ``auto``, a form's name, ``stack`` or ``gaussian-process``.
    seed
        Decides hold-outs and bootstrap.
    bootstrap
        Samples for the intervals, drawn over trunks; 0 gives none.
    progress
        Told how far it is.
    workers
        Threads; None: one a core.
    repetition
        Whether tokens that are seen again count for less (:mod:`codescale.laws.repetition`), which needs the table's
        distinct tokens. Otherwise rows on repeated tokens are left out.
    corpus_id, organisation, hyper
        Which rows to take of a table that holds several corpora, organisations or hyperparameters.
    bytes_per_token
        By target; stored in the law, so that predictions can be turned into bits per byte.

    Returns
    -------
    Law
        The law with its bootstrap samples, noise, fitted range, and every candidate's held-out error.

    Raises
    ------
    UserError
        For an unknown law, a mix that was not narrowed, and fewer rows than parameters.
    """
    check_name(law)
    chosen = thin(narrow(table, corpus_id, organisation, hyper), seed)
    warn_of_rows(chosen)
    warn_of_doubts(chosen)
    measured = observe(chosen)
    if not repetition:
        warn_of_repetition(measured)
    workers = workers or os.cpu_count() or 1
    with one_blas_thread():
        repeated = _repetition(measured, law, seed, workers) if repetition else None
        data = measured if repeated is None else as_seen(measured, repeated)
        warn_of_oddities(data)
        # Hold-outs are of N and D as they were, whatever is left of a model that is too large.
        splits = make_splits(data if repeated is None else as_seen(measured, Repetition(repeated.half_life)), seed)
        luck = trunk_luck(chosen, data.targets)
        candidates = fit_candidates(data, splits, luck, law, seed, workers, progress)
        best = _choose(candidates, law, data, splits)
        unidentified = best.form.unidentified(data)
        _warn_of_what_is_ignored(best, data)
        _warn_of_choice(best, candidates, unidentified)
        warn_of_nonsense(best, data)
        warn_of_one_trunk(data)
        samples = _bootstrap(best.form, data, best.values, seed, bootstrap, progress, workers)
    fitted = _assembled(chosen, data, splits, best, candidates, samples, unidentified, seed, bytes_per_token)
    return fitted.model_copy(
        update={
            "half_life": repeated and repeated.half_life,
            "excess_parameters": repeated and repeated.excess,
            "fitted_range": fitted_range(measured, data.usable),
        }
    )


def _repetition(data: Observations, law: str, seed: int, workers: int) -> Repetition:
    """What repeated tokens are worth, by the law that is asked for, or by the one that errs least of those tried."""
    form = _foretelling(data, seed, workers) if law == "auto" or law in COMPOSED else find_form(law)
    half_life, identified = fit_half_life(form, data, workers)
    if not identified:
        warn(
            f"{data.path}: the runs cannot tell how fast repeated tokens lose their worth, R* = {half_life:.3g} or not"
        )
    return choose_repetition(form, data, half_life, seed, workers)


def _foretelling(data: Observations, seed: int, workers: int) -> Form:
    """The form that errs least on hold-outs where repeated tokens are worth what they are published to be.

    What a form misses has to go somewhere, and where mixtures repeat while languages alone do not, R* takes it.
    """
    as_published = as_seen(data, Repetition(PUBLISHED))
    splits, fitted = make_splits(as_published, seed), list[Candidate]()
    for form in forms_to_try(as_published, None):
        if lacking_rows(form, as_published) is None:
            fitted.append(fit_form(form, as_published, splits, fitted, workers))
    return least_error(fitted).form


def check_name(law: str) -> None:
    """Raises :class:`UserError` where no law is called ``law``."""
    if law not in law_names():
        raise UserError("--law", f"{law!r} is not a law", f"use one of {', '.join(law_names())}")


def fit_candidates(
    data: Observations, splits: list[Split], luck: Array, law: str, seed: int, workers: int, progress: Progress
) -> list[Candidate]:
    """``law`` and the baselines, or all that ``auto`` chooses among, fitted and judged.

    ``luck`` (targets,): as :func:`~codescale.laws.replicates.trunk_luck` tells.
    """
    composed = law == "auto" or law in COMPOSED
    forms = forms_to_try(data, None if composed else find_form(law))
    fitted: list[Candidate] = []
    with progress.bar("laws and their held-out errors", len(forms) + 2 * composed) as advance:
        for form in forms:
            if lacking_rows(form, data) is None:
                fitted.append(fit_form(form, data, splits, fitted, workers))
            advance(1)
        stack = stack_candidates(data, splits, fitted) if composed else None
        advance(composed)
        mean = stack or least_error(fitted)
        process = with_process(mean, data, splits, luck, seed, workers) if composed else None
        advance(composed)
    return [*fitted, *(one for one in (stack, process) if one)]


def warn_of_oddities(data: Observations) -> None:
    """Warns of rows left out and targets that never change; raises :class:`UserError` for a target without a row."""
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


def _choose(candidates: list[Candidate], law: str, data: Observations, splits: list[Split]) -> Candidate:
    """``law``, or of all but the baselines the one with the least held-out error; unjudged, the first.

    A process has to be better than what it stands on by more than chance: it follows single runs, and an optimum finds
    those that were lucky.
    """
    by_name = {candidate.name: candidate for candidate in candidates}
    if law in by_name:
        return by_name[law]
    if law in COMPOSED:
        warn(f"{law}: takes several mixtures and runs to hold out; the best single law is taken")
    plain = least_error([one for one in candidates if one.process is None])
    process = next((one for one in candidates if one.process is not None), None)
    return process if process and clearly_better(process, plain, data, splits) else plain


def _warn_of_what_is_ignored(best: Candidate, data: Observations) -> None:
    """Names what differs between the runs and makes no difference to the law."""
    ignored = ["the mixture"] if best.form.ignores_shares and data.mixture_index.max() > 0 else []
    if best.form.ignores_scale:
        scales = (("N", data.log_params), ("D", data.log_tokens))
        ignored += [name for name, log_values in scales if not one_value(log_values)]
    if ignored:
        warn(f"{best.name}: ignores {', '.join(ignored)}: what differs in it gets one prediction")


def _warn_of_choice(best: Candidate, candidates: list[Candidate], unidentified: dict[str, str]) -> None:
    reasons: dict[str, list[str]] = {}
    for name, reason in unidentified.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        warn(f"{best.name}: the data cannot identify {shown}: {reason}")
    if best.held_out is None:
        warn(f"{best.name}: too few runs to hold any out: its error on unseen runs is not known")
        return
    ours = best.held_out.error
    for other in candidates:
        if other.name in BASELINES and best.name not in BASELINES and other.held_out:
            theirs = other.held_out.error
            if theirs <= ours:
                warn(f"{best.name}: held-out error {ours:.2%}, no better than the baseline {other.name}'s {theirs:.2%}")


def _bootstrap(
    form: Form, data: Observations, values: Array, seed: int, count: int, progress: Progress, workers: int
) -> Array:
    """(samples, targets, parameters): refits under random weights of the trunks (the Bayesian bootstrap, Rubin 1981).

    Gamma weights stand for resampling with replacement: few trunks stay usable, since none is ever lost whole. Their
    variance, 1 in Rubin's, is (T / (T - p))^2 for T trunks and p parameters that they decide: a trunk's residual is
    smaller than it would be without that trunk, by 1 - p / T on average (MacKinnon and White, 1985, their HC3). One
    trunk has no samples: under any weight it says the same, which is no certainty.
    """
    if count == 0 or len(np.unique(data.trunk[data.usable])) == 1:
        return np.empty((0, *values.shape))
    generator = np.random.default_rng(seed)
    trunks = int(data.trunk.max()) + 1
    parameters = float(form.effective_parameters(data, values).mean())
    spread = min((trunks / max(trunks - parameters, 1.0)) ** 2, _MOST_SPREAD)
    parts = []
    with progress.bar("bootstrap", count) as advance:
        for first in range(0, count, _BATCH):
            size = min(_BATCH, count - first)
            drawn = generator.gamma(1.0 / spread, spread, size=(size, trunks))
            drawn *= trunks / drawn.sum(axis=1, keepdims=True)
            parts.append(form.resample(data, values, drawn[:, data.trunk], generator, workers))
            advance(size)
    return np.concatenate(parts)


def _assembled(
    table: RunsTable,
    data: Observations,
    splits: list[Split],
    best: Candidate,
    candidates: list[Candidate],
    samples: Array,
    unidentified: dict[str, str],
    seed: int,
    bytes_per_token: Mapping[str, float] | None,
) -> Law:
    form = best.form
    targets = form.law_targets(data)
    names = [form.parameter_names(data.domains, target) for target in targets]
    in_sample = (log_losses(form, best.values, data) - form.observed(data))[data.usable]
    trunk = data.trunk[data.usable]
    parameters = form.effective_parameters(data, best.values)
    noise = run_noise(in_sample, trunk, parameters, splits, best.residuals, best.variances)
    seeds = between_seeds(table, data.targets)
    deviation = noise.deviation if form.one_loss else np.hypot(noise.deviation, seeds)
    judged = calibrated(best, data, splits, seeds)
    return Law(
        name=best.name,
        members=form.member_names if isinstance(form, Stack) else (),
        formula=form.formula if best.process is None else f"{form.formula}, and a Gaussian process on what it leaves",
        domains=data.domains,
        targets=targets,
        parameters={
            target: dict(zip(names[k], best.values[k].tolist(), strict=True)) for k, target in enumerate(targets)
        },
        fitted_range=fitted_range(data, data.usable),
        noise=dict(zip(targets, deviation.tolist(), strict=True)),
        noise_freedom={
            name: value for name, value in zip(targets, noise.freedom.tolist(), strict=True) if np.isfinite(value)
        },
        correlation=correlation(in_sample, splits, best.residuals).tolist(),
        widening=widening(data, splits, best.residuals, best.variances, deviation),
        held_out={one.name: one.held_out for one in candidates if one.held_out}
        | ({best.name: judged} if judged else {}),
        unidentified=unidentified,
        loss_unit=data.loss_unit,
        bytes_per_token=None if bytes_per_token is None else dict(bytes_per_token),
        seed=seed,
        fitted_rows=int(data.usable.sum()),
        trunks=len(np.unique(trunk)),
        runs=os.path.basename(table.path),  # noqa: PTH119 (a path may be a URL)
        bootstrap={
            target: {name: samples[:, k, p].tolist() for p, name in enumerate(names[k])}
            for k, target in enumerate(targets)
        }
        if len(samples)
        else {},
        process=best.process,
    )


def law_names() -> tuple[str, ...]:
    """Every name that ``--law`` takes."""
    return ("auto", *FORMS, *COMPOSED)
