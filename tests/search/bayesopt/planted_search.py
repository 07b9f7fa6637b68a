"""Searches of a known landscape without Ray, told every loss: what the optimiser's tests run."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna

from codescale.mixtures.mixture import Mixture
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.trial_reader import LOSSES
from codescale.search.simulation.landscape import Landscape, attainable
from codescale.search.space.distributions import suggest_point
from codescale.search.space.space import SearchSpace
from tests.search.planted_landscape import D, N

optuna.logging.set_verbosity(optuna.logging.ERROR)


def search(
    sampler: LawSampler, trials: int, ground: Landscape, where: SearchSpace, seed: int = 0, **study: Any
) -> optuna.Study:
    """A search of ``ground`` without Ray, told every loss."""
    made = optuna.create_study(sampler=sampler, **study)
    generator = np.random.default_rng(seed)

    def objective(trial: optuna.Trial) -> float:
        shares = suggest_point(trial, where).mixture.array(ground.domains)
        losses = ground.run(shares, generator).losses
        trial.set_user_attr(LOSSES, dict(zip(ground.targets, losses.tolist(), strict=True)))
        return ground.mean(losses)

    made.optimize(objective, n_trials=trials)
    return made


def mixtures(study: optuna.Study, where: SearchSpace) -> list[Mixture]:
    return [where.point(trial.params).mixture for trial in study.trials]


def ours(where: SearchSpace, **given: Any) -> LawSampler:
    return LawSampler(where, weights=dict.fromkeys(where.bounds, 1.0), n_params=N, n_tokens=D, seed=1, **given)


def regret(study: optuna.Study, sampler: LawSampler, ground: Landscape, where: SearchSpace) -> float:
    shares = sampler.recommend(study, anywhere=True).mixture.array(ground.domains)
    return attainable(ground, where, 2).regret(float(ground.objective(shares[None])[0]))
