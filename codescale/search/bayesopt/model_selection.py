"""What a search believes of its points: a surrogate, and which of the known rows it rests on.

Runs at other scales tell much or mislead. So two surrogates compete, one that listens to every scale and one to the
trials' own alone: the one under which the trials are likelier is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from codescale.arrays import Mask
from codescale.laws.law import Law
from codescale.search.bayesopt.dataset import Measured, Told
from codescale.search.bayesopt.mean_functions import REFITTED, Mean, given_law, level_mean, refitted_law, stacked
from codescale.search.bayesopt.posterior import Scale
from codescale.search.bayesopt.surrogate import Fitted, Surrogate, evidence, fit_processes, surprise, with_noise

MOST_ROWS = 150
"""Rows that a surrogate learns from."""
_BEST = 10
"""The best rows, near which others are kept."""
_NEAR = 0.7
"""The part of the rows learned from that are kept for their nearness."""
FEWEST_ROWS = 5
"""Rows below which nothing is fitted but a given law."""
MISLED = 5.0
"""Deviations by which the first trials may miss what other scales foretell, if their best is not the foretold one."""
GROWTH = 0.15
"""The part by which the rows have to grow before laws and hyperparameters are fitted again."""


@dataclass
class Beliefs:
    """Comes to a belief about mixtures of ``domains`` at ``scale``, from ``earlier`` runs and an earlier ``law``.

    ``weights``: target to weight; ``whole``: where the one target is a mean of losses that ``law`` predicts, their
    weights. ``losses``: whether values are log losses. ``objectives``: how many there are; of several each is a target.
    ``noise``: the standard deviation of the objective between seeds, where it is known. What is kept between calls is
    the latest fit, by the rows that it was fitted to.
    """

    domains: tuple[str, ...]
    weights: dict[str, float]
    scale: Scale
    earlier: Measured
    law: Law | None = None
    whole: dict[str, float] | None = None
    seed: int = 0
    losses: bool = True
    objectives: int = 1
    noise: float | None = None
    _fits: dict[bytes, tuple[Fitted | None, bool]] = field(default_factory=dict, repr=False)

    def fitted(self, told: Told) -> tuple[Fitted | None, Measured]:
        """The surrogate's fit to what is settled, None where too little is, and the rows to condition it on."""
        rows = self.earlier.followed_by(told.settled)
        if len(rows) < FEWEST_ROWS and self.law is None:
            return None, rows
        key = rows.points.shares.tobytes() + rows.values.tobytes()
        if key not in self._fits:
            fitted, own_alone = self._choice(rows)
            if fitted is not None and self.noise is not None and self.objectives == 1 and len(rows):
                fitted = with_noise(fitted, limited(rows), self.noise)
            self._fits = {key: (fitted, own_alone)}
        fitted, own_alone = self._fits[key]
        now = self.earlier.followed_by(told.now)
        return fitted, limited(now.select(self.own_scale(now)) if own_alone else now)

    def own_scale(self, rows: Measured) -> Mask:
        """(rows,): which of ``rows`` were measured at the scale searched for."""
        points = rows.points
        return np.asarray(
            (np.abs(points.log_params - self.scale[0]) < 0.01) & (np.abs(points.log_tokens - self.scale[1]) < 0.01)
        )

    def _choice(self, rows: Measured) -> tuple[Fitted | None, bool]:
        """The fit to ``rows``, and whether it listens to the trials' own scale alone: None where other scales mislead
        and there are too few trials yet.
        """
        all_scales, own_scale = limited(rows), limited(rows.select(self.own_scale(rows)))
        own = self.own_scale(all_scales)
        if 1 < len(own_scale) < FEWEST_ROWS and not own.all() and self._misled(all_scales.select(~own), own_scale):
            return None, True
        everything = self._fit(all_scales, self.law)
        if own.all() or len(own_scale) < FEWEST_ROWS:
            return everything, False
        alone = self._fit(own_scale, None)
        likelier = evidence(alone, own_scale, np.ones(len(own_scale), dtype=bool)) > evidence(
            everything, all_scales, own
        )
        return (alone, True) if likelier else (everything, False)

    def _misled(self, others: Measured, own: Measured) -> bool:
        """Whether another of the ``own`` trials was the best than ``others`` foretell, by far more than chance.

        Differences foretold too large or too small harm no search as long as the best is where it was said to be.
        """
        fitted = self._fit(others, self.law)
        foretold = Surrogate(fitted, others).expected(own.points)
        return int(np.argmin(foretold)) != int(np.argmin(own.objective)) and (surprise(fitted, others, own) > MISLED**2)

    def _fit(self, rows: Measured, law: Law | None) -> Fitted:
        targets = tuple(self.weights)
        means: list[Mean | None] = [level_mean(rows)] if len(rows) else []
        if self.losses:
            parts = [self.whole] if self.whole else [{name: 1.0} for name in targets]
            means.append(given_law(law, self.domains, parts, rows, self.seed) if law else None)
            means += [refitted_law(name, rows, self.domains, targets, self.seed) for name in REFITTED]
        mean = stacked([one for one in means if one is not None], rows)
        weight = np.array(list(self.weights.values()))
        return fit_processes(mean, rows, weight / weight.sum(), self.losses)


def limited(rows: Measured) -> Measured:
    """``rows``, or of more than :data:`MOST_ROWS` those nearest to the best ones and others spread over the rest.

    Bad trials beside good ones stay: without them the surrogate would believe in what has been tried and found wanting.
    """
    if len(rows) <= MOST_ROWS:
        return rows
    order = np.argsort(rows.objective, kind="stable")
    inputs = rows.points.inputs
    best = inputs[order[:_BEST]]
    away = np.stack([np.linalg.norm(inputs - one, axis=1) for one in best]).min(axis=0)
    near = np.argsort(away, kind="stable")[: int(_NEAR * MOST_ROWS)]
    others = order[~np.isin(order, near)]
    spread = others[np.linspace(0, len(others) - 1, MOST_ROWS - len(near)).astype(int)]
    return rows.select(np.sort(np.concatenate([near, spread])))


def milestone(rows: int) -> int:
    """The largest number of rows, up to ``rows``, at which everything is fitted anew."""
    reached = 0
    while True:
        following = reached + max(1 if reached < FEWEST_ROWS else 3, math.ceil(GROWTH * reached))
        if following > rows:
            return reached
        reached = following
