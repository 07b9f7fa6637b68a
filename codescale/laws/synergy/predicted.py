"""Synergy gains as a fitted law predicts them: what language j does for language i, without a pair run.

The gain of j on i is (L_i(i,i) - L_i(i,j)) / L_i(i,i) as in ``measured.py``: (i,j) is half of each, (i,i) sees the same
half of i twice. What a second pass is worth comes from the law's own half-life or, where it knows none, from the
published one (Muennighoff et al., 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Mask
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.laws.repetition import PUBLISHED, Repetition
from codescale.laws.surface import Surface
from codescale.laws.synergy.measured import discoveries
from codescale.laws.warning import warn


@dataclass(frozen=True)
class LawSynergy:
    """``gain``, ``low`` and ``high`` (languages, languages): of the column on the row, a fraction of the loss, 90 %
    over the law's bootstrap samples (NaN without them, and on the diagonal). ``differs_from_zero`` controls the false
    discovery rate at 10 % over the whole matrix.
    """

    languages: tuple[str, ...]
    gain: Array
    low: Array
    high: Array
    differs_from_zero: Mask


def law_synergy(law: Law, n_params: float, n_tokens: float) -> LawSynergy:
    """The matrix of gains for the languages that are both domains and targets of a law.

    Warns outside the fitted range: a law fitted to mixtures alone has seen no language on its own.

    Parameters
    ----------
    law
        The law.
    n_params
        N, non-embedding parameters.
    n_tokens
        D, tokens of each of the runs that a gain compares.

    Raises
    ------
    UserError
        Where fewer than two languages are both domain and target, or the law predicts one loss of the mixture.
    """
    languages = tuple(name for name in law.domains if name in law.targets)
    if len(languages) < 2 or law.form.one_loss:
        raise UserError(law.runs, "the law has fewer than two domains that are targets too", "fit one that has")
    shares, repeated = _mixtures(law, languages)
    unique = np.where(repeated, 0.5 * n_tokens * shares, np.inf)
    repetition = law.repetition or Repetition(PUBLISHED)
    asked = (np.full(len(shares), float(n_params)), np.full(len(shares), float(n_tokens)))
    params, tokens, worth = repetition.as_seen(*asked, shares, unique)
    distance, _ = law.distance(np.full(len(shares), n_params), np.full(len(shares), n_tokens), shares)
    if (distance > 0).any():
        warn(f"{law.name}: some of these mixtures, N or D lie outside what the law was fitted on")
    inputs = (np.log(params), np.log(tokens), worth)
    columns = [law.targets.index(name) for name in languages]
    gain = _gains(law.inner_surface(), inputs, columns)
    drawn = np.array([_gains(law.inner_surface(k), inputs, columns) for k in range(len(law.samples))])
    unknown = np.full(gain.shape, np.nan)
    if len(drawn) == 0:
        return LawSynergy(languages, gain, unknown, unknown, np.zeros(gain.shape, dtype=bool))
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    above = (1 + (drawn > 0).sum(axis=0)) / (1 + len(drawn))
    below = (1 + (drawn < 0).sum(axis=0)) / (1 + len(drawn))
    chance = np.minimum(1.0, 2.0 * np.minimum(above, below))
    off = ~np.eye(len(languages), dtype=bool)
    differs = np.zeros(gain.shape, dtype=bool)
    differs[off] = discoveries(chance[off], 0.1)
    low[~off], high[~off] = np.nan, np.nan
    return LawSynergy(languages, gain, low, high, differs)


def _mixtures(law: Law, languages: tuple[str, ...]) -> tuple[Array, Mask]:
    """(languages^2, domains): i alone on the diagonal, repeated, and half i, half j elsewhere."""
    place = [law.domains.index(name) for name in languages]
    shares = np.zeros((len(languages) ** 2, len(law.domains)))
    repeated = np.zeros(shares.shape, dtype=bool)
    for i, own in enumerate(place):
        for j, other in enumerate(place):
            row = i * len(place) + j
            shares[row, own] += 0.5
            shares[row, other] += 0.5
            repeated[row, own] = i == j
    return shares, repeated


def _gains(surface: Surface, inputs: tuple[Array, Array, Array], columns: list[int]) -> Array:
    """(languages, languages): of the column on the row; 0 on the diagonal."""
    count = len(columns)
    losses = np.exp(surface.log_losses(*inputs))[:, columns].reshape(count, count, count)
    own = losses[np.arange(count), :, np.arange(count)]
    return np.asarray(1.0 - own / np.diag(own)[:, None])
