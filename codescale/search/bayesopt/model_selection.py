"""Which surrogate a search believes, and which of the known rows it rests on.

Runs at other scales tell much or mislead. So two surrogates compete, one that listens to every scale and one to the
trials' own alone: the one under which the trials are likelier is believed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from codescale.arrays import Mask
from codescale.laws.law import Law
from codescale.search.bayesopt.dataset import Dataset, LogScale, SearchData, same_scale
from codescale.search.bayesopt.mean_functions import (
    MeanFunction,
    constant_mean,
    prior_law_mean,
    refitted_law_mean,
    stacked_mean,
)
from codescale.search.bayesopt.seed_noise import SeedNoise, TargetNoise, seed_noise
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS, BayesOptSettings
from codescale.search.bayesopt.surrogate import (
    FittedGP,
    Surrogate,
    fit_processes,
    mean_squared_z,
    predictive_log_likelihood,
    with_seed_noise,
)


@dataclass
class ModelSelector:
    """Selects the surrogate for mixtures of ``domains`` at ``scale``. The latest fit is kept between calls.

    Parameters
    ----------
    weights
        Target to weight in the objective.
    scale
        The one searched for.
    earlier
        Runs from before the search, at any scale.
    law
        One fitted before the search.
    loss_weights
        Where the one target is a mean of losses that ``law`` predicts: their weights.
    log_losses
        Whether values are log losses; else no law can be their mean.
    objectives
        How many there are; of several each is a target.
    objective_noise
        The standard deviation of the objective between seeds, where it is known.
    target_noise
        That of each of several targets.
    """

    domains: tuple[str, ...]
    weights: dict[str, float]
    scale: LogScale
    earlier: Dataset
    law: Law | None = None
    loss_weights: dict[str, float] | None = None
    seed: int = 0
    log_losses: bool = True
    objectives: int = 1
    objective_noise: float | None = None
    target_noise: TargetNoise | None = None
    settings: BayesOptSettings = DEFAULT_SETTINGS
    _fits: dict[bytes, tuple[FittedGP | None, bool]] = field(default_factory=dict, repr=False)

    def select(self, data: SearchData) -> tuple[FittedGP | None, Dataset]:
        """The surrogate's fit to what was known at the last refit, None where that is too little, and the rows to
        condition it on.
        """
        rows = self.earlier.concatenate(data.at_last_refit)
        if len(rows) < self.settings.fewest_rows and self.law is None:
            return None, rows
        key = rows.points.shares.tobytes() + rows.values.tobytes()
        if key not in self._fits:
            fitted, own_alone = self._compete(rows)
            if fitted is not None and fitted.seeds is None and self._noise_of_one_objective is not None and len(rows):
                fitted = with_seed_noise(fitted, self._subset(rows), self._noise_of_one_objective)
            self._fits = {key: (fitted, own_alone)}
        fitted, own_alone = self._fits[key]
        latest = self.earlier.concatenate(data.latest)
        return fitted, self._subset(latest.select(self.own_scale(latest)) if own_alone else latest)

    def own_scale(self, rows: Dataset) -> Mask:
        """(n,): which of ``rows`` were measured at the scale searched for."""
        return same_scale(rows.points.log_params, rows.points.log_tokens, self.scale)

    def _compete(self, rows: Dataset) -> tuple[FittedGP | None, bool]:
        """The fit to ``rows``, and whether it listens to the trials' own scale alone: None where other scales mislead
        and there are too few trials yet.
        """
        fewest = self.settings.fewest_rows
        all_scales, own_scale = self._subset(rows), self._subset(rows.select(self.own_scale(rows)))
        own = self.own_scale(all_scales)
        few = 1 < len(own_scale) < fewest and not own.all()
        if few and self._prior_is_refuted(all_scales.select(~own), own_scale):
            return None, True
        everything = self._fit(all_scales, self.law)
        if own.all() or len(own_scale) < fewest:
            return everything, False
        alone = self._fit(own_scale, None)
        likelihood_alone = predictive_log_likelihood(alone, own_scale, np.ones(len(own_scale), dtype=bool))
        if likelihood_alone > predictive_log_likelihood(everything, all_scales, own):
            return alone, True
        return everything, False

    def _prior_is_refuted(self, others: Dataset, own: Dataset) -> bool:
        """Whether another of the ``own`` trials was the best than ``others`` predict, by far more than chance.

        Differences predicted too large or too small harm no search as long as the best is where it was said to be.
        """
        fitted = self._fit(others, self.law)
        predicted = Surrogate(fitted, others).mean(own.points)
        if int(np.argmin(predicted)) == int(np.argmin(own.objective)):
            return False
        return mean_squared_z(fitted, others, own) > self.settings.refuted_sigmas**2

    def _fit(self, rows: Dataset, law: Law | None) -> FittedGP:
        settings = self.settings
        mean = stacked_mean(self._means(rows, law), rows, settings)
        weight = np.array(list(self.weights.values()))
        fitted = fit_processes(mean, rows, weight / weight.sum(), self.log_losses, settings)
        return replace(fitted, seeds=self._seeds(rows))

    @property
    def _noise_of_one_objective(self) -> float | None:
        return self.objective_noise if self.objectives == 1 else None

    def _seeds(self, rows: Dataset) -> SeedNoise | None:
        """What seeds do to each target; None where that is not known, or there are no rows whose losses tell what a
        part of them comes to.
        """
        if self.target_noise is None or not self.log_losses or not len(rows):
            return None
        weight = np.array(list(self.weights.values()))
        losses = np.exp(rows.values.mean(axis=0))
        return seed_noise(
            self.target_noise, tuple(self.weights), weight / weight.sum() * losses, self._noise_of_one_objective
        )

    def _means(self, rows: Dataset, law: Law | None) -> list[MeanFunction]:
        """All that can be fitted to ``rows``, from the simplest on."""
        settings, targets = self.settings, tuple(self.weights)
        means: list[MeanFunction | None] = [constant_mean(rows, settings.law_samples)] if len(rows) else []
        if self.log_losses:
            if law is not None:
                parts = [self.loss_weights] if self.loss_weights else [{name: 1.0} for name in targets]
                means.append(prior_law_mean(law, self.domains, parts, rows, self.seed, settings.law_samples))
            means += [
                refitted_law_mean(name, rows, self.domains, targets, self.seed, settings)
                for name in settings.refitted_forms
            ]
        return [one for one in means if one is not None]

    def _subset(self, rows: Dataset) -> Dataset:
        return subset_of_data(rows, self.settings)


def subset_of_data(rows: Dataset, settings: BayesOptSettings) -> Dataset:
    """``rows``, or of too many those nearest to the best ones and others spread over the rest.

    Bad trials beside good ones stay: without them the surrogate would believe in what has been tried and found wanting.
    """
    most = settings.most_rows
    if len(rows) <= most:
        return rows
    order = np.argsort(rows.objective, kind="stable")
    inputs = rows.points.kernel_inputs(settings.hyperparameter_width)
    best = inputs[order[: settings.best_rows]]
    distance = np.stack([np.linalg.norm(inputs - one, axis=1) for one in best]).min(axis=0)
    near = np.argsort(distance, kind="stable")[: int(settings.near_fraction * most)]
    others = order[~np.isin(order, near)]
    spread = others[np.linspace(0, len(others) - 1, most - len(near)).astype(int)]
    return rows.select(np.sort(np.concatenate([near, spread])))


def refit_schedule(rows: int, settings: BayesOptSettings) -> int:
    """The largest number of rows, up to ``rows``, at which everything is fitted anew."""
    reached = 0
    while True:
        least = 1 if reached < settings.fewest_rows else 3
        following = reached + max(least, math.ceil(settings.refit_growth * reached))
        if following > rows:
            return reached
        reached = following
