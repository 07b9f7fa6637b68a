"""Whether a law knows how far it errs: what it claims of every hold-out, beside what the hold-out says.

A law's noise and widening are chosen so that nine in ten of its held-out rows are inside their intervals: judged by the
same rows, every law would be right. So each hold-out is judged by intervals made from the other hold-outs and its own
training rows, as if the judged rows had never been measured.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.fitting.candidates import Candidate, log_losses
from codescale.laws.fitting.holdout import Split
from codescale.laws.fitting.noise import fitted_range, run_noise, widening
from codescale.laws.intervals import NORMAL_90
from codescale.laws.law import HeldOut
from codescale.laws.observations import Observations


@dataclass(frozen=True)
class Calibration:
    """What a law claimed of held-out rows, and how it was.

    ``inside``: the share of losses in their 90 % intervals, and Wilson's interval of it, ``low`` to ``high``, in which
    a trunk counts once, since its rows and losses err together; ``trunks``: how many; ``error``: the mean of
    |predicted/measured - 1|; ``foretold``: the same as the law's intervals foretold it.
    """

    inside: float
    low: float
    high: float
    trunks: int
    error: float
    foretold: float


def calibrated(law: Candidate, data: Observations, splits: Sequence[Split], seeds: Array) -> HeldOut | None:
    """The held-out errors of ``law`` beside what it foretold of them, by kind; ``seeds`` as in :func:`claims`."""
    if law.held_out is None:
        return None
    claimed = claims(law, data, splits, seeds)
    by_kind = {kind: calibration(data, splits, law.residuals, claimed, (kind,)) for kind in law.held_out.splits}
    known = {kind: one for kind, one in by_kind.items() if one}
    fields = {
        "foretold": {kind: one.foretold for kind, one in known.items()},
        "inside": {kind: one.inside for kind, one in known.items()},
        "trunks": {kind: one.trunks for kind, one in known.items()},
    }
    return law.held_out.model_copy(update=fields)


def claims(law: Candidate, data: Observations, splits: Sequence[Split], seeds: Array) -> list[Array]:
    """Per hold-out (test rows, law targets): the deviation of log loss that ``law`` would claim there, had it never
    seen these rows; NaN where it would claim none.

    Noise and widening are those of all hold-outs without the judged rows, of which others hold some too, and of the
    training rows. The bootstrap's spread is not in them: no hold-out has one. ``seeds`` (targets,): the deviation
    between seeds that residuals cannot show (:func:`~codescale.laws.replicates.between_seeds`), of the whole table,
    since it is no law's.
    """
    observed = law.form.observed(data)
    found = []
    for k, split in enumerate(splits):
        residuals = [_without(one, own.test, split.test) for one, own in zip(law.residuals, splits, strict=True)]
        in_sample = log_losses(law.form, law.held_out_values[k], data, split.train) - observed[split.train]
        parameters = law.form.effective_parameters(data.rows(split.train), law.held_out_values[k])
        noise = run_noise(in_sample, data.trunk[split.train], parameters, splits, residuals, law.variances)
        noise = noise if law.form.one_loss else noise._replace(deviation=np.hypot(noise.deviation, seeds))
        factor = widening(data, splits, residuals, law.variances, noise.deviation)
        inputs = (np.exp(data.log_params), np.exp(data.log_tokens), data.shares)
        distance, knowable = fitted_range(data, split.train).distance(*(values[split.test] for values in inputs))
        claimed = np.sqrt(law.variances[k] + (noise.in_intervals * (1.0 + factor * distance[:, None])) ** 2)
        found.append(np.where(knowable[:, None], claimed, np.nan))
    return found


def _without(residuals: Array, rows: Mask, judged: Mask) -> Array:
    """``residuals`` (those of ``rows``, targets), NaN at the ``judged`` rows."""
    return np.where(judged[rows][:, None], np.nan, residuals)


def calibration(
    data: Observations,
    splits: Sequence[Split],
    residuals: Sequence[Array],
    claimed: Sequence[Array],
    kinds: Collection[str],
) -> Calibration | None:
    """Of the hold-outs of ``kinds``, their rows pooled; None where nothing was claimed there.

    ``residuals`` and ``claimed``: per hold-out (test rows, law targets), of log loss.
    """
    chosen = [k for k, split in enumerate(splits) if split.kind in kinds]
    if not chosen:
        return None
    missed, deviations = (np.vstack([parts[k] for k in chosen]) for parts in (residuals, claimed))
    known = np.isfinite(missed) & np.isfinite(deviations)
    if not known.any():
        return None
    trunks = np.concatenate([data.trunk[splits[k].test] for k in chosen])
    count = len(np.unique(trunks[known.any(axis=1)]))
    inside = float((np.abs(missed[known]) <= NORMAL_90 * deviations[known]).mean())
    return Calibration(
        inside,
        *share_interval(inside, count),
        count,
        error=_mean_over_targets(np.abs(np.expm1(missed)), known),
        foretold=_mean_over_targets(expected_error(deviations), known),
    )


def expected_error(deviation_of_log: Array) -> Array:
    """The mean of |predicted/measured - 1| where log predicted/measured is normal around 0 with this deviation."""
    from scipy.special import erf

    return np.asarray(np.exp(deviation_of_log**2 / 2.0) * erf(deviation_of_log / np.sqrt(2.0)))


def share_interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 90 % interval of a ``share`` of ``count`` independent trials."""
    squared = NORMAL_90**2 / count
    middle = (share + squared / 2.0) / (1.0 + squared)
    half = np.sqrt(squared * share * (1.0 - share) + squared**2 / 4.0) / (1.0 + squared)
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def _mean_over_targets(values: Array, known: Mask) -> float:
    """The mean over targets of each target's mean over its ``known`` rows."""
    measured = known.any(axis=0)
    totals = np.where(known, values, 0.0).sum(axis=0)[measured]
    return float((totals / known.sum(axis=0)[measured]).mean())
