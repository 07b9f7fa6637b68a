"""When to prune a trial: one pure rule, from its early loss curve and those of the trials that have finished.

All trials share one kind of schedule: a constant learning rate, then a cooldown that lowers the loss. So a trial's loss
now is not compared with anybody's final loss, and two steps predict its end:

1. Where its trunk will end: each language's loss is a power law in D, L = a + b D^-beta, with beta shared by all trials
   and (a, b) of this one a priori distributed as those of the finished trials (a Gaussian), so that an evaluation or
   two suffice. (Extrapolated curves: Domhan et al. 2015, IJCAI; with a prior from earlier ones: Swersky et al. 2014,
   "Freeze-thaw Bayesian optimization".)
2. What the cooldown and the rest make of it: over the finished trials, seen at the same number of tokens, the final
   objective y is regressed on that extrapolation, and on the hyperparameters and their squares, for the cooldown's drop
   depends on the learning rate: a higher one stays higher on the trunk and falls deeper. How far it depends on them is
   averaged over, each possibility weighed by how well it explains the finished trials
   (:mod:`~codescale.search.pruning.final_loss_regression`).

The distribution of a new observation then gives the chance that this trial ends below the best one. Few finished
trials, hyperparameters far from those tried, or a loose relation make it wide, and nothing is pruned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array
from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.extrapolation import extrapolate_to_horizon
from codescale.search.pruning.final_loss_regression import predict_final_loss

MOST_CURVES = 200
"""Finished curves that a prediction rests on: of more, those whose loss now is nearest to the trial's."""


@dataclass(frozen=True)
class PruningRule:
    """Prune where the chance of ending below the best is under a threshold.

    Parameters
    ----------
    threshold
        The least chance with which a trial goes on, between 0 and 1.
    minimum
        How many finished curves the relation needs (3 leave one degree of freedom).

    Raises
    ------
    ValueError
        Where either is outside its range.
    """

    threshold: float = 0.05
    minimum: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1 or self.minimum < 3:
            raise ValueError("the threshold lies between 0 and 1, the minimum is 3 or more")

    def chance(
        self, curve: LearningCurve, finished: Sequence[LearningCurve], to_beat: float | None = None
    ) -> float | None:
        """The chance that ``curve`` ends below ``to_beat`` (None: the best of ``finished``); None where there is too
        little to say.
        """
        if not curve.points:
            return None
        n_tokens, now = curve.points[-1]
        ended = [other for other in finished if other.final is not None]
        seen = [(other, other.at(n_tokens)) for other in ended]
        known = [(other, value) for other, value in seen if value is not None and _same_settings(curve, other)]
        if len(known) < self.minimum:
            return None
        known.sort(key=lambda pair: abs(pair[1] - now))
        known = known[:MOST_CURVES]
        others = [other for other, _ in known]
        best = min(other.final for other in ended if other.final is not None) if to_beat is None else to_beat
        early = extrapolate_to_horizon(
            [curve.until(n_tokens), *(other.until(n_tokens) for other in others)],
            [other.until(float("inf")) for other in others],
        )
        if early is None:
            early = np.array([now, *(value for _, value in known)])
        final = np.array([other.final for other in others], dtype=float)
        settings = np.array([other.settings for other in (curve, *others)])
        return chance_below(best, early, final, settings)

    def should_prune(
        self, curve: LearningCurve, finished: Sequence[LearningCurve], to_beat: float | None = None
    ) -> bool:
        """Whether the trial with ``curve`` is to be pruned now: it would have to end below ``to_beat``, by default the
        best of ``finished``.
        """
        chance = self.chance(curve, finished, to_beat)
        return chance is not None and chance < self.threshold


def _same_settings(first: LearningCurve, second: LearningCurve) -> bool:
    return len(first.settings) == len(second.settings)


def chance_below(best: float, early: Array, final: Array, settings: Array | None = None) -> float:
    """P(y < ``best``) of a new trial.

    Parameters
    ----------
    best : float
        The least end of a finished trial, nats per token.
    early, final, settings
        As :func:`~codescale.search.pruning.final_loss_regression.predict_final_loss` takes them.
    """
    return predict_final_loss(early, final, settings).below(best)
