"""Every law side by side on one table: held-out error beside what the law foretold of it, seconds, and what an
allocation lives on, ranks across scale.

A law is fitted on the smaller models and ranks the mixtures of the largest: does it put the best one first, and what
does it cost to believe it? The same is asked of the plainest answer of all, the ranking measured on the largest of the
smaller models.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.fitting.boosted_trees import NAME as TREES
from codescale.laws.fitting.boosted_trees import installed, predict_held_out
from codescale.laws.fitting.calibration import Calibration, calibration, claims
from codescale.laws.fitting.candidates import Candidate
from codescale.laws.fitting.fit import fit_candidates, warn_of_oddities
from codescale.laws.fitting.holdout import INSIDE, Split, make_splits, score
from codescale.laws.fitting.plausibility import warn_of_doubts
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.forms.registry import find_form
from codescale.laws.law import HeldOut
from codescale.laws.observations import Observations, narrow, observe, thin, warn_of_rows
from codescale.laws.replicates import between_seeds, trunk_luck
from codescale.laws.warning import warn
from codescale.progress import Progress, Silent
from codescale.runs.table import RunsTable
from codescale.study.languages import default_weights, load_registry

SMALLER_MODELS = "smaller models"
"""The name of the ranking that is measured rather than predicted."""

_FEWEST_MIXTURES = 3


@dataclass(frozen=True)
class Ranking:
    """How well the mixtures of a hold-out were ranked by the weighted mean of their losses.

    ``correlation``: Spearman's, averaged over groups of runs of one N and D; ``regret``: the measured objective of the
    mixture ranked first over the best one's, less 1; ``groups``: how many; ``mixtures``: how many in the largest.
    """

    correlation: float
    regret: float
    groups: int
    mixtures: int


@dataclass(frozen=True)
class LawComparison:
    """One law: its held-out error (None for what predicts no loss), the seconds of its fit to all rows, how it ranks
    the mixtures of the largest N when fitted on smaller ones, and unseen mixtures (None: the table cannot tell).

    ``inside`` and ``beyond``: what it claimed of held-out rows inside the range of N and D, and of larger and longer
    runs, beside how they were (None for what claims nothing, and where none was held out).
    """

    name: str
    held_out: HeldOut | None
    seconds: float | None
    across_scale: Ranking | None
    unseen_mixtures: Ranking | None
    inside: Calibration | None = None
    beyond: Calibration | None = None


def compare_laws(
    table: RunsTable,
    seed: int = 0,
    weights: Mapping[str, float] | None = None,
    progress: Progress = Silent(),  # noqa: B008 (it holds no state)
    workers: int | None = None,
    *,
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
) -> list[LawComparison]:
    """All candidates of ``auto``, the baselines and, where LightGBM is there, trees; the least held-out error first.

    ``weights`` of the objective that ranks go by, as in an allocation. Raises as
    :func:`~codescale.laws.fitting.fit.fit_law`.
    """
    chosen = thin(narrow(table, corpus_id, organisation, hyper), seed)
    warn_of_rows(chosen)
    warn_of_doubts(chosen)
    data = observe(chosen)
    warn_of_oddities(data)
    splits = make_splits(data, seed)
    if not splits:
        warn(f"{table.path}: too few runs to hold any out: errors on unseen runs are not known")
    with one_blas_thread():
        candidates = fit_candidates(
            data, splits, trunk_luck(chosen, data.targets), "auto", seed, workers or os.cpu_count() or 1, progress
        )
    weight = _weights(data.targets, weights)
    trees = _trees(data, splits, weight, workers or os.cpu_count() or 1) if splits and installed() else []
    seeds = between_seeds(chosen, data.targets)
    found = [_of_candidate(one, data, splits, weight, seeds) for one in candidates]
    found += trees
    found.sort(key=lambda one: one.held_out.error if one.held_out else np.inf)
    measured = _measured_on_smaller(data, splits, weight)
    return [*found, LawComparison(SMALLER_MODELS, None, None, measured, None)] if measured else found


def _of_candidate(
    law: Candidate, data: Observations, splits: Sequence[Split], weight: Array, seeds: Array
) -> LawComparison:
    claimed = claims(law, data, splits, seeds)
    beyond = {split.kind for split in splits} - set(INSIDE)
    return replace(
        _compared(law.name, law.held_out, law.seconds, law.predicted, data, splits, weight),
        inside=calibration(data, splits, law.residuals, claimed, INSIDE),
        beyond=calibration(data, splits, law.residuals, claimed, beyond),
    )


def _weights(targets: Sequence[str], weights: Mapping[str, float] | None) -> Array:
    chosen = default_weights(targets, load_registry()) if weights is None else weights
    result = np.array([float(chosen.get(name, 0.0)) for name in targets])
    return result / result.sum()


def _trees(data: Observations, splits: Sequence[Split], weight: Array, workers: int) -> list[LawComparison]:
    """Gradient-boosted trees; none where the runs are too few to grow one. Their seconds are those of one hold-out."""
    begun = time.perf_counter()
    predicted = predict_held_out(data, splits, workers)
    seconds = (time.perf_counter() - begun) / max(len(splits), 1)
    if not any(np.isfinite(one).any() for one in predicted):
        return []  # too few runs to grow one
    residuals = [one - data.log_losses[split.test] for one, split in zip(predicted, splits, strict=True)]
    judged = score(find_form("mean"), data, list(splits), residuals)
    return [_compared(TREES, judged, seconds, predicted, data, splits, weight)]


def _compared(
    name: str,
    held_out: HeldOut | None,
    seconds: float,
    predicted: Sequence[Array],
    data: Observations,
    splits: Sequence[Split],
    weight: Array,
) -> LawComparison:
    by_kind = {
        kind: [(split.test, own) for split, own in zip(splits, predicted, strict=True) if split.kind == kind]
        for kind in ("largest", "mixtures")
    }
    return LawComparison(
        name,
        held_out,
        seconds,
        across_scale=_ranking(data, by_kind["largest"], weight),
        unseen_mixtures=_ranking(data, by_kind["mixtures"], weight),
    )


def _ranking(data: Observations, parts: Sequence[tuple[Mask, Array]], weight: Array) -> Ranking | None:
    """Of predicted log losses ``parts`` (test rows as a mask, predictions (test rows, targets))."""
    if not parts:
        return None
    rows = [np.flatnonzero(test) for test, _ in parts]
    groups, first = [], 0
    for own in rows:  # a hold-out's mixtures are ranked among themselves: another one's come from another fit
        groups += [first + group for group in _groups(data, own)]
        first += len(own)
    predicted = _objective(np.concatenate([values for _, values in parts]), weight)
    return _over_groups(predicted, _objective(data.log_losses[np.concatenate(rows)], weight), groups)


def _measured_on_smaller(data: Observations, splits: Sequence[Split], weight: Array) -> Ranking | None:
    """The ranking of the largest N's mixtures by what the largest smaller model measured at the nearest D."""
    split = next((one for one in splits if one.kind == "largest"), None)
    if split is None:
        return None
    below = data.log_params[split.train].max()
    proxies = np.flatnonzero(split.train & (data.log_params > below - 0.01))
    rows = np.flatnonzero(split.test)
    measured = _objective(data.log_losses, weight)
    mixture, predicted = data.mixture_index, np.full(len(rows), np.nan)
    for k, row in enumerate(rows):
        same = proxies[mixture[proxies] == mixture[row]]
        if len(same):
            predicted[k] = measured[same[np.argmin(np.abs(data.log_tokens[same] - data.log_tokens[row]))]]
    return _over_groups(predicted, measured[rows], list(_groups(data, rows)))


