"""Synergy gains: what replacing a second pass over language i's tokens by language j's does to i's loss.

    gain of j on i = (L_i(i,i) - L_i(i,j)) / L_i(i,i)

(i,i) sees the same D/2 distinct tokens of i twice, (i,j) sees those once and D/2 of j: transfer and repetition
together. So i alone at D/2, and at D fresh tokens where there are as many, stand beside it. The paper's table 1 holds
the same figure, in per cent (Yang et al., 2025).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.observations import narrow
from codescale.laws.replicates import log_loss_noise
from codescale.laws.results import AloneLosses, Synergy, SynergyGain
from codescale.runs.seed_noise import ModeratedNoise, SeedNoise, moderate
from codescale.runs.table import RunsTable

_TOKENS_CLOSE = 0.02
_UNIQUE_CLOSE = 0.15


@dataclass(frozen=True)
class LossChange:
    """log L_i(i,j) - log L_i(i,i): the mean, and what its standard error rests on: the changes of the ``seeds`` that
    both have, and how many runs each side has.
    """

    target: str
    source: str
    mean: float
    paired: Array
    baselines: int
    pairs: int
    seeds: tuple[float, ...]


def measure_synergy(table: RunsTable, languages: Sequence[str], level: float = 0.9) -> Synergy:
    """The gain matrix at the N and D with the most runs of two languages at equal shares.

    Noise is that between seeds, runs of one seed being paired; each target has its own, shrunk to that of all
    (:func:`~codescale.runs.seed_noise.moderate`). Where nothing was run with two seeds there are no intervals. A table
    that does not say how many distinct tokens a run saw counts its runs of i alone at D as (i,i).

    Parameters
    ----------
    table
        The runs, of single languages and of pairs.
    languages
        Rows and columns of the matrix, as far as the table knows them.
    level
        The intervals' coverage; a gain differs from zero at a false discovery rate of 1 - level over the whole matrix
        (Benjamini and Hochberg, 1995).

    Returns
    -------
    Synergy
        What ``synergy.json`` holds. Gains are fractions of the loss. Without runs of two languages there are none, and
        ``reason`` says so.

    Raises
    ------
    UserError
        As :func:`~codescale.laws.observations.narrow` does.
    """
    rows = narrow(table)
    known = [name for name in languages if name in rows.domains and name in rows.targets]
    point = _pair_point(rows, known)
    if point is None:
        return _without_pairs(languages, level)
    n_params, n_tokens = point
    noise = log_loss_noise(rows, tuple(known))
    differences = [
        difference
        for i in known
        for j in known
        if i != j and (difference := _difference(rows, i, j, n_params, n_tokens)) is not None
    ]
    errors = _standard_errors(differences, noise, known)
    deviations = zip(known, noise.per_column.tolist(), strict=True)
    return Synergy(
        level=level,
        loss_unit=rows.loss_unit,
        n_params=n_params,
        n_tokens=n_tokens,
        languages=tuple(languages),
        gain=_with_intervals(differences, errors, level),
        alone={name: _alone(rows, name, n_params, n_tokens) for name in known},
        noise={name: value for name, value in deviations if np.isfinite(value)},
        degrees_of_freedom=errors.independent,
        target_degrees_of_freedom=_by_target(differences, errors),
        seeds=max((max(len(one.paired), one.pairs) for one in differences), default=0),
        repetition="known" if any(name in rows.unique_tokens for name in known) else "unknown",
    )


def _by_target(differences: list[LossChange], errors: _Errors) -> dict[str, float]:
    """The degrees of freedom of each target's intervals; none where the noise is not known."""
    known = zip(differences, errors.freedom.tolist(), strict=True) if errors.independent else ()
    return {one.target: freedom for one, freedom in known}


def _without_pairs(languages: Sequence[str], level: float) -> Synergy:
    return Synergy(
        level=level,
        n_params=None,
        n_tokens=None,
        languages=tuple(languages),
        gain={},
        alone={},
        noise={},
        degrees_of_freedom=0,
        seeds=0,
        reason="no runs of two languages at equal shares",
    )


