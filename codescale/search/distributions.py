"""A search space as Optuna's distributions."""

from __future__ import annotations

from collections.abc import Mapping

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from codescale.search.space import Point, SearchSpace


def distributions(space: SearchSpace) -> dict[str, BaseDistribution]:
    """What Optuna samples from: the unit cube of the mixture's coordinates, and the hyperparameters' ranges."""
    result: dict[str, BaseDistribution] = {}
    for name in space.names:
        limits = space.hyperparameters.get(name)
        if limits is None:
            result[name] = FloatDistribution(0.0, 1.0)
        elif name == "batch":
            result[name] = IntDistribution(int(limits.low), int(limits.high), log=limits.scale == "log")
        else:
            result[name] = FloatDistribution(limits.low, limits.high, log=limits.scale == "log")
    return result


def typed(parameters: Mapping[str, float]) -> dict[str, float]:
    """``parameters`` as these distributions hold them: a batch is a whole number."""
    return {name: round(value) if name == "batch" else value for name, value in parameters.items()}


def suggest_point(trial: Trial, space: SearchSpace) -> Point:
    """The point of ``space`` that Optuna's ``trial`` is to try: for objectives of a study made by hand."""
    chosen: dict[str, float] = {}
    for name, distribution in distributions(space).items():
        if isinstance(distribution, IntDistribution):
            chosen[name] = trial.suggest_int(name, distribution.low, distribution.high, log=distribution.log)
        elif isinstance(distribution, FloatDistribution):
            chosen[name] = trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
    return space.point(chosen)