def _objective(log_losses: Array, weight: Array) -> Array:
    """(rows,): the weighted mean of the losses; NaN where one that weighs was not measured."""
    used = weight > 0
    return np.asarray(np.exp(log_losses[:, used]) @ weight[used])


def _groups(data: Observations, rows: Integers) -> Iterator[Integers]:
    """Places among ``rows`` of runs of one N and one D."""
    keys = np.round(np.column_stack([data.log_params[rows], data.log_tokens[rows]]), 2)
    _, number = np.unique(keys, axis=0, return_inverse=True)
    for group in range(number.max() + 1):
        yield np.flatnonzero(number.ravel() == group)


def _over_groups(predicted: Array, measured: Array, groups: Sequence[Integers]) -> Ranking | None:
    from scipy.stats import rankdata

    correlations, regrets, sizes = [], [], []
    for group in groups:
        known = group[np.isfinite(predicted[group]) & np.isfinite(measured[group])]
        if len(known) < _FEWEST_MIXTURES or np.ptp(measured[known]) == 0:
            continue
        first, second = rankdata(predicted[known]), rankdata(measured[known])
        # A law that ranks nothing has no correlation: it counts as none, and its choice as one at random.
        flat = np.ptp(predicted[known]) < 1e-12
        correlations.append(0.0 if flat else float(np.corrcoef(first, second)[0, 1]))
        chosen = measured[known].mean() if flat else measured[known[np.argmin(predicted[known])]]
        regrets.append(float(chosen / measured[known].min() - 1.0))
        sizes.append(len(known))
    if not sizes:
        return None
    return Ranking(float(np.mean(correlations)), float(np.mean(regrets)), len(sizes), max(sizes))
