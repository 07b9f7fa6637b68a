"""A space as Optuna's distributions: what is suggested is a point of the space, and back."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from codescale.search.space.distributions import distributions, suggest_point, typed
from codescale.search.space.schema import HyperparameterRange, OrganisationChoice
from codescale.search.space.space import SearchSpace

SPACE = SearchSpace(
    "everything",
    dict.fromkeys(("a", "b", "c"), (0.0, 1.0)),
    {
        "learning_rate_factor": HyperparameterRange(low=0.5, high=2.0, scale="log"),
        "weight_decay": HyperparameterRange(low=0.0, high=0.1),
        "batch": HyperparameterRange(low=2, high=8, scale="log"),
        "organisation": OrganisationChoice(),
    },
)


def test_every_number_has_its_kind_of_distribution() -> None:
    assert distributions(SPACE) == {
        "share_0": FloatDistribution(0.0, 1.0),
        "share_1": FloatDistribution(0.0, 1.0),
        "learning_rate_factor": FloatDistribution(0.5, 2.0, log=True),
        "weight_decay": FloatDistribution(0.0, 0.1),
        "batch": IntDistribution(2, 8, log=True),
        "organisation": CategoricalDistribution(("shuffled", "paired")),
    }


def test_what_is_suggested_is_a_point_of_the_space_and_has_the_suggested_numbers() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(20):
        trial = study.ask()
        point = suggest_point(trial, SPACE)
        assert sum(point.mixture.values()) == pytest.approx(1.0)
        back = typed(SPACE.parameters(point))
        assert back.pop("organisation") == trial.params["organisation"]
        assert back.pop("batch") == trial.params["batch"]
        assert back == pytest.approx({name: trial.params[name] for name in back})
