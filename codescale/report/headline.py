"""The study's result in one table: the numbers that both the page and the terminal show, computed once, here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.artifact import Interval
from codescale.comparison.result import (
    BaselineVerdict,
    ComparisonResult,
    ForetoldDifference,
    Harm,
    PairedDifference,
    SeedMean,
    Worth,
)
from codescale.report.artifacts import MIXTURES, Artifacts, MixtureName
from codescale.runs.units import LossUnit
from codescale.study.config import StudyConfig

SHORT: dict[MixtureName, str] = {
    "uniform": "uniform",
    "predicted_best": "predicted best",
    "measured_best": "measured best",
}
"""What a line of text calls each mixture."""


@dataclass(frozen=True)
class LanguageRow:
    """One language: training tokens that the target will have, its share and its test loss (nats per token) under each
    mixture.
    """

    language: str
    label: str
    tokens_available: int | None
    shares: Mapping[MixtureName, float]
    losses: Mapping[MixtureName, SeedMean]


@dataclass(frozen=True)
class StudyCost:
    """What the study cost. ``orchestration_share`` is of the wall time of all stages; None is not known."""

    runs: int | None
    tokens: float | None
    flops: float | None
    seconds: float | None
    orchestration_share: float | None


@dataclass(frozen=True)
class Headline:
    """The result: a row a language, the objective under each mixture, prediction beside measurement, and the cost.

    ``objectives`` are on the test split; ``predicted`` and ``measured_as_predicted`` are the predicted best mixture's
    objective as the law foresaw it, in ``predicted_unit``, and as it was measured on the same (validation) split, in
    nats per token like all that the study measured; ``foretold`` holds each
    mixture's difference from uniform likewise, which is what the law is held to. ``baselines``: the measured best
    against each, with the ``yardstick`` among them; ``worth``: in tokens, against the yardstick.
    """

    rows: tuple[LanguageRow, ...]
    objectives: Mapping[MixtureName, SeedMean]
    differences: Mapping[MixtureName, PairedDifference]
    predicted: Interval | None
    predicted_unit: LossUnit
    measured_as_predicted: SeedMean | None
    foretold: Mapping[MixtureName, ForetoldDifference]
    baselines: Mapping[str, BaselineVerdict]
    yardstick: str
    harm: Harm | None
    worth: Worth | None
    statement: str | None
    statement_at_scale: str | None
    beats_yardstick: bool | None
    seeds: int
    cost: StudyCost


def agreement(one: ForetoldDifference) -> str:
    """Whether a measured difference is the one that the law foretold, in words."""
    if one.inside is None:
        return "whether the law held cannot be told"
    return "inside what the law foretold" if one.inside else "outside what the law foretold"


def shown_languages(config: StudyConfig, artifacts: Artifacts) -> list[str]:
    """The study's languages in its order, then any other that an artifact speaks of."""
    names = dict.fromkeys(config.languages)
    if artifacts.manifest:
        names |= dict.fromkeys(artifacts.manifest.languages)
    if artifacts.comparison:
        names |= dict.fromkeys(
            language for mixture in artifacts.comparison.mixtures.values() for language in mixture.proportions
        )
    return list(names)


def shares(config: StudyConfig, artifacts: Artifacts) -> dict[MixtureName, dict[str, float]]:
    """The three mixtures as far as they are known: compared, else as the law and the search left them."""
    found: dict[MixtureName, dict[str, float]] = {"uniform": dict(config.uniform())}
    if artifacts.mixture is not None:
        found["predicted_best"] = artifacts.mixture.proportions
    if artifacts.search is not None and artifacts.search.best is not None:
        found["measured_best"] = artifacts.search.best.proportions
    if artifacts.comparison is not None:
        for name in MIXTURES:
            if name in artifacts.comparison.mixtures:
                found[name] = artifacts.comparison.mixtures[name].proportions
    return found