def _near(values: Array, wanted: float, tolerance: float) -> Mask:
    return np.asarray(np.abs(values - wanted) <= tolerance * wanted, dtype=np.bool_)


def _share(rows: RunsTable, language: str) -> Array:
    return rows.proportions[:, rows.domains.index(language)]


def _pair_point(rows: RunsTable, languages: Sequence[str]) -> tuple[float, float] | None:
    """The (N, D) with the most pairs of ``languages``; of equals the one with the largest N D."""
    pairs: dict[tuple[float, float], set[tuple[int, ...]]] = {}
    for k, shares in enumerate(rows.proportions):
        inside = tuple(int(j) for j in np.flatnonzero(np.abs(shares - 0.5) < 0.01))
        if len(inside) == 2 and all(rows.domains[j] in languages for j in inside):
            pairs.setdefault((float(rows.n_params[k]), float(rows.n_tokens[k])), set()).add(inside)
    if not pairs:
        return None
    return max(pairs, key=lambda point: (len(pairs[point]), point[0] * point[1]))


def _alone_rows(rows: RunsTable, language: str, n_params: float, n_tokens: float, unique: float | None) -> Mask:
    """Rows on ``language`` alone at N and D whose distinct tokens are about ``unique`` (None: whatever they are)."""
    keep = (_share(rows, language) > 0.999) & (rows.n_params == n_params)
    keep &= _near(rows.n_tokens, n_tokens, _TOKENS_CLOSE)
    counts = rows.unique_tokens.get(language)
    if counts is None or unique is None:
        return keep if unique is None else np.zeros(len(rows), dtype=bool)
    return keep & _near(np.nan_to_num(counts), unique, _UNIQUE_CLOSE)


def _twice(rows: RunsTable, language: str, n_params: float, n_tokens: float) -> Mask:
    """The rows of (i,i)."""
    unique = n_tokens / 2 if language in rows.unique_tokens else None
    return _alone_rows(rows, language, n_params, n_tokens, unique)


def _loss(rows: RunsTable, keep: Mask, language: str) -> dict[float, float]:
    """Loss of ``language`` by seed over the rows of ``keep``, the mean of a seed's rows; runs without a seed get keys
    of their own.
    """
    losses = rows.losses[:, rows.targets.index(language)]
    found: dict[float, list[float]] = {}
    for k in np.flatnonzero(keep & np.isfinite(losses)):
        seed = rows.seed[k] if np.isfinite(rows.seed[k]) else -1.0 - float(k)
        found.setdefault(float(seed), []).append(float(losses[k]))
    return {seed: sum(own) / len(own) for seed, own in found.items()}


def _alone(rows: RunsTable, language: str, n_params: float, n_tokens: float) -> AloneLosses:
    masks = {
        "half": _alone_rows(rows, language, n_params, n_tokens / 2, n_tokens / 2),
        "twice": _twice(rows, language, n_params, n_tokens),
        "fresh": _alone_rows(rows, language, n_params, n_tokens, n_tokens),
    }
    losses = {name: _loss(rows, keep, language) for name, keep in masks.items()}
    means = {name: float(np.mean(list(found.values()))) if found else None for name, found in losses.items()}
    return AloneLosses(**means)


def _difference(rows: RunsTable, i: str, j: str, n_params: float, n_tokens: float) -> LossChange | None:
    """The change of i's log loss, over the seeds that both have, or between means where they share none."""
    base = _loss(rows, _twice(rows, i, n_params, n_tokens), i)
    keep = (np.abs(_share(rows, i) - 0.5) < 0.01) & (np.abs(_share(rows, j) - 0.5) < 0.01)
    keep &= (rows.n_params == n_params) & _near(rows.n_tokens, n_tokens, _TOKENS_CLOSE)
    both = _loss(rows, keep, i)
    if not base or not both:
        return None
    seeds = tuple(sorted(set(base) & set(both)))
    paired = np.log([both[seed] / base[seed] for seed in seeds])
    logs = [np.log(list(losses.values())) for losses in (both, base)]
    mean = paired.mean() if len(paired) else logs[0].mean() - logs[1].mean()
    return LossChange(i, j, float(mean), paired, len(base), len(both), seeds)


