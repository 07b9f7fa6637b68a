"""Where a stopped trial would have ended, as those that came to their end tell: what a surrogate learns from it.

The stopping rule asks for the chance of beating the best (:mod:`~codescale.search.pruning.rule`); a surrogate asks for
every target's loss. Both draw lines through finished trials seen at the same number of tokens.

Where the stopped trials of an Optuna study would have ended: by finished ones that were seen at the same step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from optuna.trial import FrozenTrial

from codescale.arrays import Array

FEWEST = 3
"""Finished trials that a line needs."""
_SLOPE = 1.0
_SLOPE_DEVIATION = 0.5
"""A loss that lies higher now ends about as much higher: what few trials cannot say better."""
_DOUBT = 2.0
_MOST_DOUBT = 100.0


def foretell(now: Array, seen: Array, ends: Array) -> tuple[Array, Array]:
    """(rows, targets): the ends of trials that stand at ``now`` (rows, targets); and (rows,): the variance of each in
    units of a finished trial's noise.

    ``seen`` (finished, targets): where finished trials stood at as many tokens; ``ends`` (finished, targets). A line
    for each target, its slope shrunk towards 1: the losses of one N under one schedule lie on a line where
    L = E + B (s D)^-beta, whatever the mixture makes of s. The doubt grows with the distance from what was seen.
    """
    count = len(seen)
    middle, end = seen.mean(axis=0), ends.mean(axis=0)
    away = seen - middle
    spread = (away**2).sum(axis=0)
    left = ends - end - _SLOPE * away
    prior = np.maximum((left**2).mean(axis=0), 1e-18) / _SLOPE_DEVIATION**2
    slope = ((away * (ends - end)).sum(axis=0) + prior * _SLOPE) / (spread + prior)
    leverage = ((now - middle) ** 2 / (spread + prior)).mean(axis=1)
    doubt = _DOUBT * (1.0 + 1.0 / count + leverage)
    return np.asarray(end + slope * (now - middle)), np.minimum(doubt, _MOST_DOUBT)


Look = Callable[[FrozenTrial, int], Array | None]
"""(trial, step) -> (1 + targets,): its objective and its values there; None where it does not tell them."""


@dataclass(frozen=True)
class ForetoldEnd:
    """Of a stopped ``trial``: the ``objective`` and ``values`` (targets,) at its end, and the variance of both in units
    of a finished trial's noise, ``doubt``.
    """

    trial: FrozenTrial
    objective: float
    values: Array
    doubt: float


def foretold_ends(
    stopped: Sequence[FrozenTrial], finished: Sequence[tuple[FrozenTrial, Array]], look: Look
) -> list[ForetoldEnd]:
    """The ends of ``stopped`` trials in order of their numbers, without those of which too little is known.

    ``finished``: trials with their ends (1 + targets,), as ``look`` gives what was seen before.
    """
    found = []
    for step, standing in _by_last_step(stopped, look).items():
        seen = [(look(trial, step), end) for trial, end in finished if step in trial.intermediate_values]
        known = [(then, end) for then, end in seen if then is not None]
        if len(known) < FEWEST:
            continue
        then, ends = (np.array([pair[k] for pair in known]) for k in (0, 1))
        foretold, doubts = foretell(np.array([now for _, now in standing]), then, ends)
        found += [
            ForetoldEnd(trial, float(end[0]), end[1:], float(doubt))
            for (trial, _), end, doubt in zip(standing, foretold, doubts, strict=True)
        ]
    return sorted(found, key=lambda one: one.trial.number)


def _by_last_step(stopped: Sequence[FrozenTrial], look: Look) -> dict[int, list[tuple[FrozenTrial, Array]]]:
    """By the step of their last look: the trials that tell what they saw there, each with that."""
    found: dict[int, list[tuple[FrozenTrial, Array]]] = {}
    for trial in stopped:
        step = trial.last_step
        now = None if step is None else look(trial, step)
        if step is not None and now is not None:
            found.setdefault(step, []).append((trial, now))
    return found