def study_cost(artifacts: Artifacts) -> StudyCost:
    """The study's cost: from the timings, and the number of runs from the runs table where there are no timings."""
    if artifacts.timings is None:
        runs = artifacts.runs
        return StudyCost(len(np.unique(runs.trunk.astype(str))) if runs else None, None, None, None, None)
    stages = list(artifacts.timings.stages.values())
    seconds = sum(stage.seconds for stage in stages)
    orchestration = [stage.orchestration_seconds for stage in stages if stage.orchestration_seconds is not None]
    return StudyCost(
        runs=sum(stage.runs or 0 for stage in stages),
        tokens=sum(stage.tokens or 0.0 for stage in stages),
        flops=sum(stage.flops or 0.0 for stage in stages),
        seconds=seconds,
        orchestration_share=sum(orchestration) / seconds if orchestration and seconds > 0 else None,
    )


def headline(config: StudyConfig, artifacts: Artifacts, labels: Mapping[str, str]) -> Headline:
    """The headline of a study; what no stage has written yet is None or left out."""
    mixtures = shares(config, artifacts)
    comparison = artifacts.comparison
    judged = {name: comparison.mixtures[name] for name in MIXTURES if name in comparison.mixtures} if comparison else {}
    rows = []
    for language in shown_languages(config, artifacts):
        corpus = artifacts.manifest.languages.get(language) if artifacts.manifest else None
        counted = corpus.tokens.get("training") if corpus else None
        rows.append(
            LanguageRow(
                language,
                labels[language],
                config.target.available.get(language, counted),
                {name: given.get(language, 0.0) for name, given in mixtures.items()},
                {
                    name: mixture.measured.losses[language]
                    for name, mixture in judged.items()
                    if language in mixture.measured.losses
                },
            )
        )
    predicted, unit, measured = None, LossUnit.NATS_PER_TOKEN, None
    best = judged.get("predicted_best")
    if best is not None:
        predicted = best.predicted.objective if best.predicted else None
        measured = best.validation.objective if best.validation else None
    elif artifacts.mixture is not None and artifacts.mixture.objective is not None:
        low, high = artifacts.mixture.interval or (None, None)
        predicted, unit = Interval(value=artifacts.mixture.objective, low=low, high=high), artifacts.mixture.loss_unit
    verdict = comparison.verdict if comparison else None
    larger = comparison.larger.verdict if comparison and comparison.larger else None
    return Headline(
        rows=tuple(rows),
        objectives={name: mixture.measured.objective for name, mixture in judged.items()},
        differences={
            name: comparison.differences[name].objective for name in MIXTURES if name in comparison.differences
        }
        if comparison
        else {},
        predicted=predicted,
        predicted_unit=unit,
        measured_as_predicted=measured,
        foretold={name: comparison.foretold[name] for name in MIXTURES if name in comparison.foretold}
        if comparison
        else {},
        baselines=comparison.baselines if comparison else {},
        yardstick=comparison.yardstick if comparison else "uniform",
        harm=comparison.harm if comparison else None,
        worth=_worth(comparison),
        statement=verdict.statement if verdict else None,
        statement_at_scale=larger.statement if larger else None,
        beats_yardstick=_beats_yardstick(comparison),
        seeds=len(comparison.seeds) if comparison else 0,
        cost=study_cost(artifacts),
    )


def _beats_yardstick(comparison: ComparisonResult | None) -> bool | None:
    """None where it cannot be told; files of earlier versions know uniform alone."""
    if comparison is None or comparison.verdict is None:
        return None
    own = comparison.baselines.get(comparison.yardstick)
    return comparison.verdict.beats_uniform if own is None else own.beats


def _worth(comparison: ComparisonResult | None) -> Worth | None:
    against = comparison.baselines.get(comparison.yardstick) if comparison else None
    return against.worth if against else None


def language_labels(config: StudyConfig, artifacts: Artifacts) -> dict[str, str]:
    """What a person reads for every name that any artifact may use: the registry's label, else the name itself."""
    registry = config.registry()
    names = dict.fromkeys(shown_languages(config, artifacts))
    if artifacts.scaling:
        names |= dict.fromkeys(artifacts.scaling.languages)
    if artifacts.synergy:
        names |= dict.fromkeys(artifacts.synergy.languages)
        names |= dict.fromkeys(artifacts.synergy.gain)
    return {name: registry[name].label if name in registry else name for name in names}