@dataclass(frozen=True)
class _Errors:
    """``deviation`` (differences,): the standard error of each, and ``freedom`` (differences,) its degrees of freedom;
    ``independent``: those of all together, 0 where the noise is not known.
    """

    deviation: Array
    freedom: Array
    independent: int


def _with_intervals(
    differences: list[LossChange], errors: _Errors, level: float
) -> dict[str, dict[str, SynergyGain | None]]:
    """The gains with t intervals, if the noise is known."""
    from scipy.special import stdtr, stdtrit

    gains: dict[str, dict[str, SynergyGain | None]] = {}
    if errors.independent == 0:
        for one in differences:
            gain = SynergyGain(value=-float(np.expm1(one.mean)), low=None, high=None, differs_from_zero=None)
            gains.setdefault(one.target, {})[one.source] = gain
        return gains
    means = np.array([one.mean for one in differences])
    chances = 2.0 * stdtr(errors.freedom, -np.abs(means) / errors.deviation)
    half = stdtrit(errors.freedom, 0.5 + level / 2.0) * errors.deviation
    differs = discoveries(chances, 1.0 - level)
    for one, width, sure in zip(differences, half, differs, strict=True):
        low, high = -np.expm1(one.mean + width), -np.expm1(one.mean - width)
        value = -float(np.expm1(one.mean))
        gain = SynergyGain(value=value, low=float(low), high=float(high), differs_from_zero=bool(sure))
        gains.setdefault(one.target, {})[one.source] = gain
    return gains


def _standard_errors(differences: list[LossChange], noise: SeedNoise, targets: Sequence[str]) -> _Errors:
    """From paired seeds where they tell the noise, else from all replicated runs; ``noise`` has a column for each of
    ``targets``. Either way each target has noise of its own, shrunk to that of all.

    A pair run serves two entries of the matrix, so paired degrees of freedom count half.
    """
    column = np.array([list(targets).index(one.target) for one in differences], dtype=np.intp)
    independent = sum(max(len(one.paired) - 1, 0) for one in differences) // 2
    if independent >= 2 and all(len(one.paired) > 0 for one in differences):
        own = _paired_noise(differences, column, len(targets), independent)
        counts = np.array([1.0 / len(one.paired) for one in differences])
    else:
        own, independent = noise.moderated, noise.degrees_of_freedom
        counts = np.array([1.0 / one.baselines + 1.0 / one.pairs for one in differences])
    return _Errors(own.deviation[column] * np.sqrt(counts), own.freedom[column], independent)


def _paired_noise(differences: list[LossChange], column: Integers, count: int, independent: int) -> ModeratedNoise:
    """Of one seed's change of each target's log loss."""
    squares, freedom = np.zeros(count), np.zeros(count)
    for k in range(count):
        own = [one for one, place in zip(differences, column, strict=True) if place == k]
        for seeds in dict.fromkeys(one.seeds for one in own):
            group = np.array([one.paired for one in own if one.seeds == seeds])
            squares[k] += _change_squares(group)
            freedom[k] += len(group) * max(len(seeds) - 1, 0)
    return moderate(squares, freedom, independent)


def _change_squares(paired: Array) -> float:
    """The squared deviations of ``paired`` (sources, seeds), one target's changes over the same seeds, whitened so that
    they tell as much as as many independent ones.

    All rest on the same baseline runs, which are half of each change's variance: their correlation is 1/2, and the
    inverse of I + 11' is I - 11' / (sources + 1).
    """
    centred = paired - paired.mean(axis=1, keepdims=True)
    shared = centred.sum(axis=0) ** 2 / (len(centred) + 1.0)
    return float(2.0 * ((centred**2).sum() - shared.sum()))


def discoveries(chances: Array, rate: float) -> Mask:
    """Which null hypotheses Benjamini and Hochberg (1995) reject at a false discovery rate of ``rate``."""
    order = np.argsort(chances)
    passed = np.flatnonzero(chances[order] <= rate * np.arange(1, len(chances) + 1) / len(chances))
    result = np.zeros(len(chances), dtype=bool)
    if len(passed):
        result[order[: passed[-1] + 1]] = True
    return result
