"""How well a form predicts rows it was not fitted to, by hold-outs that imitate what a law is for.

Kinds: ``mixtures`` (mixtures that were not tried, in folds), ``longest`` (the longest D), ``largest`` (the largest N)
``both`` (the largest N at the longest D, from rows that are neither; in a ragged table what comes nearest to it) and
``compute`` (the most N D, in a ragged table);
``runs`` (whole trunks, in folds) where the mixtures are too few to hold any out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.laws.forms.base import Form
from codescale.laws.law import HeldOut
from codescale.laws.observations import Observations

FOLDS = 5
INSIDE = ("mixtures", "runs")
"""Kinds of hold-out that stay inside the range of N and D."""
_FEWEST_OF_BOTH = 4
"""Rows at the largest N and the longest D below which they are not held out together."""
_ALMOST_ALL = 0.8
"""Of the longest and the largest rows: where so many are both, the two hold-outs are one."""
_FEWEST_TO_TRAIN = 0.2
"""Of all rows, below which too little is left to predict from."""
_MOST_COMPUTE = 0.15
"""Of all rows: those of the most compute."""


@dataclass(frozen=True)
class Split:
    """Rows held out together: ``test`` (rows,), and rows to ``train`` on."""

    kind: str
    train: Mask
    test: Mask


def make_splits(data: Observations, seed: int) -> list[Split]:
    """The hold-outs that ``data`` allows; none where it has fewer than four trunks.

    Mixtures of two or more languages are held out rather than single languages, which anchor every law.
    """
    splits = _folds(data, seed)
    for kind, log_values in (("longest", data.log_tokens), ("largest", data.log_params)):
        levels = np.unique(np.round(log_values[data.usable], 2))
        if len(levels) < 3:
            continue
        for cut in levels[::-1][: len(levels) - 2]:
            test = (log_values >= cut - 0.01) & data.usable
            if test.sum() >= min(10, 0.1 * data.usable.sum()):
                break
        if test.sum() <= 0.5 * data.usable.sum():
            splits.append(Split(kind, data.usable & ~test, test))
    beyond = [split for split in splits if split.kind not in INSIDE]
    return [*(split for split in splits if split.kind in INSIDE), *_with_both(data, beyond)]


def _with_both(data: Observations, beyond: list[Split]) -> list[Split]:
    """``beyond``, and a hold-out of larger and longer runs at once.

    Where D rises with N the longest runs are the largest: one hold-out, which must not count three times. In a ragged
    table, whose largest models were not trained as long as others, it is the longer half of their own rows, predicted
    from smaller and shorter ones, and beside it the runs of the most compute (N D), from those of less.
    """
    if len(beyond) < 2:
        return beyond
    longest, largest = beyond
    both = longest.test & largest.test
    if both.sum() >= _ALMOST_ALL * (longest.test | largest.test).sum():
        return [Split("both", longest.train & largest.train, both)]
    if both.sum() >= _FEWEST_OF_BOTH:
        return [*beyond, Split("both", longest.train & largest.train, both)]
    cut = np.median(data.log_tokens[largest.test])
    longer = Split(
        "both", largest.train & (data.log_tokens <= cut + 0.01), largest.test & (data.log_tokens > cut + 0.01)
    )
    log_compute = data.log_params + data.log_tokens
    most = data.usable & (log_compute > np.quantile(log_compute[data.usable], 1.0 - _MOST_COMPUTE) + 0.02)
    ragged = [longer, Split("compute", data.usable & ~most, most)]
    fewest = _FEWEST_TO_TRAIN * data.usable.sum()
    return [*beyond, *(one for one in ragged if one.test.sum() >= _FEWEST_OF_BOTH and one.train.sum() >= fewest)]


def _folds(data: Observations, seed: int) -> list[Split]:
    mixture = data.mixture_index
    mixed = data.shares.max(axis=1) < 0.999
    groups, kind = mixture, "mixtures"
    candidates = np.unique(mixture[mixed & data.usable])
    if len(candidates) < FOLDS:
        groups, kind = data.trunk, "runs"
        candidates = np.unique(data.trunk[data.usable])
    if len(candidates) < 4:
        return []
    order = np.random.default_rng(seed).permutation(candidates)
    splits = []
    for part in np.array_split(order, min(FOLDS, len(order))):
        test = np.isin(groups, part) & data.usable
        splits.append(Split(kind, data.usable & ~test, test))
    return splits


def score(form: Form, data: Observations, splits: list[Split], residuals: list[Array]) -> HeldOut:
    """The mean relative errors of ``residuals``; splits of one kind are pooled, kinds count alike."""
    targets = form.law_targets(data)
    kinds = list(dict.fromkeys(split.kind for split in splits))
    pooled = {kind: [r for s, r in zip(splits, residuals, strict=True) if s.kind == kind] for kind in kinds}
    by_kind = np.array([np.nanmean(np.abs(np.expm1(np.vstack(pooled[kind]))), axis=0) for kind in kinds])
    per_target = np.nanmean(by_kind, axis=0)
    return HeldOut(
        error=float(np.nanmean(by_kind)),
        splits={kind: float(np.nanmean(row)) for kind, row in zip(kinds, by_kind, strict=True)},
        targets={name: float(value) for name, value in zip(targets, per_target, strict=True)},
    )
