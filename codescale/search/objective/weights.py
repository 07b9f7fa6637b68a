"""The one weighting of a search's question: its trials, its warm start and its proof are judged by the same losses.

A search space may bring an objective of its own, which then stands for ``target.weights`` of ``study.yaml`` wherever
the search's question is asked. ``codescale optimize`` asks another one: that of ``study.yaml``, or of its own options.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from codescale.search.objective.objective import Objective
from codescale.search.space.schema import ObjectiveSpec
from codescale.search.space.space import SearchSpace
from codescale.study.config import StudyConfig


def scalarized(aims: Sequence[ObjectiveSpec], direction: Sequence[float]) -> ObjectiveSpec:
    """The objectives weighed by ``direction``, each first divided by the sum of its losses' weights."""
    weights: dict[str, float] = {}
    metrics: dict[str, float] = {}
    for aim, part in zip(aims, direction, strict=True):
        scale = float(part) / (sum(aim.weights.values()) or 1.0)
        for total, own in ((weights, aim.weights), (metrics, aim.metrics)):
            for name, weight in own.items():
                total[name] = total.get(name, 0.0) + scale * weight
    kept = {name: weight for name, weight in weights.items() if weight}
    return ObjectiveSpec(
        name="+".join(aim.name for aim in aims), weights=kept, metrics={k: v for k, v in metrics.items() if v}
    )


def equally_weighted(space: SearchSpace) -> SearchSpace:
    """``space`` with its objectives, where there are several, weighed all alike as one."""
    count = len(space.aims)
    return space if count < 2 else replace(space, aims=(scalarized(space.aims, [1 / count] * count),))


def search_weights(config: StudyConfig, space: SearchSpace) -> dict[str, float]:
    """Weight of each language's loss in the search of ``space``: the space's own (of several objectives, all alike),
    else the study's. Also the study's where the space weighs metrics alone, of which no law can tell anything.
    """
    aims = equally_weighted(space).aims
    own = {name: weight for aim in aims for name, weight in aim.weights.items() if weight}
    return own or config.weights()


def objective_of(config: StudyConfig, space: SearchSpace) -> Objective:
    """What the search minimises: the space's own objective, else the study's weights."""
    assert len(space.aims) <= 1, "a Pareto front is searched part by part"
    tokens = config.search.tokens
    objective = Objective.aimed(space.aims[0], tokens) if space.aims else Objective.of(config.weights(), tokens)
    return objective.varying(space.hyperparameters)
