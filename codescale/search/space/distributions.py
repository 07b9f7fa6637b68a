"""A search space as Optuna's distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial

from codescale.organisation import ORGANISATION, ORGANISATIONS, organisation_of
from codescale.search.space.space import SearchPoint, SearchSpace


def distributions(space: SearchSpace) -> dict[str, BaseDistribution]:
    """What Optuna samples from: the unit cube of the mixture's coordinates, and the hyperparameters' ranges."""
    result: dict[str, BaseDistribution] = {}
    for name in space.names:
        limits = space.hyperparameters.get(name)
        if limits is None:
            result[name] = FloatDistribution(0.0, 1.0)
        elif name == ORGANISATION:
            result[name] = CategoricalDistribution(ORGANISATIONS)
        elif name == "batch":
            result[name] = IntDistribution(int(limits.low), int(limits.high), log=limits.scale == "log")
        else:
            result[name] = FloatDistribution(limits.low, limits.high, log=limits.scale == "log")
    return result


def typed(parameters: Mapping[str, float]) -> dict[str, Any]:
    """``parameters`` as these distributions hold them: a batch is a whole number, the data's organisation a word."""
    kinds: dict[str, Callable[[float], Any]] = {"batch": round, ORGANISATION: organisation_of}
    return {name: kinds[name](value) if name in kinds else value for name, value in parameters.items()}


def suggest_point(trial: Trial, space: SearchSpace) -> SearchPoint:
    """The point of ``space`` that Optuna's ``trial`` is to try: for objectives of a study made by hand."""
    chosen: dict[str, Any] = {}
    for name, distribution in distributions(space).items():
        if isinstance(distribution, IntDistribution):
            chosen[name] = trial.suggest_int(name, distribution.low, distribution.high, log=distribution.log)
        elif isinstance(distribution, CategoricalDistribution):
            chosen[name] = trial.suggest_categorical(name, distribution.choices)
        elif isinstance(distribution, FloatDistribution):
            chosen[name] = trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
    return space.point(chosen)
