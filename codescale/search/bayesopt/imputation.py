"""Where a pruned trial would have ended, as those that came to their end tell: what a surrogate learns from it.

    p  pruned trials;  f  finished trials;  t  targets

The pruning rule asks for the chance of beating the best (:mod:`~codescale.search.pruning.rule`); a surrogate asks for
every target's loss. Both draw lines through finished trials seen at the same number of tokens. A pruned trial is a
censored observation: its row holds the imputed end, with more noise the less the finished trials were like it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from optuna.trial import FrozenTrial

from codescale.arrays import Array
from codescale.search.bayesopt.settings import BayesOptSettings

ReadIntermediate = Callable[[FrozenTrial, int], Array | None]
"""(trial, step) -> (1 + t,): its objective and its values there; None where they are not known."""


def impute_final_losses(current: Array, seen: Array, final: Array, settings: BayesOptSettings) -> tuple[Array, Array]:
    """The ends of trials that were pruned at one number of tokens.

    A line for each target, its slope shrunk towards 1: the losses of one N under one schedule lie on a line where
    L = E + B (s D)^-beta, whatever the mixture makes of s.

    Parameters
    ----------
    current : (p, t) array
        Where the pruned trials stand.
    seen, final : (f, t) arrays
        Where finished trials stood at as many tokens, and where they ended.

    Returns
    -------
    (p, t) and (p,) arrays: the ends, and the variance of each row in units of a finished trial's noise, which grows
    with the distance from what was seen.
    """
    slope_prior = settings.final_slope
    middle, end = seen.mean(axis=0), final.mean(axis=0)
    away = seen - middle
    spread = (away**2).sum(axis=0)
    left = final - end - slope_prior * away
    prior = np.maximum((left**2).mean(axis=0), 1e-18) / settings.final_slope_sigma**2
    slope = ((away * (final - end)).sum(axis=0) + prior * slope_prior) / (spread + prior)
    leverage = ((current - middle) ** 2 / (spread + prior)).mean(axis=1)
    noise_scale = settings.imputed_noise * (1.0 + 1.0 / len(seen) + leverage)
    return np.asarray(end + slope * (current - middle)), np.minimum(noise_scale, settings.most_imputed_noise)


@dataclass(frozen=True)
class ImputedTrial:
    """Of a pruned ``trial``: the ``objective`` and ``values`` (t,) at its end, and the variance of both in units of a
    finished trial's noise, ``noise_scale``.
    """

    trial: FrozenTrial
    objective: float
    values: Array
    noise_scale: float


def impute_pruned_trials(
    pruned: Sequence[FrozenTrial],
    finished: Sequence[tuple[FrozenTrial, Array]],
    read: ReadIntermediate,
    settings: BayesOptSettings,
) -> list[ImputedTrial]:
    """The ends of ``pruned`` trials in order of their numbers, without those of which too little is known.

    Parameters
    ----------
    finished
        Trials with their ends, (1 + t,) each.
    read
        What a trial saw before its end, in the same order.
    """
    found = []
    for step, standing in _by_last_step(pruned, read).items():
        seen = [(read(trial, step), end) for trial, end in finished if step in trial.intermediate_values]
        known = [(then, end) for then, end in seen if then is not None]
        if len(known) < settings.fewest_finished:
            continue
        then, ends = (np.array([pair[k] for pair in known]) for k in (0, 1))
        imputed, noise_scales = impute_final_losses(np.array([now for _, now in standing]), then, ends, settings)
        found += [
            ImputedTrial(trial, float(end[0]), end[1:], float(noise_scale))
            for (trial, _), end, noise_scale in zip(standing, imputed, noise_scales, strict=True)
        ]
    return sorted(found, key=lambda one: one.trial.number)


def _by_last_step(pruned: Sequence[FrozenTrial], read: ReadIntermediate) -> dict[int, list[tuple[FrozenTrial, Array]]]:
    """By the step of their last evaluation: the trials whose values there are known, each with those."""
    found: dict[int, list[tuple[FrozenTrial, Array]]] = {}
    for trial in pruned:
        step = trial.last_step
        current = None if step is None else read(trial, step)
        if step is not None and current is not None:
            found.setdefault(step, []).append((trial, current))
    return found
